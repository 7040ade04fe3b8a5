// The look before the connection.
#include "service/status_lookup.h"

#include "service/dialer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace cotter::service {

expected<StatusPtr, ConnectFailure> look_up_status(const ClientSettings& settings, const std::stop_token& stop) {
    namespace asio = boost::asio;
    if (!settings.status.fetches()) return StatusPtr();
    ClientSettings looking = settings;
    looking.identity.reset();
    looking.stream.resumption = false;
    std::unique_ptr<Dialer> dialer;  // outlives the connection, which ends with the reactor
    stream::Reactor reactor;
    auto made = Dialer::make(looking, reactor, {}, ServerJudge::Intent::kLook);
    if (!made) return unexpected(ConnectFailure{made.error(), {}});
    dialer = std::move(*made);
    if (dialer->revocation_scope() == x509::RevocationScope::kOff) return StatusPtr();
    expected<StatusPtr, ConnectFailure> outcome = unexpected(ConnectFailure{
        Error{ErrorKind::kFailed, "interrupted", "looking at the server", "it was interrupted", {}, {}}, {}});
    const std::stop_callback stopping(stop, [&] { reactor.io().stop(); });
    asio::co_spawn(
        reactor.io(),
        [&]() -> asio::awaitable<void> {
            auto shaken = co_await dialer->shake_hands();
            // A TLS 1.2 server that wants a certificate of ours breaks off after it has shown all of its own.
            if (shaken || dialer->seen()) {
                outcome = dialer->fetch_status(shaken ? shaken->handshake.peer() : *dialer->seen(), stop);
            } else {
                outcome = unexpected(shaken.error());
            }
            reactor.io().stop();
        },
        asio::detached);
    reactor.run();
    return outcome;
}

}  // namespace cotter::service
