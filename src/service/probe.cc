// Looking at a server.
#include "service/probe.h"

#include "service/dialer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace cotter::service {

expected<Seen, ConnectFailure> probe(const ClientSettings& settings) {
    namespace asio = boost::asio;
    std::unique_ptr<Dialer> dialer;  // outlives the connections, which end with the reactor
    stream::Reactor reactor;
    auto made = Dialer::make(settings, reactor, {}, ServerJudge::Intent::kLook);
    if (!made) return unexpected(ConnectFailure{made.error(), {}});
    dialer = std::move(*made);
    expected<Seen, ConnectFailure> outcome = unexpected(ConnectFailure{
        Error{ErrorKind::kFailed, "interrupted", "looking at the server", "it was interrupted", {}, {}}, {}});
    asio::co_spawn(
        reactor.io(),
        [&]() -> asio::awaitable<void> {
            auto shaken = co_await dialer->shake_hands();
            if (shaken) {
                const tls::Peer& peer = shaken->handshake.peer();
                if (settings.status.fetches()) dialer->use(dialer->fetch_status(peer));
                outcome = Seen{peer, dialer->judge_again(shaken->handshake.peer())};
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
