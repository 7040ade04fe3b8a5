// Looking at a server.
#include "service/probe.h"

#include "service/dialer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace cotter::service {
namespace {

Seen look(const ServerJudge& judge, const HostPort& dialled, const tls::Handshake& handshake) {
    const tls::Peer& peer = handshake.peer();
    Seen seen{peer, judge.judge(peer), std::nullopt, std::nullopt};
    if (!judge.has_policy()) return seen;
    seen.coverage = judge.coverage_of(peer, seen.verdict);
    if (seen.verdict.outcome != trust::Outcome::kTrusted)
        seen.incident = judge.incident_of(dialled, seen.verdict, handshake.connection_id());
    return seen;
}

}  // namespace

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
                if (settings.key_log && dialer->judge().judge(peer).wants_key_log)
                    dialer->use(read_key_log(*settings.key_log));
                outcome = look(dialer->judge(), settings.server, shaken->handshake);
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
