/* Holds an io_uring, which CRIU can't dump. */
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  struct io_uring_params params = {0};
  if (syscall(SYS_io_uring_setup, 4, &params) < 0) return 1;
  for (;;) pause();
}
