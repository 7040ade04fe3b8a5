// Asking a server over "cotter-control/1".
#include "service/control.h"

#include "service/exchange.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kMostExchange{10};

ConnectFailure no_control_answer(const ClientSettings& settings, std::string why, const std::string& connection_id) {
    return no_answer("control_no_answer", "asking " + settings.server.to_string(), std::move(why), connection_id);
}

}  // namespace

asio::awaitable<expected<Controlled, ConnectFailure>> control_over(Shaken shaken, Dialer& dialer,
                                                                   MakeRequest make_request) {
    const std::string connection_id = shaken.handshake.connection_id();
    if (shaken.handshake.peer().application == tls::Application::kBare) {
        co_return unexpected(no_control_answer(
            dialer.settings(), "it does not speak cotter-control/1: another program, or an older cotter",
            connection_id));
    }
    auto channel = tls::open_control(std::move(shaken.handshake));
    if (!channel) co_return unexpected(ConnectFailure{channel.error(), connection_id});
    const auto request = make_request(*channel);
    if (!request) co_return unexpected(ConnectFailure{request.error(), connection_id});
    stream::Reactor& reactor = dialer.reactor();
    stream::Deadline deadline(reactor, stream::later(std::chrono::steady_clock::now(), kMostExchange));
    deadline.guard(&shaken.socket);
    const auto answer = co_await ask(reactor, shaken.socket, *channel, to_bytes(*request), std::move(shaken.unread),
                                     kMostControlAnswer, deadline);
    if (!answer) {
        const auto alert = channel->received_alert();
        if (alert && alert->refuses_certificate())
            co_return unexpected(ConnectFailure{NotAdmitted{*alert}, connection_id});
        co_return unexpected(no_control_answer(dialer.settings(), answer.error(), connection_id));
    }
    auto parsed = parse_control_answer(*answer);
    if (!parsed) co_return unexpected(ConnectFailure{parsed.error(), connection_id});
    co_return Controlled{std::move(*parsed), connection_id};
}

expected<Controlled, ConnectFailure> control(const ClientSettings& settings, MakeRequest make_request) {
    std::unique_ptr<Dialer> dialer;  // outlives the connections, which end with the reactor
    stream::Reactor reactor;
    auto made = Dialer::make(settings, reactor, {tls::Application::kControl});
    if (!made) return unexpected(ConnectFailure{made.error(), {}});
    dialer = std::move(*made);
    expected<Controlled, ConnectFailure> outcome = unexpected(no_control_answer(settings, "it was interrupted", {}));
    asio::co_spawn(
        reactor.io(),
        [&]() -> asio::awaitable<void> {
            auto shaken = co_await dialer->shake_hands();
            if (shaken) {
                outcome = co_await control_over(std::move(*shaken), *dialer, make_request);
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
