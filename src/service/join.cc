// The client's side of the join exchange.
#include "service/join.h"

#include "service/dialer.h"
#include "service/exchange.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

ConnectFailure no_join_answer(const ClientSettings& settings, std::string why, const std::string& connection_id) {
    return no_answer("join_no_answer", "joining at " + settings.server.to_string(), std::move(why), connection_id);
}

asio::awaitable<expected<Joined, ConnectFailure>> exchange(Dialer& dialer, const registry::InvitationSecret& secret) {
    auto shaken = co_await dialer.shake_hands();
    if (!shaken) co_return unexpected(shaken.error());
    const std::string connection_id = shaken->handshake.connection_id();
    auto channel = tls::open_join(std::move(shaken->handshake));
    if (!channel) co_return unexpected(ConnectFailure{channel.error(), connection_id});

    stream::Reactor& reactor = dialer.reactor();
    stream::Deadline deadline(
        reactor, stream::later(std::chrono::steady_clock::now(), dialer.settings().stream.handshake_timeout));
    deadline.guard(&shaken->socket);
    const auto answer = co_await ask(reactor, shaken->socket, *channel, join_request(secret), std::move(shaken->unread),
                                     kMostJoinAnswer, deadline);
    if (!answer) {
        const auto alert = channel->received_alert();
        if (alert && alert->refuses_certificate())
            co_return unexpected(ConnectFailure{NotAdmitted{*alert}, connection_id});
        co_return unexpected(no_join_answer(dialer.settings(), answer.error(), connection_id));
    }
    auto parsed = parse_join_answer(*answer);
    if (!parsed) co_return unexpected(ConnectFailure{parsed.error(), connection_id});
    co_return Joined{std::move(*parsed), connection_id};
}

}  // namespace

expected<Joined, ConnectFailure> join(const ClientSettings& settings, const registry::InvitationSecret& secret) {
    std::unique_ptr<Dialer> dialer;  // outlives the connections, which end with the reactor
    stream::Reactor reactor;
    auto made = Dialer::make(settings, reactor, {tls::Application::kJoin});
    if (!made) return unexpected(ConnectFailure{made.error(), {}});
    dialer = std::move(*made);
    expected<Joined, ConnectFailure> outcome = unexpected(no_join_answer(settings, "it was interrupted", {}));
    asio::co_spawn(
        reactor.io(),
        [&]() -> asio::awaitable<void> {
            outcome = co_await exchange(*dialer, secret);
            reactor.io().stop();
        },
        asio::detached);
    reactor.run();
    return outcome;
}

}  // namespace cotter::service
