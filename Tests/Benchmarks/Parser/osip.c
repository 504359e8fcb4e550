// libosip2: parses the headers it has a type for with their URIs; the description with its own parser.
#include "peer_loop.h"

#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

__attribute__((constructor)) static void prepare(void) { parser_init(); }

__attribute__((noinline)) static void measured_message(const char *text, size_t length) {
  osip_message_t *message;
  if (osip_message_init(&message) != 0 || osip_message_parse(message, text, length) != 0) fail("libosip2 refused the message");
  if (osip_list_size(&message->vias) != 2 || message->cseq == NULL) fail("libosip2 read another message");
  osip_message_free(message);
}

__attribute__((noinline)) static void measured_description(const char *text, size_t length) {
  sdp_message_t *sdp;
  (void)length;
  if (sdp_message_init(&sdp) != 0 || sdp_message_parse(sdp, text) != 0) fail("libosip2 refused the description");
  sdp_message_free(sdp);
}
