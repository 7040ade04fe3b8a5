// Resolving and connecting.
#include "stream/dial.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace cotter::stream {
namespace {

namespace asio = boost::asio;
using Endpoint = asio::generic::stream_protocol::endpoint;

struct Candidate {
    Endpoint endpoint;
    std::string text;
    bool is_unix = false;
};

std::optional<IpAddress> address_of(const asio::ip::address& address) {
    auto parsed = IpAddress::parse(address.to_string());
    return parsed ? std::optional(*parsed) : std::nullopt;
}

/// Waits for a connection; the error number that says how it went.
asio::awaitable<int> connect(Reactor& reactor, Socket& socket, const Endpoint& endpoint, SteadyTime until) {
    ErrorCode fault;
    socket.open(endpoint.protocol(), fault);
    if (fault) co_return fault.value();
    socket.native_non_blocking(true, fault);
    if (::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) co_return 0;
    if (errno != EINPROGRESS) co_return errno;
    Deadline deadline(reactor, until);
    deadline.guard(&socket);
    const auto [waiting] = co_await socket.async_wait(Socket::wait_write, asio::as_tuple(asio::use_awaitable));
    if (deadline.is_expired()) co_return ETIMEDOUT;
    if (waiting) co_return waiting.value();
    co_return pending_error(socket);
}

unexpected<Error> cannot_connect(const Target& target, std::string why) {
    return failed("cannot_connect", "connecting to " + target.to_string(), std::move(why),
                  "check that something listens there and that nothing between filters it");
}

asio::awaitable<Result<std::vector<Candidate>>> resolve(const HostPort& host, Reach reach, const Target& target) {
    std::vector<asio::ip::tcp::endpoint> found;
    if (const IpAddress* literal = host.host.address()) {
        found.emplace_back(asio::ip::make_address(literal->to_string()), host.port);
    } else {
        asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
        const auto [fault, results] = co_await resolver.async_resolve(host.host.to_string(), std::to_string(host.port),
                                                                      asio::ip::resolver_base::numeric_service,
                                                                      asio::as_tuple(asio::use_awaitable));
        if (fault) co_return cannot_connect(target, "the name can't be resolved: " + fault.message());
        for (const auto& result : results) found.push_back(result.endpoint());
    }
    std::vector<Candidate> candidates;
    for (const auto& endpoint : found) {
        const auto address = address_of(endpoint.address());
        const bool is_near = address && (is_loopback(*address) || is_private(*address));
        if (reach == Reach::kLoopbackOrPrivate && !is_near) continue;
        candidates.push_back({Endpoint(endpoint), endpoint.address().to_string()});
    }
    if (candidates.empty()) {
        co_return failed("target_exposed", "connecting to " + target.to_string(),
                         "the stream to the backend is not encrypted, and the address is neither loopback nor private",
                         "move the backend nearer, or say --unsafe-target");
    }
    co_return candidates;
}

}  // namespace

asio::awaitable<Result<Socket>> dial(Reactor& reactor, const Target& target, Reach reach,
                                     std::chrono::milliseconds timeout) {
    std::vector<Candidate> candidates;
    if (const auto* path = std::get_if<UnixPath>(&target.value)) {
        candidates.push_back({asio::local::stream_protocol::endpoint(path->path.string()), path->path.string(), true});
    } else {
        auto resolved = co_await resolve(std::get<HostPort>(target.value), reach, target);
        if (!resolved) co_return unexpected(resolved.error());
        candidates = std::move(*resolved);
    }
    std::string why;
    const SteadyTime end = later(std::chrono::steady_clock::now(), timeout);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now >= end) break;
        const auto share = (end - now) / static_cast<long>(candidates.size() - i);
        Socket socket(reactor.io());
        const int error = co_await connect(reactor, socket, candidates[i].endpoint, now + share);
        if (error == 0) {
            if (!candidates[i].is_unix) prepare_tcp(socket.native_handle());
            co_return socket;
        }
        why += (why.empty() ? "" : "; ") + candidates[i].text + ": " + std::generic_category().message(error);
    }
    co_return cannot_connect(target, why.empty() ? "no address could be tried in time" : why);
}

}  // namespace cotter::stream
