// OpenSSL 3: its stacks, unions and context settings are macros, which Swift does not import.
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* ---- contexts and sessions ---- */

// TLS 1.2 and 1.3, suites with forward secrecy and authenticated encryption only; no renegotiation, no compression, no resumption. NULL without memory.
static inline SSL_CTX *tandem_tls_context(int is_server) {
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  if (!context) return NULL;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context, 0);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_QUERY_MTU);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20")) {
    SSL_CTX_free(context);
    return NULL;
  }
  return context;
}

static inline int tandem_tls_add_chain(SSL_CTX *context, X509 *certificate) { return (int)SSL_CTX_add1_chain_cert(context, certificate); }

// The names of authorities a server tells clients it takes, out of the store.
static inline void tandem_tls_name_authority(SSL_CTX *context, X509 *certificate) { SSL_CTX_add_client_CA(context, certificate); }

typedef int (*tandem_tls_server_name)(SSL *, int *, void *);
static inline void tandem_tls_on_server_name(SSL_CTX *context, tandem_tls_server_name callback) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
}

static inline int tandem_tls_ask_for(SSL *session, const char *name) { return (int)SSL_set_tlsext_host_name(session, name); }

// The longest chain that is looked at is `depth` intermediates; `now`: seconds since 1970.
static inline void tandem_tls_verify_as(SSL *session, int64_t now, int depth) {
  X509_VERIFY_PARAM *param = SSL_get0_param(session);
  X509_VERIFY_PARAM_set_time(param, (time_t)now);
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_depth(param, depth);
}

static inline SSL *tandem_tls_session_of(X509_STORE_CTX *store) {
  return (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
}

static inline int tandem_error_library(unsigned long error) { return ERR_GET_LIB(error); }
static inline int tandem_error_reason(unsigned long error) { return ERR_GET_REASON(error); }

/* ---- certificates ---- */

// Seconds since 1970; INT64_MIN for a time that can not be read.
static inline int64_t tandem_certificate_time(const ASN1_TIME *when) {
  struct tm parts;
  if (!when || !ASN1_TIME_to_tm(when, &parts)) return INT64_MIN;
  return (int64_t)timegm(&parts);
}

enum { TANDEM_NAME_DNS = 1, TANDEM_NAME_URI = 2, TANDEM_NAME_IP = 3 };

// Calls `body` with every subject alternative name of a kind that can name a SIP domain, in the certificate's order.
static inline void tandem_certificate_names(
    const X509 *certificate, void *context, void (*body)(void *context, int kind, const unsigned char *bytes, int count)) {
  GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  if (!names) return;
  for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    int kind = name->type == GEN_DNS ? TANDEM_NAME_DNS : name->type == GEN_URI ? TANDEM_NAME_URI : name->type == GEN_IPADD ? TANDEM_NAME_IP : 0;
    if (!kind) continue;
    const ASN1_STRING *value = kind == TANDEM_NAME_IP ? name->d.iPAddress : name->d.ia5;
    body(context, kind, ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
  }
  GENERAL_NAMES_free(names);
}

enum { TANDEM_USE_SERVER = 1, TANDEM_USE_CLIENT = 2 };

// What the extended key usage allows, TANDEM_USE_...; both when it says nothing, or anyExtendedKeyUsage. id-kp-sipDomain (RFC 5924) is both too.
static inline int tandem_certificate_uses(X509 *certificate) {
  uint32_t usage = X509_get_extended_key_usage(certificate);
  if (usage == UINT32_MAX || (usage & XKU_ANYEKU)) return TANDEM_USE_SERVER | TANDEM_USE_CLIENT;
  int uses = ((usage & XKU_SSL_SERVER) ? TANDEM_USE_SERVER : 0) | ((usage & XKU_SSL_CLIENT) ? TANDEM_USE_CLIENT : 0);
  EXTENDED_KEY_USAGE *list = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
  for (int index = 0; list && index < sk_ASN1_OBJECT_num(list); index++) {
    char text[64];
    OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(list, index), 1);
    if (strcmp(text, "1.3.6.1.5.5.7.3.20") == 0) uses = TANDEM_USE_SERVER | TANDEM_USE_CLIENT;
  }
  EXTENDED_KEY_USAGE_free(list);
  return uses;
}

// One line, RFC 2253; truncated to `size`.
static inline int tandem_certificate_name_text(const X509_NAME *name, char *text, int size) {
  BIO *out = BIO_new(BIO_s_mem());
  if (!out) return 0;
  X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  int count = BIO_read(out, text, size - 1);
  BIO_free(out);
  if (count < 0) count = 0;
  text[count] = 0;
  return count;
}

// A key that wants a passphrase is refused instead of asking the terminal for one.
static inline int tandem_no_passphrase(char *buffer, int size, int writing, void *was_asked) {
  (void)buffer, (void)size, (void)writing;
  *(int *)was_asked = 1;
  return -1;
}
static inline EVP_PKEY *tandem_read_key(BIO *pem, int *is_encrypted) {
  *is_encrypted = 0;
  return PEM_read_bio_PrivateKey(pem, NULL, tandem_no_passphrase, is_encrypted);
}
