// Reactor: one thread's event loop with what its connections borrow: the TLS wire, buffers while bytes move, a coarse
// clock. A connection lives and dies on one reactor.
#pragma once

#include "stream/steady_time.h"
#include "tls/wire.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace cotter::stream {

/// Something with deadlines: asked ten times a second whether one has passed. Registered while it lives.
class Ticking : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    virtual void on_tick(SteadyTime now) = 0;

  protected:
    Ticking() = default;
    Ticking(const Ticking&) = delete;
    Ticking& operator=(const Ticking&) = delete;
    ~Ticking() = default;
};

class Reactor {
  public:
    Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Runs until io().stop().
    void run();

    [[nodiscard]] boost::asio::io_context& io() { return io_; }
    [[nodiscard]] tls::Wire& wire() { return wire_; }

    /// Lent until the next suspension: one recv's worth, and room for what it decrypts to.
    [[nodiscard]] std::span<std::byte> receive_buffer() { return receive_buffer_; }
    [[nodiscard]] std::span<std::byte> plaintext_buffer() { return plaintext_buffer_; }

    /// The time of the last tick or begin of an event; never more than a tick behind.
    [[nodiscard]] SteadyTime now() const { return now_; }

    /// Has `ticking` asked from now on, until it dies or leaves.
    void watch(Ticking& ticking) { ticking_.push_back(ticking); }

    /// Waits for its turn. What is long beside a stream's round trip, such as a step of a handshake, goes on in turns:
    /// one each time round the loop, first come first served, so that an open stream never waits for a crowd of them.
    [[nodiscard]] boost::asio::awaitable<void> turn();

    /// Buffers for bytes that could not be sent at once; empty ones come back here.
    [[nodiscard]] ByteVector take_buffer();
    void give_back(ByteVector buffer);

    static constexpr std::size_t kReceive = 128U << 10U;
    /// What was lent, and the record that OpenSSL may hold the beginning of.
    static constexpr std::size_t kPlaintext = kReceive + (32U << 10U);
    static constexpr std::chrono::milliseconds kTick{100};

  private:
    using TickingList = boost::intrusive::list<Ticking, boost::intrusive::constant_time_size<false>>;

    void tick();
    void give_turn();

    boost::asio::io_context io_{1};
    tls::Wire wire_;
    ByteVector receive_buffer_{kReceive};
    ByteVector plaintext_buffer_{kPlaintext};
    std::vector<ByteVector> spare_buffers_;
    boost::asio::steady_timer timer_{io_};
    SteadyTime now_ = std::chrono::steady_clock::now();
    TickingList ticking_;
    std::deque<std::move_only_function<void()>> turns_;  ///< what goes on at each
};

}  // namespace cotter::stream
