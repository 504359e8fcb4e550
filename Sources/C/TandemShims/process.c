#include <fcntl.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tandem_shims.h"

int tandem_random(void *bytes, size_t length) {
  ssize_t got = getrandom(bytes, length, 0);
  return got < 0 ? -errno : (int)got;
}

int tandem_set_thread_name(const char *name) {
  char shortened[16]; /* the kernel's bound, NUL included */
  strncpy(shortened, name, sizeof shortened - 1);
  shortened[sizeof shortened - 1] = 0;
  return -pthread_setname_np(pthread_self(), shortened);
}

static int unix_socket(const char *path, bool nonblocking, struct sockaddr_un *name) {
  memset(name, 0, sizeof *name);
  name->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof name->sun_path) return -ENAMETOOLONG;
  strcpy(name->sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
  return fd < 0 ? -errno : fd;
}

int tandem_unix_listen(const char *path, int backlog) {
  struct sockaddr_un name;
  int fd = unix_socket(path, true, &name);
  if (fd < 0) return fd;
  if (bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, backlog) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

int tandem_unix_connect(const char *path, bool nonblocking) {
  struct sockaddr_un name;
  int fd = unix_socket(path, nonblocking, &name);
  if (fd < 0) return fd;
  if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

int tandem_peer_credentials(int fd, tandem_credentials *out) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -errno;
  out->pid = credentials.pid;
  out->uid = credentials.uid;
  out->gid = credentials.gid;
  return 0;
}

int tandem_peer_groups(int fd, uint32_t *groups, int capacity) {
  socklen_t length = (socklen_t)(sizeof(gid_t) * (size_t)capacity);
  _Static_assert(sizeof(gid_t) == sizeof(uint32_t), "groups are written in place");
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) return errno == ERANGE ? 0 : -errno;
  return (int)(length / sizeof(gid_t));
}

int tandem_group_named(const char *name, uint32_t *gid) {
  for (size_t size = 1024; size <= 1 << 20; size *= 4) {
    struct group entry, *found = NULL;
    char *text = malloc(size);
    if (!text) return -ENOMEM;
    int error = getgrnam_r(name, &entry, text, size, &found);
    if (found) *gid = found->gr_gid;
    free(text);
    if (error == ERANGE) continue;
    return found ? 1 : 0;
  }
  return 0;
}

int tandem_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }
