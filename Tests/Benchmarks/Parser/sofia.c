// Sofia-SIP: parses the headers it has a class for with their URIs and parameters; the description with its own parser.
#include "peer_loop.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_protos.h>

__attribute__((noinline)) static void measured_message(const char *text, size_t length) {
  msg_t *message = msg_make(sip_default_mclass(), 0, text, (ssize_t)length);
  sip_t *sip = message ? sip_object(message) : NULL;
  if (sip == NULL || sip->sip_error || sip->sip_via == NULL || sip->sip_via->v_next == NULL || sip->sip_cseq == NULL || sip->sip_payload == NULL)
    fail("Sofia-SIP read another message");
  msg_destroy(message);
}

__attribute__((noinline)) static void measured_description(const char *text, size_t length) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  su_home_init(home);
  sdp_parser_t *parser = sdp_parse(home, text, (issize_t)length, 0);
  if (sdp_session(parser) == NULL) fail("Sofia-SIP refused the description");
  sdp_parser_free(parser);
  su_home_deinit(home);
}
