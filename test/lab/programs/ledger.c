/* A server whose state shows every gap and every repeat: an append-only log of numbers, in memory and on disk, behind TCP port 8000.
   "N" appends N to both and is answered with "N COUNT HASH", "state" with "state COUNT HASH BEAT-ADDRESS SIGCONTS", "check" with
   "check COUNT HASH DISK-COUNT DISK-HASH" worked out anew; "catch" and "ignore" say whether SIGCONT is caught. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PEERS 16
#define REQUEST 4096
#define BEAT_MS 10

/* When the program last ran, nanoseconds of CLOCK_REALTIME: whoever reads it from outside sees which copy runs. */
static volatile uint64_t beat;
static volatile sig_atomic_t continued;
static unsigned long *entries;
static size_t count, room;
static uint32_t running = 2166136261u;
static int disk;

static void on_continue(int signal) { (void)signal; continued++; }

static uint32_t mix(uint32_t hash, unsigned long number) { return (hash ^ (uint32_t)number) * 16777619u; }

static void remember(unsigned long number) {
  if (count == room) {
    room = room ? room * 2 : 4096;
    entries = realloc(entries, room * sizeof *entries);
    if (!entries) exit(1);
  }
  entries[count++] = number;
  running = mix(running, number);
}

static void pulse(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  beat = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* A full disk is waited for: nothing is answered that is not on it. */
static void write_down(unsigned long number) {
  char line[32];
  int size = snprintf(line, sizeof line, "%lu\n", number);
  off_t end = lseek(disk, 0, SEEK_END);
  while (write(disk, line, size) != size) {
    struct timespec pause = {0, BEAT_MS * 1000000};
    if (ftruncate(disk, end)) exit(1);
    nanosleep(&pause, 0);
    pulse();
  }
}

/* Reads the log on disk from its beginning; `keep` puts it into memory too. */
static void read_disk(int keep, size_t *found, uint32_t *hash) {
  FILE *file = fopen("/ledger.log", "r");
  unsigned long number;
  *found = 0;
  *hash = 2166136261u;
  if (!file) return;
  while (fscanf(file, "%lu", &number) == 1) {
    ++*found;
    *hash = mix(*hash, number);
    if (keep) remember(number);
  }
  fclose(file);
}

static int reply(const char *request, char *response, size_t size) {
  char *end;
  unsigned long number = strtoul(request, &end, 10);
  if (end != request) {
    write_down(number);
    remember(number);
    return snprintf(response, size, "%lu %zu %u\n", number, count, running);
  }
  if (!strcmp(request, "state")) return snprintf(response, size, "state %zu %u %zu %d\n", count, running, (size_t)&beat, (int)continued);
  if (!strcmp(request, "check")) {
    size_t found;
    uint32_t hash = 2166136261u, disk_hash;
    for (size_t i = 0; i < count; i++) hash = mix(hash, entries[i]);
    read_disk(0, &found, &disk_hash);
    return snprintf(response, size, "check %zu %u %zu %u\n", count, hash, found, disk_hash);
  }
  struct sigaction action = {.sa_handler = strcmp(request, "catch") ? SIG_DFL : on_continue, .sa_flags = SA_RESTART};
  sigaction(SIGCONT, &action, 0);
  return snprintf(response, size, "%s\n", request);
}

static struct pollfd fds[PEERS + 1];
static char requests[PEERS + 1][REQUEST];
static size_t lengths[PEERS + 1];

/* Answers every whole line in the buffer; 0 when the peer is to be dropped. */
static int answer(int i) {
  for (char *end; (end = memchr(requests[i], '\n', lengths[i]));) {
    char response[160];
    *end = 0;
    int size = reply(requests[i], response, sizeof response);
    if (write(fds[i].fd, response, size) != size) return 0;
    lengths[i] -= ++end - requests[i];
    memmove(requests[i], end, lengths[i]);
  }
  return lengths[i] < REQUEST;
}

/* ledger [MEGABYTES]: so much memory that no two pages are the same in. */
int main(int argc, char **argv) {
  size_t size = argc > 1 ? strtoul(argv[1], 0, 10) << 20 : 0;
  unsigned long *memory = malloc(size + 1), seed = 88172645463325252ul;
  if (!memory) return 1;
  for (size_t i = 0; i < size / sizeof *memory; i++) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    memory[i] = seed;
  }
  size_t found;
  uint32_t hash;
  read_disk(1, &found, &hash);
  disk = open("/ledger.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
  int server = socket(AF_INET, SOCK_STREAM, 0), one = 1, peers = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8000)};
  signal(SIGPIPE, SIG_IGN);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (disk < 0 || bind(server, (void *)&address, sizeof address) || listen(server, PEERS)) return 1;
  fds[0] = (struct pollfd){server, POLLIN, 0};
  for (;;) {
    pulse();
    if (poll(fds, peers, BEAT_MS) <= 0) continue;
    for (int i = peers - 1; i > 0; i--) {
      if (!fds[i].revents) continue;
      ssize_t got = read(fds[i].fd, requests[i] + lengths[i], REQUEST - lengths[i]);
      if (got > 0) lengths[i] += got;
      if (got > 0 && answer(i)) continue;
      close(fds[i].fd);
      fds[i] = fds[--peers];
      lengths[i] = lengths[peers];
      memcpy(requests[i], requests[peers], lengths[i]);
    }
    if (fds[0].revents && peers <= PEERS) {
      fds[peers] = (struct pollfd){accept(server, 0, 0), POLLIN, 0};
      lengths[peers] = 0;
      if (fds[peers].fd >= 0) peers++;
    }
  }
}
