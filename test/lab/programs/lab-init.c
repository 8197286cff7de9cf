// Pid 1 of a namespace host: reaps what is left to it. CRIU leaves tasks to it, and a zombie keeps a pid that a restore needs.
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigprocmask(SIG_BLOCK, &wanted, 0);
  FILE *ready = fopen("/run/lab-ready", "w");
  if (!ready || fclose(ready)) return 1;
  for (;;) {
    int signal;
    if (sigwait(&wanted, &signal) == 0 && signal == SIGTERM) {
      kill(-1, SIGTERM);
      sleep(2);
      return 0;
    }
    while (waitpid(-1, 0, WNOHANG) > 0)
      ;
  }
}
