// Coroutines, one a connection that is open at once.
#include "drive.h"

#include "request.h"
#include "stream/await.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <functional>
#include <iostream>
#include <optional>

namespace cotter::load {
namespace {

namespace asio = boost::asio;
using Clock = Tally::Clock;

/// What the coroutines of one driver share.
struct Run {
    explicit Run(const Drive& of) : drive(of), left(of.count) {}

    /// Takes one piece of the work, if any is left.
    [[nodiscard]] bool take() { return left != 0 && left-- != 0; }
    [[nodiscard]] Connection connection(stream::Socket socket, SessionPtr* session) {
        return Connection(reactor, std::move(socket), drive.tls == nullptr ? nullptr : drive.tls->connection(session));
    }

    /// Runs so many of these to their ends.
    Tally work(const std::function<asio::awaitable<void>()>& worker) {
        tally.begin();
        running = drive.connections;
        for (std::uint64_t i = 0; i < drive.connections; ++i) {
            asio::co_spawn(reactor.io(), worker(), [this](const std::exception_ptr& fault) {
                if (fault) tally.failed();
                if (--running == 0) reactor.io().stop();
            });
        }
        reactor.run();
        return std::move(tally);
    }

    Drive drive;
    stream::Reactor reactor;
    Tally tally;
    std::uint64_t left;
    std::uint64_t running = 0;
    std::uint64_t opened = 0;
    bool is_broken = false;  ///< one of those who wait for each other is gone
};

/// Opened and one octet echoed.
asio::awaitable<bool> reach(Connection& connection) {
    static constexpr std::array kOne{kEcho};
    const bool is_up = co_await connection.shake_hands();
    if (!is_up) co_return false;
    const bool is_sent = co_await connection.send(kOne);
    if (!is_sent) co_return false;
    const Bytes echoed = co_await connection.receive();
    co_return !echoed.empty();
}

/// A connection before its handshake; none counts as a failure.
asio::awaitable<std::optional<Connection>> dial(Run& run, SessionPtr* session) {
    stream::Socket socket = co_await connect(run.reactor, run.drive.port);
    if (socket.is_open()) co_return run.connection(std::move(socket), session);
    run.tally.failed();
    co_return std::nullopt;
}

asio::awaitable<void> shake_hands(Run& run, bool resume) {
    SessionPtr session;
    while (run.take()) {
        const auto begin = Clock::now();
        auto connection = co_await dial(run, resume ? &session : nullptr);
        if (!connection) continue;
        const bool is_reached = co_await reach(*connection);
        if (!is_reached) {
            run.tally.failed();
            continue;
        }
        if (connection->is_resumed()) run.tally.resumed();
        run.tally.done(begin);
        co_await connection->finish();
    }
}

asio::awaitable<void> be_refused(Run& run) {
    while (run.take()) {
        const auto begin = Clock::now();
        auto connection = co_await dial(run, nullptr);
        if (!connection) continue;
        const bool is_let_in = co_await reach(*connection);
        if (is_let_in) {
            run.tally.failed();
        } else {
            run.tally.done(begin);
        }
    }
}

asio::awaitable<void> send_lots(Run& run, Connection& connection, std::uint64_t octets, asio::steady_timer& finished) {
    while (octets != 0) {
        const Bytes lot = bulk_lot().first(std::min<std::uint64_t>(octets, bulk_lot().size()));
        const bool is_sent = co_await connection.send(lot);
        if (!is_sent) break;
        octets -= lot.size();
        run.tally.moved(lot.size());
    }
    finished.cancel();
}

asio::awaitable<void> move_bulk(Run& run, Bulk bulk) {
    const auto begin = Clock::now();
    auto dialled = co_await dial(run, nullptr);
    if (!dialled) co_return;
    Connection& connection = *dialled;
    const bool is_up = co_await connection.shake_hands();
    if (!is_up) co_return run.tally.failed();
    const auto request = bulk.encode();
    const bool is_asked = co_await connection.send(request);
    if (!is_asked) co_return run.tally.failed();
    asio::steady_timer sent(run.reactor.io(), Clock::time_point::max());
    asio::co_spawn(run.reactor.io(), send_lots(run, connection, bulk.up, sent), asio::detached);
    // The backend's last octet says that it has all.
    std::uint64_t expected = bulk.down + (bulk.up != 0 ? 1 : 0);
    while (expected != 0) {
        const Bytes octets = co_await connection.receive();
        if (octets.empty()) {
            // The sender holds this connection until it finds it broken.
            static_cast<void>(co_await sent.async_wait(asio::as_tuple(asio::use_awaitable)));
            co_return run.tally.failed();
        }
        expected -= octets.size();
        run.tally.moved(octets.size());
    }
    run.tally.done(begin);
    co_await connection.finish();
}

asio::awaitable<void> echo(Run& run, std::uint64_t size) {
    stream::Socket socket = co_await connect(run.reactor, run.drive.port);
    Connection connection = run.connection(std::move(socket), nullptr);
    const bool is_reached = connection.socket().is_open() ? co_await reach(connection) : false;
    if (!is_reached) {
        run.is_broken = true;
        co_return run.tally.failed();
    }
    const Bytes lot = bulk_lot().first(size);
    // Nobody begins before all are there: an echo's time has no handshake in it.
    if (++run.opened == run.drive.connections) run.tally.begin();
    while (run.opened < run.drive.connections && !run.is_broken) {
        asio::steady_timer pause(run.reactor.io(), std::chrono::milliseconds(1));
        co_await pause.async_wait(asio::use_awaitable);
    }
    while (run.take()) {
        const auto begin = Clock::now();
        const bool is_sent = co_await connection.send(lot);
        if (!is_sent) co_return run.tally.failed();
        for (std::uint64_t echoed = 0; echoed < size;) {
            const Bytes octets = co_await connection.receive();
            if (octets.empty()) co_return run.tally.failed();
            echoed += octets.size();
        }
        run.tally.done(begin);
    }
    co_await connection.finish();
}

/// Whoever started this program ends it by closing its standard input.
asio::awaitable<void> until_told(stream::Reactor& reactor) {
    std::cout << "open" << std::endl;
    asio::posix::stream_descriptor input(reactor.io(), ::dup(STDIN_FILENO));
    static_cast<void>(
        co_await input.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable)));
    reactor.io().stop();
}

asio::awaitable<void> stay(Run& run, std::vector<std::unique_ptr<Connection>>& held) {
    while (run.take()) {
        const auto begin = Clock::now();
        auto dialled = co_await dial(run, nullptr);
        if (!dialled) co_return;
        auto connection = std::make_unique<Connection>(std::move(*dialled));
        const bool is_reached = co_await reach(*connection);
        if (!is_reached) co_return run.tally.failed();
        run.tally.done(begin);
        held.push_back(std::move(connection));
    }
}

enum class Attack : std::uint8_t { kHalf, kSlow, kStranger };

asio::awaitable<void> attack(Run& run, Attack kind, std::uint32_t source) {
    constexpr std::chrono::milliseconds kPatience{1000};
    constexpr std::chrono::milliseconds kPause{20};
    for (;;) {
        const auto begin = Clock::now();
        stream::Socket socket = co_await connect(run.reactor, run.drive.port, source);
        if (!socket.is_open()) {
            asio::steady_timer pause(run.reactor.io(), kPause);
            co_await pause.async_wait(asio::use_awaitable);
            continue;
        }
        Connection connection = run.connection(std::move(socket), nullptr);
        if (kind == Attack::kStranger) {
            static_cast<void>(co_await reach(connection));
        } else {
            const ByteVector hello = connection.client_hello();
            const std::size_t first = kind == Attack::kHalf ? hello.size() / 2 : 1;
            bool is_open = co_await stream::send_all(connection.socket(), Bytes(hello).first(first));
            for (std::size_t sent = first; is_open && Clock::now() - begin < kPatience;) {
                asio::steady_timer pause(run.reactor.io(), kPause);
                co_await pause.async_wait(asio::use_awaitable);
                if (kind == Attack::kHalf) continue;
                is_open = co_await stream::send_all(connection.socket(), Bytes(hello).subspan(sent++, 1));
            }
        }
        run.tally.done(begin);
    }
}

}  // namespace

Tally drive_handshakes(const Drive& drive, bool resume) {
    Run run(drive);
    return run.work([&] { return shake_hands(run, resume); });
}

Tally drive_strangers(const Drive& drive) {
    Run run(drive);
    return run.work([&] { return be_refused(run); });
}

Tally drive_bulk(const Drive& drive, bool up, bool down) {
    Run run(drive);
    const std::uint64_t each = drive.count / drive.connections / (up && down ? 2 : 1);
    return run.work([&] { return move_bulk(run, {up ? each : 0, down ? each : 0}); });
}

Tally drive_echo(const Drive& drive, std::uint64_t size) {
    Run run(drive);
    return run.work([&] { return echo(run, size); });
}

Tally drive_idle(const Drive& drive) {
    // A few at a time, so that none waits for long.
    constexpr std::uint64_t kOpeners = 8;
    Run run({drive.port, drive.tls, std::min(kOpeners, drive.connections), drive.connections});
    std::vector<std::unique_ptr<Connection>> held;
    Tally tally = run.work([&] { return stay(run, held); });
    run.reactor.io().restart();
    asio::co_spawn(run.reactor.io(), until_told(run.reactor), asio::detached);
    run.reactor.run();
    return tally;
}

Tally drive_flood(const Drive& drive) {
    constexpr std::uint32_t kSources = 250;
    Run run(drive);
    asio::co_spawn(run.reactor.io(), until_told(run.reactor), asio::detached);
    std::uint32_t number = 0;
    return run.work([&] {
        const auto kind = static_cast<Attack>(number % 3);
        const std::uint32_t source = (1U << 16U) + 1 + number % kSources;
        ++number;
        return attack(run, kind, source);
    });
}

}  // namespace cotter::load
