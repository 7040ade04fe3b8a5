// Serving what the driver asks.
#include "backend.h"

#include "request.h"
#include "stream/listener.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>
#include <string>

namespace cotter::load {
namespace {

namespace asio = boost::asio;

using Shared = std::shared_ptr<Connection>;

asio::awaitable<void> give(Shared connection, std::uint64_t octets) {
    while (octets != 0) {
        const Bytes lot = bulk_lot().first(std::min<std::uint64_t>(octets, bulk_lot().size()));
        if (!co_await connection->send(lot)) co_return;
        octets -= lot.size();
    }
}

asio::awaitable<void> serve_bulk(Shared connection, Bulk bulk, std::uint64_t taken) {
    asio::co_spawn(co_await asio::this_coro::executor, give(connection, bulk.down), asio::detached);
    while (taken < bulk.up) {
        const Bytes octets = co_await connection->receive();
        if (octets.empty()) co_return;
        taken += octets.size();
    }
    // A direction without octets of its own has nothing else to tell its end by.
    if (bulk.up != 0) {
        static constexpr std::array kEnd{Bulk::kDone};
        static_cast<void>(co_await connection->send(kEnd));
    }
    // The connection is the driver's to end.
    while (!(co_await connection->receive()).empty()) continue;
}

asio::awaitable<void> serve(Shared connection) {
    if (!co_await connection->shake_hands()) co_return;
    ByteVector request;
    while (request.empty() || (request[0] == Bulk::kFirst && request.size() < Bulk::kSize)) {
        const Bytes octets = co_await connection->receive();
        if (octets.empty()) co_return;
        request.insert(request.end(), octets.begin(), octets.end());
    }
    if (request[0] == Bulk::kFirst) {
        co_await serve_bulk(connection, Bulk::decode(request), request.size() - Bulk::kSize);
    } else {
        while (!request.empty()) {
            if (!co_await connection->send(request)) co_return;
            const Bytes octets = co_await connection->receive();
            request.assign(octets.begin(), octets.end());
        }
    }
    co_await connection->finish();
}

}  // namespace

Result<void> run_backend(std::uint16_t port, const Tls* tls) {
    const auto address = stream::ListenAddress::parse("127.0.0.1:" + std::to_string(port));
    if (!address) return unexpected(address.error());
    auto socket = stream::ListenSocket::open(*address, false);
    if (!socket) return unexpected(socket.error());
    stream::Reactor reactor;
    asio::posix::stream_descriptor descriptor(reactor.io(), socket->hand_over());
    asio::co_spawn(reactor.io(),
                   stream::accept_each(
                       reactor, descriptor, [] { return true; },
                       [&](stream::Socket accepted) {
                           const auto connection = std::make_shared<Connection>(
                               reactor, std::move(accepted), tls == nullptr ? nullptr : tls->connection(nullptr));
                           asio::co_spawn(reactor.io(), serve(connection), asio::detached);
                       },
                       [](const std::string&) {}),
                   asio::detached);
    std::cout << "ready" << std::endl;
    reactor.run();
    return {};
}

}  // namespace cotter::load
