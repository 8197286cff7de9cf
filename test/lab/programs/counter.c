/* The container's program: a TCP server that holds a counter in memory and answers every request with the next number.
   A line is answered with "N\n"; an HTTP request (it begins with "GET ") with a keep-alive response whose body is "N\n". */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS 64
#define REQUEST 4096

static struct pollfd fds[PEERS + 1];
static char requests[PEERS + 1][REQUEST];
static size_t lengths[PEERS + 1];
static unsigned long counter;

static void drop(int i, int *count) {
  close(fds[i].fd);
  --*count;
  fds[i] = fds[*count];
  lengths[i] = lengths[*count];
  memcpy(requests[i], requests[*count], lengths[i]);
}

/* Answers every whole request in the buffer; 0 when the peer is to be dropped. */
static int answer(int i) {
  for (;;) {
    char *request = requests[i], *end;
    int http = lengths[i] >= 4 && memcmp(request, "GET ", 4) == 0;
    requests[i][lengths[i]] = 0;
    end = strstr(request, http ? "\r\n\r\n" : "\n");
    if (!end) return lengths[i] < REQUEST - 1;
    end += http ? 4 : 1;
    char body[32], response[160];
    int size = snprintf(body, sizeof body, "%lu\n", ++counter);
    int length = http ? snprintf(response, sizeof response,
                                 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
                                 "Connection: keep-alive\r\n\r\n%s", size, body)
                      : snprintf(response, sizeof response, "%s", body);
    if (write(fds[i].fd, response, length) != length) return 0;
    lengths[i] -= end - request;
    memmove(request, end, lengths[i]);
  }
}

/* counter [MEGABYTES]: so much memory that no two pages are the same in. */
int main(int argc, char **argv) {
  if (argc > 1) {
    size_t size = strtoul(argv[1], 0, 10) << 20;
    unsigned long *memory = malloc(size), seed = 88172645463325252ul;
    if (!memory) return 1;
    for (size_t i = 0; i < size / sizeof *memory; i++) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      memory[i] = seed;
    }
  }
  int server = socket(AF_INET, SOCK_STREAM, 0), one = 1, count = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8000)};
  signal(SIGPIPE, SIG_IGN);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(server, (void *)&address, sizeof address) || listen(server, 128)) return 1;
  fds[0] = (struct pollfd){server, POLLIN, 0};
  for (;;) {
    if (poll(fds, count, -1) < 0) continue;
    for (int i = count - 1; i > 0; i--) {
      if (!fds[i].revents) continue;
      ssize_t got = read(fds[i].fd, requests[i] + lengths[i], REQUEST - 1 - lengths[i]);
      if (got > 0) lengths[i] += got;
      if (got <= 0 || !answer(i)) drop(i, &count);
    }
    if (fds[0].revents && count <= PEERS) {
      fds[count] = (struct pollfd){accept(server, 0, 0), POLLIN, 0};
      lengths[count] = 0;
      if (fds[count].fd >= 0) count++;
    }
  }
}
