#pragma once
#include <netlink/netlink.h>

#include "tandem_shims.h"

/* A negated errno of a libnl error; libnl's own numbers are not errnos. */
int tandem_nl_errno(int nl_error);
/* A connected route netlink socket, to be freed with nl_socket_free. */
int tandem_route_socket(struct nl_sock **out);
/* To be put back with nl_addr_put; NULL without memory. */
struct nl_addr *tandem_nl_address(const tandem_address *address, int prefix_length);
