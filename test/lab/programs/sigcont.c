/* Catches SIGCONT and counts: answers each TCP connection on port 8000 with how many it has seen. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static void on_continue(int signal) { (void)signal; seen++; }

int main(void) {
  struct sigaction action = {.sa_handler = on_continue, .sa_flags = SA_RESTART};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8000)};
  int server = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  sigaction(SIGCONT, &action, 0);
  signal(SIGPIPE, SIG_IGN);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(server, (void *)&address, sizeof address) || listen(server, 16)) return 1;
  for (;;) {
    int peer = accept(server, 0, 0);
    if (peer < 0) continue;
    dprintf(peer, "%d\n", (int)seen);
    close(peer);
  }
}
