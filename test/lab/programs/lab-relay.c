// Carries frames between two interfaces; what goes from the first to the second is delayed, lost and slowed down.
// lab-relay FROM TO DELAY_US LOSS_PPM RATE_BPS (0: none)
// Frames keep their virtio header, so that large segments and unfinished checksums pass as they are.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_QUEUED (16u << 20) // bytes; like netem's limit, what comes on top is lost
#define BURST_NS 200000000ull   // how far a slow link may fall behind before it loses

struct frame {
  struct frame *next;
  uint64_t due;
  size_t size;
  char data[];
};

static char buffer[128 * 1024];
static struct frame *head, **tail = &head;
static size_t queued;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_on(const char *name) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, size = 8 << 20;
  if (fd < 0) fail("lab-relay: socket");
  if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on)) fail("lab-relay: PACKET_VNET_HDR");
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on)) fail("lab-relay: PACKET_IGNORE_OUTGOING");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  struct packet_mreq all = {.mr_ifindex = (int)if_nametoindex(name), .mr_type = PACKET_MR_PROMISC};
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all)) fail(name);
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = all.mr_ifindex};
  if (bind(fd, (void *)&address, sizeof address)) fail(name);
  return fd;
}

static void send_now(int fd, const char *data, size_t size) {
  // A link that is down or full loses frames; so does a real one.
  if (send(fd, data, size, MSG_DONTWAIT) < 0) return;
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  uint64_t delay = strtoull(argv[3], 0, 10) * 1000, loss = strtoull(argv[4], 0, 10), rate = strtoull(argv[5], 0, 10);
  uint64_t free_at = 0;
  struct pollfd fds[2] = {{open_on(argv[1]), POLLIN, 0}, {open_on(argv[2]), POLLIN, 0}};
  srandom((unsigned)(now() ^ (uint64_t)getpid()));
  puts("ready");
  fclose(stdout);
  for (;;) {
    uint64_t t = now();
    while (head && head->due <= t) {
      struct frame *frame = head;
      send_now(fds[1].fd, frame->data, frame->size);
      queued -= frame->size;
      if (!(head = frame->next)) tail = &head;
      free(frame);
    }
    struct timespec wait = {0};
    if (head) wait = (struct timespec){(time_t)((head->due - t) / 1000000000ull), (long)((head->due - t) % 1000000000ull)};
    if (ppoll(fds, 2, head ? &wait : 0, 0) < 0) continue;
    if ((fds[0].revents | fds[1].revents) & (POLLERR | POLLNVAL)) {
      int error = 0;
      socklen_t size = sizeof error;
      for (int i = 0; i < 2; i++) getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    ssize_t got;
    if ((fds[1].revents & POLLIN) && (got = recv(fds[1].fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
      send_now(fds[0].fd, buffer, (size_t)got);
    if (!(fds[0].revents & POLLIN) || (got = recv(fds[0].fd, buffer, sizeof buffer, MSG_DONTWAIT)) <= 0) continue;
    t = now();
    if ((uint64_t)(random() % 1000000) < loss || queued > MOST_QUEUED) continue;
    if (free_at < t) free_at = t;
    if (rate) {
      if (free_at - t > BURST_NS) continue;
      free_at += (uint64_t)got * 8000000000ull / rate;
    }
    struct frame *frame = malloc(sizeof *frame + (size_t)got);
    if (!frame) continue;
    frame->next = 0;
    frame->due = free_at + delay;
    frame->size = (size_t)got;
    memcpy(frame->data, buffer, (size_t)got);
    *tail = frame;
    tail = &frame->next;
    queued += frame->size;
  }
}
