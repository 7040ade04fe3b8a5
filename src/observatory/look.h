// Look: what one server showed at one time. Looker: looks at servers, on one reactor. It offers no certificate, sends
// nothing after the handshake, and trusts nobody: what to think of a look is assessment.h.
#pragma once

#include "observatory/target.h"
#include "service/client_handshake.h"
#include "stream/reactor.h"
#include "tls/context.h"
#include "tls/library_context.h"
#include "tls/peer.h"

#include <cotter/error.h>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter::observatory {

/// What a server showed of itself. The chain is as presented; possession of the leaf's key may not have been proven,
/// where the server broke off.
struct Appearance {
    tls::Peer peer;
    std::string suite;  ///< "TLS_AES_128_GCM_SHA256"; empty where the handshake did not finish
    /// Newest first, of those that were tried: the one agreed on, and with LookSettings::tries_versions the older one.
    std::vector<trust::Protocol> versions;
};

/// Why a look came to less than a finished handshake: a code of Error or of a reason, and a sentence; escaped.
struct LookFailure {
    std::string code;
    std::string why;
};

struct Look {
    Target target;
    x509::Time at{};
    std::chrono::milliseconds took{};
    std::string address;  ///< that answered, "192.0.2.1:443"; empty: none did
    std::optional<Appearance> appearance;
    std::optional<LookFailure> failure;
};

struct LookSettings {
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds handshake_timeout{5'000};
    bool tries_versions = false;  ///< connects once more to see whether a server with TLS 1.3 takes TLS 1.2, too
    stream::Reach reach = stream::Reach::kAnywhere;
};

class Looker {
  public:
    /// `reactor` must outlive the looks.
    [[nodiscard]] static Result<std::unique_ptr<Looker>> make(stream::Reactor& reactor, const LookSettings& settings);

    /// Never fails: what went wrong is part of what was seen.
    [[nodiscard]] boost::asio::awaitable<Look> look(Target target);

  private:
    Looker(stream::Reactor& reactor, const LookSettings& settings, tls::LibraryContext library)
        : reactor_(reactor), settings_(settings), library_(std::move(library)) {}

    stream::Reactor& reactor_;
    LookSettings settings_;
    tls::LibraryContext library_;
    std::optional<tls::Context> context_;
    std::optional<tls::Context> older_context_;  ///< TLS 1.2 at most
};

}  // namespace cotter::observatory
