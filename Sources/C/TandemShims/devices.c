/* Devices and addresses through libnl-route: its objects stay here, Swift sees plain structs. */
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "sockaddr.h"

static void add_device(struct nl_object *object, void *argument) {
  tandem_devices *all = argument;
  struct rtnl_link *link = (struct rtnl_link *)object;
  tandem_device *device = &all->devices[all->device_count++];
  memset(device, 0, sizeof *device);
  device->index = (uint32_t)rtnl_link_get_ifindex(link);
  device->mtu = rtnl_link_get_mtu(link);
  device->up = (rtnl_link_get_flags(link) & IFF_UP) != 0;
  device->carrier = rtnl_link_get_carrier(link) != 0;
  const char *name = rtnl_link_get_name(link);
  if (name) strncpy(device->name, name, sizeof device->name - 1);
  struct nl_addr *mac = rtnl_link_get_addr(link);
  if (mac && nl_addr_get_len(mac) == sizeof device->mac && rtnl_link_get_arptype(link) == ARPHRD_ETHER) {
    memcpy(device->mac, nl_addr_get_binary_addr(mac), sizeof device->mac);
    device->has_mac = true;
  }
}

static void add_address(struct nl_object *object, void *argument) {
  tandem_devices *all = argument;
  struct rtnl_addr *entry = (struct rtnl_addr *)object;
  struct nl_addr *local = rtnl_addr_get_local(entry);
  tandem_sockaddr name;
  socklen_t length = sizeof name;
  memset(&name, 0, sizeof name);
  if (!local || nl_addr_fill_sockaddr(local, &name.any, &length) < 0) return;
  tandem_device_address *address = &all->addresses[all->address_count];
  memset(address, 0, sizeof *address);
  tandem_from_sockaddr(&name, &address->address);
  if (address->address.family == 0) return;
  address->index = (uint32_t)rtnl_addr_get_ifindex(entry);
  address->prefix_length = (uint8_t)rtnl_addr_get_prefixlen(entry);
  address->tentative = (rtnl_addr_get_flags(entry) & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0;
  all->address_count++;
}

int tandem_devices_read(tandem_devices *out) {
  struct nl_sock *sock;
  struct nl_cache *links = NULL, *addresses = NULL;
  memset(out, 0, sizeof *out);
  int error = tandem_route_socket(&sock);
  if (error < 0) return error;
  if ((error = tandem_nl_errno(rtnl_link_alloc_cache(sock, AF_UNSPEC, &links))) == 0 &&
      (error = tandem_nl_errno(rtnl_addr_alloc_cache(sock, &addresses))) == 0) {
    out->devices = calloc((size_t)nl_cache_nitems(links) + 1, sizeof *out->devices);
    out->addresses = calloc((size_t)nl_cache_nitems(addresses) + 1, sizeof *out->addresses);
    if (out->devices && out->addresses) {
      nl_cache_foreach(links, add_device, out);
      nl_cache_foreach(addresses, add_address, out);
    } else {
      tandem_devices_free(out);
      error = -ENOMEM;
    }
  }
  if (links) nl_cache_free(links);
  if (addresses) nl_cache_free(addresses);
  nl_socket_free(sock);
  return error;
}

void tandem_devices_free(tandem_devices *devices) {
  free(devices->devices);
  free(devices->addresses);
  memset(devices, 0, sizeof *devices);
}

int tandem_devices_watch(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
  if (bind(fd, (struct sockaddr *)&name, sizeof name) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

int tandem_devices_drain(int fd) {
  uint8_t bytes[8192];
  int changed = 0;
  for (;;) {
    if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS) {
      changed = 1; /* ENOBUFS: notices were lost, which says just as well that something changed */
    } else if (errno != EINTR) {
      return errno == EAGAIN ? changed : -errno;
    }
  }
}

int tandem_device_switch(uint32_t index, bool up) {
  struct nl_sock *sock;
  int error = tandem_route_socket(&sock);
  if (error < 0) return error;
  struct rtnl_link *now = rtnl_link_alloc(), *wanted = rtnl_link_alloc();
  if (now && wanted) {
    rtnl_link_set_ifindex(now, (int)index);
    if (up) rtnl_link_set_flags(wanted, IFF_UP);
    else rtnl_link_unset_flags(wanted, IFF_UP);
    error = tandem_nl_errno(rtnl_link_change(sock, now, wanted, 0));
  } else {
    error = -ENOMEM;
  }
  if (now) rtnl_link_put(now);
  if (wanted) rtnl_link_put(wanted);
  nl_socket_free(sock);
  return error;
}

static int change_address(uint32_t index, const tandem_address *address, int prefix_length,
                          int (*change)(struct nl_sock *, struct rtnl_addr *, int)) {
  struct nl_sock *sock;
  int error = tandem_route_socket(&sock);
  if (error < 0) return error;
  struct nl_addr *local = tandem_nl_address(address, prefix_length);
  struct rtnl_addr *entry = rtnl_addr_alloc();
  if (local && entry) {
    rtnl_addr_set_ifindex(entry, (int)index);
    /* A listener is bound to it in the same moment: no wait for duplicate address detection. */
    if (address->family == 6) rtnl_addr_set_flags(entry, IFA_F_NODAD);
    error = tandem_nl_errno(rtnl_addr_set_local(entry, local));
    if (error == 0) error = tandem_nl_errno(change(sock, entry, 0));
  } else {
    error = -ENOMEM;
  }
  if (local) nl_addr_put(local);
  if (entry) rtnl_addr_put(entry);
  nl_socket_free(sock);
  return error;
}

int tandem_device_add_address(uint32_t index, const tandem_address *address, int prefix_length) {
  return change_address(index, address, prefix_length, rtnl_addr_add);
}

int tandem_device_remove_address(uint32_t index, const tandem_address *address, int prefix_length) {
  return change_address(index, address, prefix_length, rtnl_addr_delete);
}
