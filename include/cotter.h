/** @file
 * cotter's C interface: pins, policies, verdicts, the list of clients, and both on an SSL_CTX of the caller's. For C,
 * and for every language that can call C. C++ programs include <cotter/openssl.h> and its like instead.
 *
 * Handles are opaque, are made by a function that says so, and are freed by the ..._free of their kind, which takes
 * NULL, too. Text is UTF-8 and ends in a zero octet; what came from a peer is escaped for a terminal. A function that
 * can fail gives NULL or -1 and, where `error` is not NULL, puts the error there, which the caller frees; there is none
 * where memory ran out. A `const char*` that a handle gives is valid as long as that handle.
 *
 * Threads: every handle may be used by any number of threads at once, but freed by one, after the others' last use. A
 * connection (SSL*) belongs to one thread at a time, as OpenSSL demands.
 *
 * No function throws, prints, or ends the program. A NULL where a handle or text is asked for is an error, never trust.
 */
#ifndef COTTER_H
#define COTTER_H

#include <cotter/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** OpenSSL's SSL and SSL_CTX. */
struct ssl_st;
struct ssl_ctx_st;

typedef struct cotter_error cotter_error;         /**< what failed, and why */
typedef struct cotter_policy cotter_policy;       /**< which server must have which key */
typedef struct cotter_verifier cotter_verifier;   /**< a client's judge of servers */
typedef struct cotter_admission cotter_admission; /**< a server's judge of clients */
typedef struct cotter_verdict cotter_verdict;     /**< what was decided about a peer, and why */

/** The version of the library that runs, "0.1.0". */
COTTER_EXPORT const char* cotter_version(void);

/** Frees text that a function says is the caller's. */
COTTER_EXPORT void cotter_text_free(char* text);

/** A stable code in lower_snake_case, "pin_wrong_length". */
COTTER_EXPORT const char* cotter_error_code(const cotter_error* error);
/** What failed, why, and what to do next, in one line. */
COTTER_EXPORT const char* cotter_error_message(const cotter_error* error);
/** Frees the error, and with it what it gave. */
COTTER_EXPORT void cotter_error_free(cotter_error* error);

/** What of a certificate is pinned. */
typedef enum cotter_pin_target {
    COTTER_PIN_SPKI = 0,        /**< its SubjectPublicKeyInfo */
    COTTER_PIN_CERTIFICATE = 1, /**< all of it */
    COTTER_PIN_KEY = 2          /**< its key's octets */
} cotter_pin_target;

/** As which. */
typedef enum cotter_pin_form {
    COTTER_PIN_SHA256 = 0, /**< its digest, 32 octets */
    COTTER_PIN_SHA384 = 1, /**< its digest, 48 octets */
    COTTER_PIN_SHA512 = 2, /**< its digest, 64 octets */
    COTTER_PIN_DER = 3     /**< the object itself */
} cotter_pin_form;

/** The canonical text of a pin in any spelling of docs/pins.md; the caller's. NULL: it is no pin. */
COTTER_EXPORT char* cotter_pin_parse(const char* text, cotter_error** error);
/** The text of that certificate's pin; the caller's. `der`: one certificate, `size` octets. */
COTTER_EXPORT char* cotter_pin_of_certificate(const uint8_t* der, size_t size, cotter_pin_target target,
                                              cotter_pin_form form, cotter_error** error);
/** 1: the pin is of that certificate. 0: it is not. -1: one of them can't be read. */
COTTER_EXPORT int cotter_pin_matches(const char* pin, const uint8_t* der, size_t size, cotter_error** error);

/** Every server must have one of these keys: one pin, or several joined by `;`. */
COTTER_EXPORT cotter_policy* cotter_policy_of_pins(const char* pins, cotter_error** error);
/** A policy file (docs/policy.md). */
COTTER_EXPORT cotter_policy* cotter_policy_read(const char* path, cotter_error** error);
/** Its text; `source` names it in errors. */
COTTER_EXPORT cotter_policy* cotter_policy_parse(const char* text, const char* source, cotter_error** error);
/** 1: the policy has an entry for that server ("HOST:PORT"). 0: none, and it is refused. -1: it is no server. */
COTTER_EXPORT int cotter_policy_covers(const cotter_policy* policy, const char* server, cotter_error** error);
/** Frees the policy; verifiers that were made of it stay. */
COTTER_EXPORT void cotter_policy_free(cotter_policy* policy);

/** A version of TLS: of a connection, or the lowest that is taken. */
typedef enum cotter_tls_version {
    COTTER_TLS_1_2 = 2, /**< RFC 5246 */
    COTTER_TLS_1_3 = 3  /**< RFC 8446 */
} cotter_tls_version;

/** Certificates as they were presented: DER, the leaf first. */
typedef struct cotter_presented {
    const uint8_t* const* certificates; /**< the caller's; only read, and only during the call */
    const size_t* sizes;                /**< of each, in octets */
    size_t count;                       /**< of certificates; 0: none came, which is refused */
    int is_key_proven;                  /**< not 0: the peer has proven to hold the leaf's private key */
    cotter_tls_version version;         /**< of the connection */
} cotter_presented;

/** Judges servers by that policy, of which it keeps a copy. `roots`: a file of trust anchors; NULL: the system's.
 * `known_peers`: what is remembered of servers; NULL: nothing. `minimum`: a server below it is refused. */
COTTER_EXPORT cotter_verifier* cotter_verifier_new(const cotter_policy* policy, const char* roots,
                                                   const char* known_peers, cotter_tls_version minimum,
                                                   cotter_error** error);
/** The verdict on a server, "HOST:PORT", at a time in seconds since 1970; the caller's. */
COTTER_EXPORT cotter_verdict* cotter_verifier_verify(const cotter_verifier* verifier, const char* server,
                                                     const cotter_presented* presented, int64_t now,
                                                     cotter_error** error);
/** Frees the verifier; contexts that it is attached to keep their copy. */
COTTER_EXPORT void cotter_verifier_free(cotter_verifier* verifier);

/** Judges clients by the list at `registry`, "sqlite:PATH" or "postgresql://…", which a thread of the library's keeps
 * up to date. `client_ca`: a file of trust anchors whose clients are admitted, too; NULL: none. `service`: what rules
 * of clients call this service; NULL: nothing. `on_change`: called with `argument` on that thread after each change; it
 * must not wait, nor free the admission. NULL: nobody is told. */
COTTER_EXPORT cotter_admission* cotter_admission_open(const char* registry, const char* client_ca, const char* service,
                                                      void (*on_change)(void* argument), void* argument,
                                                      cotter_error** error);
/** Looks a client up: whether it is let in now, and under which name; the caller's. `source`: its IP address; NULL: it
 * has none. */
COTTER_EXPORT cotter_verdict* cotter_admission_judge(const cotter_admission* admission,
                                                     const cotter_presented* presented, const char* source,
                                                     cotter_error** error);
/** 1: the client that this verdict once let in, from that source, still is let in. 0: it is not, or `source` is none.
 */
COTTER_EXPORT int cotter_admission_still_admits(const cotter_admission* admission, const cotter_verdict* verdict,
                                                const char* source);
/** Frees the admission; contexts that it is attached to keep their copy, and the list is followed for them until the
 * last of them ends. */
COTTER_EXPORT void cotter_admission_free(cotter_admission* admission);

/** Has every handshake of this client's context judged; to be called once, before its first SSL. The context keeps a
 * copy of the verifier. 0: done. -1: it could not be done, and the context is not to be used. */
COTTER_EXPORT int cotter_openssl_attach_verifier(struct ssl_ctx_st* context, const cotter_verifier* verifier,
                                                 cotter_error** error);
/** The same of a server's context and its clients. */
COTTER_EXPORT int cotter_openssl_attach_admission(struct ssl_ctx_st* context, const cotter_admission* admission,
                                                  cotter_error** error);
/** Which server ("HOST:PORT") this connection is to, said before the handshake; sent as SNI if it is a name. 0 or -1.
 */
COTTER_EXPORT int cotter_openssl_expect(struct ssl_st* ssl, const char* server, cotter_error** error);
/** The gate, to be passed before the first octet and, on a server, after each change: the verdict on the peer as of
 * now; the caller's. NULL, where memory ran out, is a refusal. */
COTTER_EXPORT cotter_verdict* cotter_openssl_verdict_of(struct ssl_st* ssl);

/** What a verdict comes to. */
typedef enum cotter_outcome {
    COTTER_REFUSED = 0, /**< no bytes may flow */
    COTTER_TRUSTED = 1, /**< all that was asked of the peer holds */
    COTTER_REPORTED = 2 /**< would be refused, but its policy only reports */
} cotter_outcome;

/** COTTER_REFUSED for NULL, too. */
COTTER_EXPORT cotter_outcome cotter_verdict_outcome(const cotter_verdict* verdict);
/** 1: bytes may flow. 0: they may not; so, too, for NULL. */
COTTER_EXPORT int cotter_verdict_lets_pass(const cotter_verdict* verdict);
/** One line for a log. */
COTTER_EXPORT const char* cotter_verdict_text(const cotter_verdict* verdict);
/** How many reasons there are; the one to mend first is 0. */
COTTER_EXPORT size_t cotter_verdict_reason_count(const cotter_verdict* verdict);
/** "pin_mismatch", …; NULL where there is no such reason. */
COTTER_EXPORT const char* cotter_verdict_reason_code(const cotter_verdict* verdict, size_t index);
/** One sentence without full stop; NULL where there is no such reason. */
COTTER_EXPORT const char* cotter_verdict_reason_message(const cotter_verdict* verdict, size_t index);
/** Of a client: its name; NULL where it has none. */
COTTER_EXPORT const char* cotter_verdict_client_name(const cotter_verdict* verdict);
/** The pin that decided; NULL: none did. */
COTTER_EXPORT const char* cotter_verdict_matched_pin(const cotter_verdict* verdict);
/** The last second, since 1970, that this verdict counts if nothing changes; -1: it has no such end. */
COTTER_EXPORT int64_t cotter_verdict_valid_until(const cotter_verdict* verdict);
/** Frees the verdict, and with it the texts that it gave. */
COTTER_EXPORT void cotter_verdict_free(cotter_verdict* verdict);

#ifdef __cplusplus
}
#endif

#endif
