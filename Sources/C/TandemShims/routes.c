/* Source routing through libnl-route: a table for each interface with a gateway, and the rules that send its addresses there. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <string.h>

#include "netlink.h"

/* Marks what is ours in `ip route` and `ip rule` ("proto 84"): a number the kernel and the known routing daemons leave free. */
enum { TANDEM_PROTOCOL = 84, TANDEM_PRIORITY = 5060 };

static struct rtnl_route *route_from(const tandem_source_route *wanted) {
  struct rtnl_route *route = rtnl_route_alloc();
  struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
  struct nl_addr *destination = tandem_nl_address(&wanted->destination, wanted->prefix_length);
  struct nl_addr *gateway = wanted->has_gateway ? tandem_nl_address(&wanted->gateway, wanted->gateway.family == 4 ? 32 : 128) : NULL;
  int usable = route && hop && destination && (gateway || !wanted->has_gateway);
  if (usable) {
    rtnl_route_set_family(route, wanted->destination.family == 4 ? AF_INET : AF_INET6);
    rtnl_route_set_table(route, wanted->table);
    rtnl_route_set_protocol(route, TANDEM_PROTOCOL);
    rtnl_route_set_scope(route, gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
    usable = rtnl_route_set_dst(route, destination) == 0;
    rtnl_route_nh_set_ifindex(hop, (int)wanted->device);
    if (gateway) {
      rtnl_route_nh_set_gateway(hop, gateway);
      rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK); /* also one outside of the interface's own network */
    }
    rtnl_route_add_nexthop(route, hop);
    hop = NULL; /* the route's now */
  }
  if (gateway) nl_addr_put(gateway);
  if (destination) nl_addr_put(destination);
  if (hop) rtnl_route_nh_free(hop);
  if (usable) return route;
  if (route) rtnl_route_put(route);
  return NULL;
}

int tandem_source_route_change(const tandem_source_route *wanted, bool add) {
  struct nl_sock *sock;
  int error = tandem_route_socket(&sock);
  if (error < 0) return error;
  struct rtnl_route *route = route_from(wanted);
  if (!route) error = -ENOMEM;
  else error = tandem_nl_errno(add ? rtnl_route_add(sock, route, NLM_F_CREATE | NLM_F_REPLACE) : rtnl_route_delete(sock, route, 0));
  if (route) rtnl_route_put(route);
  nl_socket_free(sock);
  return error;
}

int tandem_source_rule_change(const tandem_address *source, uint32_t table, bool add) {
  struct nl_sock *sock;
  int error = tandem_route_socket(&sock);
  if (error < 0) return error;
  struct rtnl_rule *rule = rtnl_rule_alloc();
  struct nl_addr *from = tandem_nl_address(source, source->family == 4 ? 32 : 128);
  if (rule && from) {
    rtnl_rule_set_family(rule, source->family == 4 ? AF_INET : AF_INET6);
    rtnl_rule_set_prio(rule, TANDEM_PRIORITY);
    rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
    rtnl_rule_set_protocol(rule, TANDEM_PROTOCOL);
    rtnl_rule_set_table(rule, table);
    error = tandem_nl_errno(rtnl_rule_set_src(rule, from));
    if (error == 0) error = tandem_nl_errno(add ? rtnl_rule_add(sock, rule, NLM_F_CREATE | NLM_F_EXCL) : rtnl_rule_delete(sock, rule, 0));
  } else {
    error = -ENOMEM;
  }
  if (from) nl_addr_put(from);
  if (rule) rtnl_rule_put(rule);
  nl_socket_free(sock);
  return error;
}
