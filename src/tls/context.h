// Context: how handshakes of one side are made on one thread: protocol versions, suites, our identity, sessions. Never
// holds trust: that is asked of a PeerJudge.
#pragma once

#include "identity/identity.h"
#include "tls/library_context.h"
#include "tls/peer.h"
#include "tls/sessions.h"
#include "x509/openssl.h"

#include <cotter/error.h>

#include <memory>
#include <vector>

namespace cotter::tls {

struct ContextSettings {
    trust::Protocol minimum_protocol = trust::Protocol::kTls13;
    bool resumption = false;
    /// What is spoken inside, most wanted first. A server takes the first that the client offers too; none in common is
    /// kBare on both sides.
    std::vector<Application> applications{Application::kStream};
    /// A client asks the server to staple its certificate's OCSP response (RFC 6066 8).
    bool asks_for_status = false;
    /// Below kTls13 only to see whether a server still speaks it.
    trust::Protocol maximum_protocol = trust::Protocol::kTls13;
};

class Context {
  public:
    /// `library` must outlive the context. Sessions resume only where `settings.resumption` says so, only in this very
    /// object: a reload makes another, and every earlier session is void (INVARIANTS A35, A36).
    [[nodiscard]] static Result<Context> server(const LibraryContext& library, const identity::Identity& identity,
                                                const ContextSettings& settings);
    /// Without an identity no certificate is offered: for looking at a server, never for a stream.
    [[nodiscard]] static Result<Context> client(const LibraryContext& library, const identity::Identity* identity,
                                                const ContextSettings& settings);

    [[nodiscard]] SSL_CTX* get() const { return context_.get(); }
    [[nodiscard]] const ContextSettings& settings() const { return shared_->settings; }

  private:
    /// What callbacks reach through the SSL_CTX; its address stays.
    struct Shared {
        ContextSettings settings;
        std::vector<unsigned char> alpn;  ///< RFC 7301 wire form
        ServerSessions sessions;
    };
    friend class Handshake;

    Context(x509::SslContextPtr context, std::unique_ptr<Shared> shared)
        : shared_(std::move(shared)), context_(std::move(context)) {}
    static Result<Context> make(const LibraryContext& library, const SSL_METHOD* method,
                                const identity::Identity* identity, const ContextSettings& settings);
    static int select_application(SSL* ssl, const unsigned char** selected, unsigned char* selected_size,
                                  const unsigned char* offered, unsigned offered_size, void* shared);

    std::unique_ptr<Shared> shared_;
    x509::SslContextPtr context_;
};

}  // namespace cotter::tls
