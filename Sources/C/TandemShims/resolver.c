#include <ares.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tandem_shims.h"

/* Opened once for the life of the process. */
int tandem_resolver_prepare(void) { return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS ? 0 : -1; }

void *tandem_resolver_open(const char *servers, const char *settings, int patience_ms, int tries, tandem_resolver_socket socket, void *context) {
  struct ares_options options = {
      .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS,
      .timeout = patience_ms,
      .tries = tries,
      /* RFC 6891: what passes without fragments everywhere. */
      .ednspsz = 1232,
      .sock_state_cb = socket,
      .sock_state_cb_data = context,
      .resolvconf_path = (char *)settings,
  };
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
  ares_channel channel = NULL;
  if (ares_init_options(&channel, &options, mask) != ARES_SUCCESS) return NULL;
  if (servers != NULL && ares_set_servers_ports_csv(channel, servers) != ARES_SUCCESS) {
    ares_destroy(channel);
    return NULL;
  }
  return channel;
}

void tandem_resolver_close(void *channel) { ares_destroy(channel); }

struct request {
  tandem_resolver_answer answer;
  void *context;
};

static void arrived(void *argument, int status, int timeouts, unsigned char *bytes, int count) {
  (void)timeouts;
  struct request request = *(struct request *)argument;
  free(argument);
  const char *error = status == ARES_SUCCESS ? NULL : status == ARES_EDESTRUCTION ? "other name servers are asked" : ares_strerror(status);
  request.answer(request.context, error, bytes, bytes == NULL || count < 0 ? 0 : count);
}

bool tandem_resolver_ask(void *channel, const char *name, int type, tandem_resolver_answer answer, void *context) {
  struct request *request = malloc(sizeof *request);
  if (request == NULL) return false;
  *request = (struct request){.answer = answer, .context = context};
  ares_query(channel, name, 1 /* IN */, type, arrived, request);
  return true;
}

void tandem_resolver_process(void *channel, int readable, int writable) {
  ares_process_fd(channel, readable < 0 ? ARES_SOCKET_BAD : readable, writable < 0 ? ARES_SOCKET_BAD : writable);
}

int64_t tandem_resolver_timeout(void *channel) {
  struct timeval time;
  return ares_timeout(channel, NULL, &time) == NULL ? -1 : (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

int tandem_resolver_in_hosts(void *channel, const char *name, int family, uint8_t *out, int capacity) {
  struct hostent *host = NULL;
  int length = family == AF_INET ? 4 : 16, count = 0;
  if (ares_gethostbyname_file(channel, name, family, &host) != ARES_SUCCESS) return 0;
  for (char **entry = host->h_addr_list; host->h_length == length && *entry != NULL && count < capacity; entry++)
    memcpy(out + count++ * length, *entry, (size_t)length);
  ares_free_hostent(host);
  return count;
}
