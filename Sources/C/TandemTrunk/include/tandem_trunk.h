/* tandem_trunk.h: how a trunk type plugs into Tandem. This file alone is enough to write a plugin, in any language that
 * speaks C; it needs nothing but the C standard headers below, and nothing has to be linked.
 *
 * WHAT A PLUGIN IS
 *   A shared library `<id>.so` beside a YANG module `<id>.yang`. The library exports one symbol, `tandem_trunk_entry_v1`,
 *   which returns a constant table of functions. A peer whose `type` is the plugin's id is served by it.
 *
 *       entry ──▶ tt_plugin_v1 { id, version, open, close, hooks ... }
 *       open(context, settings) ──▶ your instance ──▶ hooks, any number ──▶ close
 *
 *   One instance serves one peer on one signalling thread: the same peer may have several instances, one for each thread. An instance is
 *   only ever called by one thread at a time; different instances may be called at the same time, so keep no global
 *   variables that change.
 *
 * RULES
 *   1. Nothing blocks. A hook opens no socket or file, starts no thread, sleeps never, and is done in microseconds; every
 *      hook has a time budget. A plugin that overruns it again and again is taken out of routing with its trunks.
 *   2. Nothing is kept. Bytes handed to you are valid until you return; a message handle is valid inside the hook that
 *      got it and nowhere else (a dead handle is answered with TT_DEAD, it does not crash). We copy what you hand us.
 *   3. Nothing is NUL-terminated unless this file says so: bytes come with their length.
 *   4. Every function pointer of tt_plugin_v1 but `open` and `close` may be NULL. A NULL hook costs nothing.
 *   5. You see the messages of your own peer's leg only, never the other leg of a call.
 *
 * VERSIONS
 *   Functions and fields are only ever added, at the end of a structure, with a higher TT_ABI_MINOR. Every structure starts with (or has near
 *   its start) `struct_size`; read no field of ours beyond the `struct_size` we state (TT_HAS tests that), and we read none of
 *   yours beyond the one you state. So an older plugin runs under a newer host and the other way round.
 *   A change that breaks this raises TT_ABI_MAJOR and gets a new entry symbol; a table with a major that the host does not
 *   support is refused with a message that names the supported ones.
 */
#ifndef TANDEM_TRUNK_H
#define TANDEM_TRUNK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TT_ABI_MAJOR 1
#define TT_ABI_MINOR 1

/* Whether a structure received from the other side is long enough to hold `field`. */
#define TT_HAS(pointer, type, field) \
  ((pointer)->struct_size >= offsetof(type, field) + sizeof((pointer)->field))

/* Bytes with their length; `data` may be NULL when `length` is 0. */
typedef struct tt_bytes {
  const char *data;
  size_t length;
} tt_bytes;

/* A C string as tt_bytes, without its NUL. */
static inline tt_bytes tt_text(const char *text) {
  tt_bytes bytes = {text, text ? strlen(text) : 0};
  return bytes;
}

/* A message in a hook. A number, not memory; 0 is never a message. */
typedef uint64_t tt_message;

/* What host functions return: a length or 0 on success, or one of these. */
#define TT_OK         0
#define TT_ABSENT     (-1) /* no such header, value, URI part, parameter or setting */
#define TT_DEAD       (-2) /* the handle is not the message of the hook that runs now, or the instance is closed */
#define TT_REFUSED    (-3) /* the edit is not allowed: see "What may be edited" */
#define TT_MALFORMED  (-4) /* the header is there but is no name-addr or URI as its grammar wants; or your value is not */
#define TT_WRONG_KIND (-5) /* asked of a response what only a request has, or the other way round */

/* Log levels, as in syslog. */
#define TT_LOG_ERROR   3
#define TT_LOG_WARNING 4
#define TT_LOG_NOTICE  5
#define TT_LOG_INFO    6

/* The parts of `Name <sip:user@host:port;parameters>;header-parameters` that can be read and replaced. */
#define TT_PART_URI     0 /* the whole URI, without angle brackets */
#define TT_PART_USER    1 /* before the "@", as written, with its own parameters; the number of a tel URI */
#define TT_PART_HOST    2 /* host or address, without the port; IPv6 in brackets */
#define TT_PART_DISPLAY 3 /* display name, without quotes; setting it to nothing removes it. Not for the request-URI */

typedef struct tt_host_v1 tt_host_v1;

/* The host's side of one instance: given to `open`, valid until `close` returns. Hand it back with every call of a host
 * function. Host functions may only be called from inside a function of yours that the host called. */
typedef struct tt_context {
  const tt_host_v1 *host;
  void *reserved; /* the host's own */
} tt_context;

/* The host's functions.
 *
 * Reading: at most `capacity` bytes are written to `buffer`; the whole length is returned, so a result larger than
 * `capacity` means that the text was cut there. `buffer` may be NULL when `capacity` is 0.
 *
 * What may be edited: any header except those that hold the message together or belong to its dialog, transaction or
 * body: Via, Route, Record-Route, Contact, Call-ID, CSeq, Max-Forwards, RSeq, RAck, Content-Length, Content-Type,
 * Content-Encoding, and From and To as a whole (their tags are ours; edit their parts with set_part). In a response From and To can not be edited at
 * all (RFC 3261 8.2.6.2). Values with CR, LF or NUL are refused. A header name is a token, any case, full or compact.
 *
 * `uri_of`: the header whose first URI is meant ("From", "To", "P-Asserted-Identity", "Diversion" ...); empty = request-URI. */
struct tt_host_v1 {
  uint32_t struct_size;
  uint32_t abi_major_min; /* majors the host supports, both ends included */
  uint32_t abi_major_max;
  uint32_t abi_minor;     /* of abi_major_max */
  const char *version;    /* the host's own version for log lines, NUL-terminated */

  /* The request's method; of a response, the method of its CSeq. Case-sensitive. */
  int32_t (*method)(tt_context *context, tt_message message, char *buffer, size_t capacity);
  /* 100-699; 0 for a request. */
  int32_t (*status)(tt_context *context, tt_message message);
  /* Responses only. A 1xx stays 1xx, a 2xx stays 2xx and a failure stays a failure (300-699); else TT_REFUSED. Empty reason = the default phrase. */
  int32_t (*set_status)(tt_context *context, tt_message message, int32_t status, tt_bytes reason);

  /* The value number `index` (from 0) of a header, trimmed. Comma lists count as several values where the header's grammar has them. */
  int32_t (*header)(tt_context *context, tt_message message, tt_bytes name, uint32_t index, char *buffer, size_t capacity);
  /* Replaces all values of a header with one, or adds it. */
  int32_t (*set_header)(tt_context *context, tt_message message, tt_bytes name, tt_bytes value);
  /* Adds one more, after those that are there. */
  int32_t (*add_header)(tt_context *context, tt_message message, tt_bytes name, tt_bytes value);
  /* Removes all of that name; TT_ABSENT if there was none. */
  int32_t (*remove_header)(tt_context *context, tt_message message, tt_bytes name);

  /* A part (TT_PART_...) of the request-URI or of a header's first URI. Set: other values of the header and header
   * parameters (tags) stay. */
  int32_t (*part)(tt_context *context, tt_message message, tt_bytes uri_of, int32_t part, char *buffer, size_t capacity);
  int32_t (*set_part)(tt_context *context, tt_message message, tt_bytes uri_of, int32_t part, tt_bytes value);
  /* A parameter of that URI (`user` in `sip:1@h;user=phone`), ignoring case; 0 bytes for a flag. */
  int32_t (*uri_parameter)(tt_context *context, tt_message message, tt_bytes uri_of, tt_bytes name, char *buffer, size_t capacity);
  /* Empty value = a flag. `remove_uri_parameter` takes it away. */
  int32_t (*set_uri_parameter)(tt_context *context, tt_message message, tt_bytes uri_of, tt_bytes name, tt_bytes value);
  int32_t (*remove_uri_parameter)(tt_context *context, tt_message message, tt_bytes uri_of, tt_bytes name);

  /* The name of the trunk this message travels on. */
  int32_t (*trunk)(tt_context *context, tt_message message, char *buffer, size_t capacity);

  /* A leaf of your YANG module (whose name is your id) below this peer, as text: `profile`, or `timers/retry` in a container, or
   * `route/0/prefix` in a list; "true" and "false" for booleans. `index` counts the values of a leaf-list and is 0 otherwise.
   * TT_ABSENT for a leaf that is not set and has no default. Works in `open` and `reconfigure` too, with the new settings. */
  int32_t (*setting)(tt_context *context, tt_bytes path, uint32_t index, char *buffer, size_t capacity);
  /* The same below the trunk-configuration in force for the trunk of this message. */
  int32_t (*trunk_setting)(tt_context *context, tt_message message, tt_bytes path, uint32_t index, char *buffer, size_t capacity);

  /* One line for the log; the host adds peer and plugin. Cut at 512 bytes, at most 64 lines between two readings. No credentials, no caller's digits. */
  void (*log)(tt_context *context, int32_t level, tt_bytes text);
  /* An alarm of this peer, shown until cleared; the same name again replaces its text. At most 16 at a time, name up to 32
   * bytes, text up to 200; TT_REFUSED beyond. Cleared by itself when the instance closes. */
  int32_t (*raise_alarm)(tt_context *context, tt_bytes name, tt_bytes text);
  int32_t (*clear_alarm)(tt_context *context, tt_bytes name);

  /* Since minor 1. Asks the peer with OPTIONS whether it is alive, soon after the hook returns: on one of its trunks, or on all of them where the name is empty.
   * A server that was asked within the last 2 s is not asked again, nor is one that wants to be left alone (503 with Retry-After). What comes of it is
   * seen by `health`, when it changes the trunk's state. TT_ABSENT: no such trunk of this peer; TT_REFUSED: the peer's options-interval is 0, so nothing may be asked. */
  int32_t (*send_options)(tt_context *context, tt_bytes trunk);
};

/* Your own state for one peer; the host only hands it back. */
typedef struct tt_instance tt_instance;

/* Verdict of request_in and request_out: TT_PASS, or a status 400-699 with which the request is refused. Any other value refuses
 * with 500: a request that a plugin is confused about does not pass it by. */
#define TT_PASS 0

/* What the host knows about a trunk of this peer when it asks for a health verdict. */
typedef struct tt_health_v1 {
  uint32_t struct_size;
  uint32_t consecutive_failures; /* timeouts and transport failures of calls since the last sign of life */
  int64_t now;                   /* ns, monotonic */
  int64_t last_heard;            /* ns; TT_NEVER: not yet */
  int64_t last_failed;           /* ns; TT_NEVER: not yet */
  tt_bytes trunk;
  int32_t host_verdict;          /* what the host will use if you answer TT_HEALTH_DEFAULT */
} tt_health_v1;

#define TT_HEALTH_DEFAULT        0 /* as the host thinks */
#define TT_HEALTH_UP             1
#define TT_HEALTH_LESS_PREFERRED 2 /* tried after the others */
#define TT_HEALTH_DOWN           3 /* not tried */

#define TT_CALL_STARTED  0
#define TT_CALL_ANSWERED 1
#define TT_CALL_ENDED    2

/* "No deadline", "not yet". */
#define TT_NEVER INT64_MAX

/* What a plugin is: a constant table, the same for the life of the process. */
typedef struct tt_plugin_v1 {
  uint32_t abi_major;   /* TT_ABI_MAJOR */
  uint32_t abi_minor;   /* TT_ABI_MINOR */
  uint32_t struct_size; /* sizeof(tt_plugin_v1) as you compiled it */
  uint32_t reserved;    /* 0 */
  const char *id;          /* as in `set peer P type ID`: [a-z][a-z0-9-]*, at most 32 bytes, NUL-terminated; also the name of .so and .yang */
  const char *version;     /* MAJOR.MINOR.PATCH, at most 32 bytes, NUL-terminated */
  const char *description; /* one line, at most 200 bytes, NUL-terminated */

  /* A peer appears. `settings` is an RFC 7951 JSON object: {"name": peer's name, "peer": {your leaves below /peer},
   * "trunks": [{"name": ..., "settings": {your leaves below /trunk-configuration}} ...]}; the host function `setting` reads
   * single leaves of it. NULL: the settings can't be served; say why with `log` at TT_LOG_ERROR, the peer is then down with that text. */
  tt_instance *(*open)(tt_context *context, tt_bytes settings);
  /* The last call for this instance. Free it. */
  void (*close)(tt_instance *instance);
  /* Settings changed while calls are up. 0: taken over; else the instance goes on with its old ones and an alarm says so. NULL:
   * the host opens a new instance and then closes this one. */
  int32_t (*reconfigure)(tt_instance *instance, tt_bytes settings);

  /* A request from the peer, before anything is done with it. CANCEL and the ACK of a failure are not shown. */
  int32_t (*request_in)(tt_instance *instance, tt_message message, int64_t now);
  /* A request to the peer, before Via is added. CANCEL and the ACK of a failure repeat the INVITE you saw and are not shown. In a
   * dialog change what you changed in its first request in the same way. */
  int32_t (*request_out)(tt_instance *instance, tt_message message, int64_t now);
  /* A response from the peer, before it is read. */
  void (*response_in)(tt_instance *instance, tt_message message, int64_t now);
  /* A response to the peer, before it is sent. 100 Trying is not shown. */
  void (*response_out)(tt_instance *instance, tt_message message, int64_t now);

  /* Asked when a trunk failed, was heard again after failures, one of its servers went down or came back (OPTIONS, Retry-After), or `tick` ran.
   * Returns TT_HEALTH_..., which holds until it is asked again. */
  int32_t (*health)(tt_instance *instance, const tt_health_v1 *facts);
  /* A call on a trunk of this peer: TT_CALL_... ; `call` is the same number in all events of one call. */
  void (*call_event)(tt_instance *instance, int32_t event, uint64_t call, int64_t now);
  /* Runs once after open, then at the deadline it returned (ns on the clock of `now`), or never again: TT_NEVER. A deadline
   * closer than 10 ms counts as 10 ms. */
  int64_t (*tick)(tt_instance *instance, int64_t now);
  /* What `show peer` prints: one line, at most `capacity` bytes; returns its length. */
  int32_t (*describe)(tt_instance *instance, char *buffer, size_t capacity);
} tt_plugin_v1;

#if defined(__GNUC__) || defined(__clang__)
#define TT_EXPORT __attribute__((visibility("default")))
#else
#define TT_EXPORT
#endif

/* The one symbol. Called once, before any other thread of the host runs. `host` lives as long as the process. NULL: this host can't be served. */
TT_EXPORT const tt_plugin_v1 *tandem_trunk_entry_v1(const tt_host_v1 *host);

#ifdef __cplusplus
}
#endif
#endif
