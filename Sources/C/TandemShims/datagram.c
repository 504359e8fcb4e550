#include <errno.h>
#include <time.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "sockaddr.h"

struct tandem_pool {
  size_t slot_bytes;
  struct mmsghdr headers[TANDEM_BATCH];
  struct iovec slots[TANDEM_BATCH];
  tandem_sockaddr names[TANDEM_BATCH];
  uint8_t *bytes;
};

tandem_pool *tandem_pool_create(size_t slot_bytes) {
  tandem_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->slot_bytes = slot_bytes;
  pool->bytes = malloc(slot_bytes * TANDEM_BATCH);
  if (!pool->bytes) {
    free(pool);
    return NULL;
  }
  for (int i = 0; i < TANDEM_BATCH; i++) {
    pool->slots[i] = (struct iovec){.iov_base = pool->bytes + slot_bytes * (size_t)i, .iov_len = slot_bytes};
    pool->headers[i].msg_hdr.msg_iov = &pool->slots[i];
    pool->headers[i].msg_hdr.msg_iovlen = 1;
    pool->headers[i].msg_hdr.msg_name = &pool->names[i];
  }
  return pool;
}

void tandem_pool_free(tandem_pool *pool) {
  if (!pool) return;
  free(pool->bytes);
  free(pool);
}

const uint8_t *tandem_pool_slot(const tandem_pool *pool, int index) { return pool->slots[index].iov_base; }

int tandem_pool_receive(tandem_pool *pool, int fd, int limit, tandem_received *out) {
  if (limit > TANDEM_BATCH) limit = TANDEM_BATCH;
  for (int i = 0; i < limit; i++) {
    pool->headers[i].msg_hdr.msg_namelen = sizeof pool->names[i];
    pool->headers[i].msg_hdr.msg_flags = 0;
  }
  int count = recvmmsg(fd, pool->headers, (unsigned)limit, MSG_DONTWAIT, NULL);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) {
    out[i].length = pool->headers[i].msg_len;
    out[i].truncated = (pool->headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    tandem_from_sockaddr(&pool->names[i], &out[i].source);
  }
  return count;
}

int tandem_send_batch(int fd, const uint8_t *storage, const tandem_outgoing *entries, int count) {
  struct mmsghdr headers[TANDEM_BATCH];
  struct iovec parts[TANDEM_BATCH];
  tandem_sockaddr names[TANDEM_BATCH];
  if (count > TANDEM_BATCH) count = TANDEM_BATCH;
  memset(headers, 0, sizeof headers[0] * (size_t)count);
  for (int i = 0; i < count; i++) {
    parts[i] = (struct iovec){.iov_base = (void *)(storage + entries[i].offset), .iov_len = entries[i].length};
    headers[i].msg_hdr.msg_iov = &parts[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    headers[i].msg_hdr.msg_name = &names[i];
    headers[i].msg_hdr.msg_namelen = tandem_to_sockaddr(&entries[i].remote, &names[i]);
  }
  int sent = sendmmsg(fd, headers, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

int tandem_send_one(int fd, const void *bytes, size_t length, const tandem_address *remote) {
  tandem_sockaddr name;
  socklen_t size = tandem_to_sockaddr(remote, &name);
  return sendto(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, &name.any, size) < 0 ? -errno : 0;
}

/* RFC 3261 18.4: host, network, port or protocol unreachable and parameter problem are failures; source quench and TTL exceeded are ignored.
 * "Fragmentation needed" is the kernel's to act on. */
static bool means_unreachable(const struct sock_extended_err *error) {
  if (error->ee_origin == SO_EE_ORIGIN_ICMP)
    return (error->ee_type == ICMP_DEST_UNREACH && error->ee_code != ICMP_FRAG_NEEDED) || error->ee_type == ICMP_PARAMETERPROB;
  if (error->ee_origin == SO_EE_ORIGIN_ICMP6) return error->ee_type == ICMP6_DST_UNREACH || error->ee_type == ICMP6_PARAM_PROB;
  return false;
}

int tandem_next_socket_error(int fd, tandem_address *remote) {
  uint8_t control[512];
  tandem_sockaddr name;
  memset(&name, 0, sizeof name);
  struct msghdr header = {.msg_name = &name, .msg_namelen = sizeof name, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return errno == EAGAIN ? 0 : -errno;
  tandem_from_sockaddr(&name, remote);
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
    bool is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                    (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    if (!is_error) continue;
    struct sock_extended_err error;
    memcpy(&error, CMSG_DATA(part), sizeof error);
    if (remote->family != 0 && means_unreachable(&error)) return 1;
  }
  return 2;
}
