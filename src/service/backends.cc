// Choosing, reaching and checking backends.
#include "service/backends.h"

#include "service/settings.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace cotter::service {
namespace {

namespace asio = boost::asio;
using stream::SteadyTime;

// How long one that failed is passed over where nothing checks it.
constexpr std::chrono::seconds kPassedOver{5};

}  // namespace

Backends::Backends(const ServiceSettings& settings, OnChange on_change)
    : settings_(settings), on_change_(std::move(on_change)) {
    for (const stream::Target& target : settings.backends) backends_.emplace_back(target);
}

std::vector<Backends::State> Backends::states() const {
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<State> states;
    for (const Backend& backend : backends_) states.push_back({&backend.target, backend.down_until.load() <= now});
    return states;
}

std::vector<Backends::Backend*> Backends::by_preference() {
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<Backend*> ordered;
    std::vector<Backend*> passed_over;
    for (Backend& backend : backends_) (backend.down_until.load() <= now ? ordered : passed_over).push_back(&backend);
    ordered.insert(ordered.end(), passed_over.begin(), passed_over.end());
    return ordered;
}

asio::awaitable<Result<stream::Socket>> Backends::dial(stream::Reactor& reactor, Backend& backend,
                                                       std::chrono::milliseconds timeout) {
    const auto reach = settings_.unsafe_target ? stream::Reach::kAnywhere : stream::Reach::kLoopbackOrPrivate;
    auto socket = co_await stream::dial(reactor, backend.target, reach, timeout);
    if (socket) {
        if (backend.down_until.exchange(SteadyTime::min()) != SteadyTime::min()) on_change_(backend.target, {});
    } else {
        const SteadyTime until =
            settings_.health_check ? SteadyTime::max() : std::chrono::steady_clock::now() + kPassedOver;
        if (backend.down_until.exchange(until) == SteadyTime::min()) on_change_(backend.target, socket.error().why);
    }
    co_return socket;
}

asio::awaitable<Result<Backends::Reached>> Backends::reach(stream::Reactor& reactor) {
    const SteadyTime end = stream::later(std::chrono::steady_clock::now(), settings_.stream.connect_timeout);
    const std::vector<Backend*> ordered = by_preference();
    Error failure;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (i != 0 && left.count() <= 0) break;
        auto socket = co_await dial(reactor, *ordered[i], left / static_cast<long>(ordered.size() - i));
        if (socket) co_return Reached{std::move(*socket), &ordered[i]->target};
        if (i == 0) {
            failure = socket.error();
        } else {
            failure.why += "; " + socket.error().what + ": " + socket.error().why;
        }
    }
    co_return unexpected(std::move(failure));
}

asio::awaitable<void> Backends::check(stream::Reactor& reactor) {
    if (!settings_.health_check) co_return;
    asio::steady_timer timer(reactor.io());
    for (;;) {
        for (Backend& backend : backends_)
            static_cast<void>(co_await dial(reactor, backend, settings_.stream.connect_timeout));
        timer.expires_after(*settings_.health_check);
        const auto [fault] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (fault) co_return;
    }
}

}  // namespace cotter::service
