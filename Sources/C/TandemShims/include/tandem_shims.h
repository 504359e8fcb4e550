/* Thin functions over what Swift can not import: _GNU_SOURCE system calls, sockaddr unions, libnl objects.
 *
 * Every function returns 0 or a count, or a negative errno; none prints, none keeps global state. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- addresses (address.c) ---- */

/* The plain form of a sockaddr: family 4 or 6 (0 = none), address and port in host order. `scope` is the device of an IPv6 link-local address. */
typedef struct tandem_address {
  uint64_t high, low;
  uint32_t scope;
  uint16_t port;
  uint8_t family;
} tandem_address;

int tandem_bind(int fd, const tandem_address *address);
int tandem_connect(int fd, const tandem_address *address);
/* The new descriptor (non-blocking, close-on-exec). */
int tandem_accept(int fd, tandem_address *peer);
int tandem_local_address(int fd, tandem_address *address);

/* ---- datagrams (datagram.c) ---- */

/* The most datagrams one call takes or gives. */
enum { TANDEM_BATCH = 64 };

typedef struct tandem_received {
  uint32_t length;
  bool truncated;
  tandem_address source;
} tandem_received;

/* A receive pool: TANDEM_BATCH slots of `slot_bytes`; memory is touched only as datagrams need it. */
typedef struct tandem_pool tandem_pool;
tandem_pool *tandem_pool_create(size_t slot_bytes);
void tandem_pool_free(tandem_pool *pool);
const uint8_t *tandem_pool_slot(const tandem_pool *pool, int index);
/* Fills the pool from the first slot on; `out` has room for TANDEM_BATCH. */
int tandem_pool_receive(tandem_pool *pool, int fd, int limit, tandem_received *out);

typedef struct tandem_outgoing {
  uint32_t offset, length;
  tandem_address remote;
} tandem_outgoing;

/* Sends up to TANDEM_BATCH datagrams that lie in `storage`; how many went. */
int tandem_send_batch(int fd, const uint8_t *storage, const tandem_outgoing *entries, int count);
int tandem_send_one(int fd, const void *bytes, size_t length, const tandem_address *remote);

/* Takes one entry off the socket's error queue. 1 = `remote` was reported unreachable (ICMP destination unreachable or parameter problem),
 * 2 = an entry without meaning for us, 0 = the queue is empty. */
int tandem_next_socket_error(int fd, tandem_address *remote);

/* ---- waiting (wait.c) ---- */

typedef struct tandem_ready {
  uint64_t key;
  bool readable, writable, failed;
} tandem_ready;

int tandem_poll_create(void);
/* operation: 1 add, 2 remove, 3 change. */
int tandem_poll_control(int poll, int operation, int fd, bool readable, bool writable, uint64_t key);
/* `timeout_ns` < 0 waits for ever. */
int tandem_poll_wait(int poll, tandem_ready *out, int capacity, int64_t timeout_ns);
int tandem_event_create(void);
int tandem_event_signal(int fd);
int tandem_event_clear(int fd);
/* Blocks the signals in the calling thread and returns a signalfd. */
int tandem_signal_create(const int *signals, int count);
/* The next signal's number, or 0. */
int tandem_signal_next(int fd);

/* ---- processes (process.c) ---- */

int tandem_random(void *bytes, size_t length);
int tandem_set_thread_name(const char *name);
int tandem_unix_listen(const char *path, int backlog);
int tandem_unix_connect(const char *path, bool nonblocking);
typedef struct tandem_credentials {
  int32_t pid;
  uint32_t uid, gid;
} tandem_credentials;
int tandem_peer_credentials(int fd, tandem_credentials *out);
/* The peer's supplementary groups; how many there are (never more than `capacity` are written). */
int tandem_peer_groups(int fd, uint32_t *groups, int capacity);
/* 1 and `gid`, or 0 when there is no such group. */
int tandem_group_named(const char *name, uint32_t *gid);

/* ---- network devices (devices.c) ---- */

typedef struct tandem_device {
  uint32_t index, mtu;
  bool up, carrier, has_mac;
  uint8_t mac[6];
  char name[16];
} tandem_device;

typedef struct tandem_device_address {
  uint32_t index;
  uint8_t prefix_length;
  /* IPv6: duplicate address detection has not finished, or found a duplicate; it can not be bound. */
  bool tentative;
  tandem_address address;
} tandem_device_address;

typedef struct tandem_devices {
  tandem_device *devices;
  tandem_device_address *addresses;
  int device_count, address_count;
} tandem_devices;

/* A snapshot of all devices and addresses, in the kernel's order; free it with tandem_devices_free. */
int tandem_devices_read(tandem_devices *out);
void tandem_devices_free(tandem_devices *devices);
/* Non-blocking socket in the link and address groups. */
int tandem_devices_watch(void);
/* 1 when something changed since the last call. */
int tandem_devices_drain(int fd);
int tandem_device_switch(uint32_t index, bool up);
int tandem_device_add_address(uint32_t index, const tandem_address *address, int prefix_length);
int tandem_device_remove_address(uint32_t index, const tandem_address *address, int prefix_length);

/* ---- source routing (routes.c) ---- */

typedef struct tandem_source_route {
  uint32_t table, device;
  tandem_address destination, gateway;
  uint8_t prefix_length;
  /* False: the destination is on the link. */
  bool has_gateway;
} tandem_source_route;

/* Adds the route (over one to the same destination in that table) or removes it. */
int tandem_source_route_change(const tandem_source_route *wanted, bool add);
/* What is sent from this address looks into that table first. */
int tandem_source_rule_change(const tandem_address *source, uint32_t table, bool add);

/* ---- children (process.c) ---- */

/* A pipe whose ends do not leak into other children (O_CLOEXEC). */
int tandem_pipe(int ends[2]);

/* ---- names (resolver.c) ----
   c-ares; its header brings the system's own types along, which Swift would then see twice. */

/* What a socket of the resolver wants to hear of; neither = it is about to be closed. */
typedef void (*tandem_resolver_socket)(void *context, int fd, int readable, int writable);
/* A DNS message, or none and why; once for each question. `error` may be set beside a message. */
typedef void (*tandem_resolver_answer)(void *context, const char *error, const uint8_t *bytes, int count);

/* Once in the life of the process. */
int tandem_resolver_prepare(void);
/* `servers`: ADDRESS:PORT separated by commas, NULL = those of the file `settings`. NULL when it can not be opened. */
void *tandem_resolver_open(const char *servers, const char *settings, int patience_ms, int tries, tandem_resolver_socket socket, void *context);
/* Answers what is open with an error. */
void tandem_resolver_close(void *resolver);
/* False: no memory, and there will be no answer. It may come before this returns. */
bool tandem_resolver_ask(void *resolver, const char *name, int type, tandem_resolver_answer answer, void *context);
/* A descriptor that is ready, or -1; always looks at the timeouts. */
void tandem_resolver_process(void *resolver, int readable, int writable);
/* Nanoseconds until the next timeout, -1 = none. */
int64_t tandem_resolver_timeout(void *resolver);
/* Addresses of a name in /etc/hosts, one after the other; how many. */
int tandem_resolver_in_hosts(void *resolver, const char *name, int family, uint8_t *out, int capacity);
