/* What devices.c and routes.c need of libnl. */
#include <errno.h>
#include <netlink/addr.h>
#include <netlink/netlink.h>

#include "netlink.h"
#include "sockaddr.h"

/* libnl's errors are its own numbers. */
int tandem_nl_errno(int nl_error) {
  switch (nl_error < 0 ? -nl_error : nl_error) {
    case 0: return 0;
    case NLE_PERM: case NLE_NOACCESS: return -EPERM;
    case NLE_EXIST: return -EEXIST;
    case NLE_NODEV: case NLE_OBJ_NOTFOUND: return -ENODEV;
    case NLE_NOMEM: return -ENOMEM;
    case NLE_NOADDR: return -EADDRNOTAVAIL;
    case NLE_AGAIN: return -EAGAIN;
    case NLE_BUSY: return -EBUSY;
    case NLE_RANGE: return -ERANGE;
    case NLE_INVAL: return -EINVAL;
    case NLE_OPNOTSUPP: case NLE_PROTO_MISMATCH: return -EOPNOTSUPP;
    default: return -EIO;
  }
}

int tandem_route_socket(struct nl_sock **out) {
  struct nl_sock *sock = nl_socket_alloc();
  if (!sock) return -ENOMEM;
  int error = nl_connect(sock, NETLINK_ROUTE);
  if (error < 0) {
    nl_socket_free(sock);
    return tandem_nl_errno(error);
  }
  *out = sock;
  return 0;
}

struct nl_addr *tandem_nl_address(const tandem_address *address, int prefix_length) {
  tandem_sockaddr name;
  tandem_to_sockaddr(address, &name);
  struct nl_addr *built = address->family == 4 ? nl_addr_build(AF_INET, &name.v4.sin_addr, sizeof name.v4.sin_addr)
                                               : nl_addr_build(AF_INET6, &name.v6.sin6_addr, sizeof name.v6.sin6_addr);
  if (built) nl_addr_set_prefixlen(built, prefix_length);
  return built;
}
