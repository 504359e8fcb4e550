/* A fourth trunk type, written from tandem_trunk.h alone: uses every hook and every host function, and says in headers what
 * it was answered. Built again with MISBEHAVE set, it is the plugin that each check must catch. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tandem_trunk.h"

#define NO_SYMBOL 1
#define OTHER_MAJOR 2
#define SMALL_TABLE 3
#define RETURNS_NULL 4
#define DIES_IN_OPEN 5
#define EXITS_IN_OPEN 6
#define NO_CLOSE 7
#define LONGER_TABLE 8
#define HANGS_IN_CLOSE 9
#ifndef MISBEHAVE
#define MISBEHAVE 0
#endif

struct tt_instance {
  tt_context *context;
  tt_message kept; /* against rule 2 */
  int requests, responses, calls, ended, ticks, reconfigured;
  int32_t verdict;
};

static int32_t read_verdict(tt_context *c) {
  char text[16];
  int32_t n = c->host->setting(c, tt_text("health"), 0, text, sizeof text);
  if (n == 4 && !memcmp(text, "down", 4)) return TT_HEALTH_DOWN;
  return n == 2 && !memcmp(text, "up", 2) ? TT_HEALTH_UP : TT_HEALTH_DEFAULT;
}

static tt_instance *fixture_open(tt_context *c, tt_bytes settings) {
#if MISBEHAVE == DIES_IN_OPEN
  abort();
#elif MISBEHAVE == EXITS_IN_OPEN
  exit(0);
#endif
  char text[8];
  if (settings.length == 0 || settings.data[0] != '{') return NULL;
  if (c->host->setting(c, tt_text("refuse"), 0, text, sizeof text) >= 0) {
    c->host->log(c, TT_LOG_ERROR, tt_text("refuse is set"));
    return NULL;
  }
  tt_instance *self = calloc(1, sizeof *self);
  self->context = c;
  self->verdict = read_verdict(c);
  if (c->host->setting(c, tt_text("code"), 1, text, sizeof text) == 2) c->host->raise_alarm(c, tt_text("codes"), tt_text("two codes"));
  c->host->log(c, TT_LOG_INFO, tt_text("open"));
  return self;
}

static void fixture_close(tt_instance *self) {
  char text[64];
  int n = snprintf(text, sizeof text, "closed after calls %d/%d", self->calls, self->ended);
#if MISBEHAVE == HANGS_IN_CLOSE
  if (self->calls) for (;;) pause();
#endif
  self->context->host->log(self->context, TT_LOG_INFO, (tt_bytes){text, (size_t)n});
  free(self);
}

static int32_t fixture_reconfigure(tt_instance *self, tt_bytes settings) {
  char text[8];
  (void)settings;
  if (self->context->host->setting(self->context, tt_text("refuse"), 0, text, sizeof text) >= 0) return 1;
  self->reconfigured++;
  self->verdict = read_verdict(self->context);
  self->context->host->clear_alarm(self->context, tt_text("codes"));
  return 0;
}

static int32_t request_in(tt_instance *self, tt_message m, int64_t now) {
  tt_context *c = self->context;
  char text[64];
  (void)now;
  self->requests++;
  self->kept = m;
  int32_t n = c->host->header(c, m, tt_text("X-Verdict"), 0, text, sizeof text - 1);
  if (n >= 0) return text[n] = 0, atoi(text);
  n = c->host->trunk(c, m, text, sizeof text);
  if (n > 0) c->host->add_header(c, m, tt_text("X-Trunk"), (tt_bytes){text, (size_t)n});
  n = c->host->trunk_setting(c, m, tt_text("label"), 0, text, sizeof text);
  if (n > 0) c->host->set_header(c, m, tt_text("X-Label"), (tt_bytes){text, (size_t)n});
  n = c->host->method(c, m, text, sizeof text);
  if (n > 0) c->host->set_header(c, m, tt_text("X-Method"), (tt_bytes){text, (size_t)n});
  return TT_PASS;
}

static int32_t request_out(tt_instance *self, tt_message m, int64_t now) {
  tt_context *c = self->context;
  char text[96];
  (void)now;
  int32_t user = c->host->set_part(c, m, tt_text("From"), TT_PART_USER, tt_text("4711"));
  int32_t tag = c->host->set_header(c, m, tt_text("From"), tt_text("<sip:x@y>"));
  int32_t via = c->host->remove_header(c, m, tt_text("v"));
  int32_t line = c->host->add_header(c, m, tt_text("X-A"), (tt_bytes){"a\r\nB: c", 7});
  int32_t none = c->host->remove_header(c, m, tt_text("X-None"));
  int32_t kind = c->host->set_status(c, m, 200, tt_text(""));
  int32_t stale = c->host->status(c, self->kept);
  int32_t host = c->host->set_part(c, m, tt_text(""), TT_PART_HOST, tt_text("provider.example"));
  c->host->set_uri_parameter(c, m, tt_text(""), tt_text("user"), tt_text("phone"));
  c->host->remove_uri_parameter(c, m, tt_text("To"), tt_text("lr"));
  int32_t flag = c->host->uri_parameter(c, m, tt_text(""), tt_text("USER"), text, sizeof text);
  int32_t cut = c->host->part(c, m, tt_text("From"), TT_PART_URI, NULL, 0);
  int n = snprintf(text, sizeof text, "%d %d %d %d %d %d %d %d %d %d", user, tag, via, line, none, kind, stale, host, flag, cut > 0);
  c->host->set_header(c, m, tt_text("X-Results"), (tt_bytes){text, (size_t)n});
  return TT_PASS;
}

static void response_in(tt_instance *self, tt_message m, int64_t now) {
  tt_context *c = self->context;
  (void)now;
  self->responses++;
  if (c->host->status(c, m) == 500) c->host->set_status(c, m, 486, tt_text("Engaged"));
}

static void response_out(tt_instance *self, tt_message m, int64_t now) {
  tt_context *c = self->context;
  (void)now;
  /* Neither may work: a failure made a success, and From of a response. */
  int32_t status = c->host->set_status(c, m, 200, tt_text(""));
  int32_t from = c->host->set_part(c, m, tt_text("From"), TT_PART_USER, tt_text("x"));
  if (status == TT_REFUSED && from == TT_REFUSED) c->host->set_header(c, m, tt_text("X-Refused"), tt_text("both"));
}

static int32_t health(tt_instance *self, const tt_health_v1 *facts) {
  return facts->struct_size >= sizeof *facts && facts->consecutive_failures > 1 ? TT_HEALTH_DOWN : self->verdict;
}
static void call_event(tt_instance *self, int32_t event, uint64_t call, int64_t now) {
  (void)call, (void)now;
  self->calls += event == TT_CALL_STARTED;
  self->ended += event == TT_CALL_ENDED;
}
static int64_t tick(tt_instance *self, int64_t now) { return ++self->ticks < 3 ? now + 1000000000 : TT_NEVER; }
static int32_t describe(tt_instance *self, char *buffer, size_t capacity) {
  return snprintf(buffer, capacity, "requests %d, responses %d, calls %d/%d, ticks %d, reconfigured %d", self->requests, self->responses,
                  self->calls, self->ended, self->ticks, self->reconfigured);
}

static const struct {
  tt_plugin_v1 v1;
  void *later[4]; /* fields of a minor version to come */
} table = {{
    .abi_major = MISBEHAVE == OTHER_MAJOR ? 2 : TT_ABI_MAJOR,
    .abi_minor = MISBEHAVE == LONGER_TABLE ? 9 : TT_ABI_MINOR,
    .struct_size = MISBEHAVE == SMALL_TABLE ? 40 : MISBEHAVE == LONGER_TABLE ? sizeof table : sizeof(tt_plugin_v1),
    .id = "fixture", .version = "1.0.0", .description = "every hook, in C",
    .open = fixture_open, .close = MISBEHAVE == NO_CLOSE ? NULL : fixture_close, .reconfigure = fixture_reconfigure,
    .request_in = request_in, .request_out = request_out, .response_in = response_in, .response_out = response_out,
    .health = health, .call_event = call_event, .tick = tick, .describe = describe,
}, {0}};

#if MISBEHAVE != NO_SYMBOL
TT_EXPORT const tt_plugin_v1 *tandem_trunk_entry_v1(const tt_host_v1 *host) {
  if (MISBEHAVE == RETURNS_NULL || !TT_HAS(host, tt_host_v1, clear_alarm)) return NULL;
  return &table.v1;
}
#endif
