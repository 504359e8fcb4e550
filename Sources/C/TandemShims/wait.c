#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tandem_shims.h"

int tandem_poll_create(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int tandem_poll_control(int poll, int operation, int fd, bool readable, bool writable, uint64_t key) {
  struct epoll_event event = {.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u), .data = {.u64 = key}};
  int what = operation == 1 ? EPOLL_CTL_ADD : operation == 2 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  return epoll_ctl(poll, what, fd, &event) == 0 ? 0 : -errno;
}

int tandem_poll_wait(int poll, tandem_ready *out, int capacity, int64_t timeout_ns) {
  struct epoll_event events[64];
  if (capacity > 64) capacity = 64;
  /* Rounded up: waking before the deadline would spin. */
  int64_t milliseconds = timeout_ns < 0 ? -1 : timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  if (milliseconds > 3600000) milliseconds = 3600000;
  int count = epoll_wait(poll, events, capacity, (int)milliseconds);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) {
    out[i].key = events[i].data.u64;
    out[i].readable = (events[i].events & EPOLLIN) != 0;
    out[i].writable = (events[i].events & EPOLLOUT) != 0;
    out[i].failed = (events[i].events & (EPOLLERR | EPOLLHUP)) != 0;
  }
  return count;
}

int tandem_event_create(void) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int tandem_event_signal(int fd) {
  uint64_t one = 1;
  /* EAGAIN: the counter is full, so it is signalled already. */
  return write(fd, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int tandem_event_clear(int fd) {
  uint64_t count;
  return read(fd, &count, sizeof count) < 0 && errno != EAGAIN ? -errno : 0;
}

int tandem_signal_create(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error != 0) return -error;
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int tandem_signal_next(int fd) {
  struct signalfd_siginfo info;
  ssize_t size = read(fd, &info, sizeof info);
  if (size < 0) return errno == EAGAIN ? 0 : -errno;
  return size == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
