#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include "tandem_shims.h"

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} tandem_sockaddr;

/* The length of the sockaddr written. */
socklen_t tandem_to_sockaddr(const tandem_address *address, tandem_sockaddr *out);
void tandem_from_sockaddr(const tandem_sockaddr *in, tandem_address *out);
