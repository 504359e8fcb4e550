#include <endian.h>
#include <errno.h>
#include <string.h>

#include "sockaddr.h"

socklen_t tandem_to_sockaddr(const tandem_address *address, tandem_sockaddr *out) {
  memset(out, 0, sizeof *out);
  if (address->family == 4) {
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htobe16(address->port);
    out->v4.sin_addr.s_addr = htobe32((uint32_t)address->low);
    return sizeof out->v4;
  }
  uint64_t words[2] = {htobe64(address->high), htobe64(address->low)};
  out->v6.sin6_family = AF_INET6;
  out->v6.sin6_port = htobe16(address->port);
  out->v6.sin6_scope_id = address->scope;
  memcpy(&out->v6.sin6_addr, words, sizeof words);
  return sizeof out->v6;
}

void tandem_from_sockaddr(const tandem_sockaddr *in, tandem_address *out) {
  memset(out, 0, sizeof *out);
  if (in->any.sa_family == AF_INET) {
    out->family = 4;
    out->port = be16toh(in->v4.sin_port);
    out->low = be32toh(in->v4.sin_addr.s_addr);
  } else if (in->any.sa_family == AF_INET6) {
    uint64_t words[2];
    memcpy(words, &in->v6.sin6_addr, sizeof words);
    out->family = 6;
    out->port = be16toh(in->v6.sin6_port);
    out->scope = in->v6.sin6_scope_id;
    out->high = be64toh(words[0]);
    out->low = be64toh(words[1]);
  }
}

int tandem_bind(int fd, const tandem_address *address) {
  tandem_sockaddr name;
  socklen_t length = tandem_to_sockaddr(address, &name);
  return bind(fd, &name.any, length) == 0 ? 0 : -errno;
}

int tandem_connect(int fd, const tandem_address *address) {
  tandem_sockaddr name;
  socklen_t length = tandem_to_sockaddr(address, &name);
  return connect(fd, &name.any, length) == 0 ? 0 : -errno;
}

int tandem_accept(int fd, tandem_address *peer) {
  tandem_sockaddr name;
  socklen_t length = sizeof name;
  memset(&name, 0, sizeof name);
  int connection = accept4(fd, &name.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) return -errno;
  tandem_from_sockaddr(&name, peer);
  return connection;
}

int tandem_local_address(int fd, tandem_address *address) {
  tandem_sockaddr name;
  socklen_t length = sizeof name;
  memset(&name, 0, sizeof name);
  if (getsockname(fd, &name.any, &length) != 0) return -errno;
  tandem_from_sockaddr(&name, address);
  return 0;
}
