// Pins and admission for a program that has an SSL_CTX of its own. Ten lines on the client's side:
//
//     auto verifier = cotter::ServerVerifier::pinned_to("sha256/…");
//     cotter::openssl::attach(context, *verifier);
//     SSL* ssl = SSL_new(context);
//     cotter::openssl::expect(ssl, *cotter::HostPort::parse("db.example:5432"));
//     … SSL_set_fd, SSL_connect …
//     if (!cotter::openssl::verdict_of(ssl).lets_pass()) … close …
//
// The verdict falls inside the handshake, so that a refusal is a TLS alert. OpenSSL asks nobody when a session is
// resumed: then the verdict falls at the end of the handshake, and a connection that is refused can neither be read
// from nor written to. verdict_of() is what a program looks at before its first byte, in every case.
#pragma once

#include <cotter/admission.h>
#include <cotter/error.h>
#include <cotter/export.h>
#include <cotter/host_name.h>
#include <cotter/server_verifier.h>
#include <cotter/verdict.h>

#include <openssl/ssl.h>

#include <optional>

namespace cotter::openssl {

/// What holds for a context besides its judge.
struct AttachOptions {
    /// What the program wants asked, too; a peer must please both. The function and argument that the program gave to
    /// SSL_CTX_set_cert_verify_callback, which OpenSSL can't be asked for. A verify callback of SSL_CTX_set_verify is
    /// found by itself, and need not be said.
    int (*also_verify)(X509_STORE_CTX* store, void* argument) = nullptr;
    void* argument = nullptr;  ///< of also_verify; must be valid as long as the context
    /// Have every connection of this context judged as to this server; no expect() is needed, and none is believed.
    std::optional<HostPort> server{};
};

/// Has every handshake of this client's context judged. To be called once a context, before its first SSL; the context
/// keeps the verifier. Sets SSL_VERIFY_PEER, the lowest version that the verifier takes, no renegotiation, no
/// compression, and takes the place of the cert-verify and info callbacks; an info callback that was there is still
/// called. Leaves alone: certificates and keys, suites, ALPN, sessions.
[[nodiscard]] COTTER_EXPORT Result<void> attach(SSL_CTX* context, const ServerVerifier& verifier,
                                                const AttachOptions& options = {});

/// The same of a server's context and its clients; every client must present a certificate. Early data is off, and
/// sessions are bound to this admission, so that none of another service or configuration is resumed.
[[nodiscard]] COTTER_EXPORT Result<void> attach(SSL_CTX* context, const Admission& admission,
                                                const AttachOptions& options = {});

/// Which server this connection is to, said before the handshake: what is judged, and, if it is a name, sent as SNI
/// (RFC 6066 3). A connection of a client that was never told is refused (`no_policy`).
[[nodiscard]] COTTER_EXPORT Result<void> expect(SSL* ssl, const HostPort& server);

/// Where this connection of a server's comes from, said before the handshake: for rules that bind clients to addresses,
/// where OpenSSL does not read from the socket itself and so can't tell.
[[nodiscard]] COTTER_EXPORT Result<void> came_from(SSL* ssl, const IpAddress& source);

/// The gate: the verdict on the peer of this connection, as of now. It is judged anew where a session was resumed or
/// where what it is judged by has changed. Refused, too: a handshake that has not finished, a context that nothing was
/// attached to, a first contact that can't be written down. May be asked again at any time in the connection's life;
/// on a server, after Admission::Settings::on_change, it says whether the client is still let in.
[[nodiscard]] COTTER_EXPORT Verdict verdict_of(SSL* ssl);

}  // namespace cotter::openssl
