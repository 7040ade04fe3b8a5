// RenewalCall: asking a server to renew a key or a certificate, and telling a person why it would not.
#pragma once

#include "cli/invocation.h"
#include "service/control.h"

#include <cotter/expected.h>

namespace cotter::cli {

/// A renewal ends where the first thing goes wrong, with the exit code of what was said.
template <class T>
using OrExit = expected<T, int>;

class RenewalCall {
  public:
    /// `usual`: how each server is judged. `invocation` must outlive it.
    RenewalCall(const Invocation& invocation, service::ClientSettings usual)
        : invocation_(invocation), usual_(std::move(usual)) {}

    /// Asks once, as that identity. A refusal by the server is an answer; whatever else went wrong is said.
    [[nodiscard]] OrExit<service::Controlled> ask(const HostPort& server, service::IdentityFiles identity,
                                                  const Pin& own_pin, const service::MakeRequest& make_request) const;
    /// Asks for what only a server can do that has the key on its list; a refusal is said, too.
    [[nodiscard]] OrExit<service::ControlAnswer> must(const HostPort& server, service::IdentityFiles identity,
                                                      const Pin& own_pin,
                                                      const service::MakeRequest& make_request) const;

    [[nodiscard]] const Invocation& invocation() const { return invocation_; }

  private:
    const Invocation& invocation_;
    service::ClientSettings usual_;
};

[[nodiscard]] Error renewal_refusal(const HostPort& server, const service::Controlled& answered);

// Requests.
[[nodiscard]] Result<service::ControlRequest> ask_name(const tls::ControlChannel& channel);
[[nodiscard]] Result<service::ControlRequest> finish_renewal(const tls::ControlChannel& channel);
/// What the next key says of itself and the present one, over this connection (identity/key_proof.h).
[[nodiscard]] Result<ByteVector> prove_next_key(const identity::Identity& next, const x509::PublicKey& present,
                                                const tls::ControlChannel& channel);

}  // namespace cotter::cli
