// NotaryDesk: answers questions about servers, one a connection, behind a service of cotter's own that lets only its
// clients through (service/serve.h). It listens at a UNIX socket that nobody else may open, in a thread of its own.
//
// A connection's first line says what it is: a question; "relay HOST:PORT", after which it goes on to another notary,
// which the owner has named; or "sealed", after which TLS begins with whoever stands behind a relay. A relay knows who
// asks and not what; the notary behind it what and not who.
#pragma once

#include "identity/identity.h"
#include "observatory/look.h"
#include "observatory/notary_address.h"
#include "stream/endpoint.h"

#include <cotter/error.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

namespace cotter::observatory {

struct DeskSettings {
    stream::UnixPath socket;
    identity::KeyFiles identity;    ///< an Ed25519 key: what it signs answers with, and shows to whom is sealed
    std::filesystem::path archive;  ///< what it has seen
    /// Loopback, private, link-local addresses and this machine's own may be looked at, too (INVARIANT A232).
    bool may_reach_private = false;
    std::vector<NotaryAddress> relays;  ///< whom questions may go on to
    double rate = 10;                   ///< looks in a second, at most; who comes beyond that is told so
    std::chrono::seconds keep{60};      ///< how long a look answers further questions about that server
    LookSettings look{.connect_timeout = std::chrono::milliseconds(3'000),
                      .handshake_timeout = std::chrono::milliseconds(3'000)};
};

class NotaryDesk {
  public:
    [[nodiscard]] static Result<std::unique_ptr<NotaryDesk>> open(const DeskSettings& settings);
    NotaryDesk(const NotaryDesk&) = delete;
    NotaryDesk& operator=(const NotaryDesk&) = delete;
    ~NotaryDesk();  ///< breaks off what is under way

  private:
    NotaryDesk();
    class Desk;
    std::unique_ptr<Desk> desk_;
};

}  // namespace cotter::observatory
