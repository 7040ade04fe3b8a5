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
    Ticking(const Ticking&) = delete;
    Ticking& operator=(const Ticking&) = delete;

    virtual void on_tick(SteadyTime now) = 0;

  protected:
    Ticking() = default;
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
    [[nodiscard]] std::span<std::byte> receive_buffer() { return {receive_buffer_.get(), kReceive}; }
    [[nodiscard]] std::span<std::byte> plaintext_buffer() { return {plaintext_buffer_.get(), kPlaintext}; }
    /// The part of the receive buffer that one stream may fill now: as much as it wants, up to kReceive, until the
    /// streams have had kPerRound in this round of the loop; then kLeastLot, so that none holds up the others for long.
    [[nodiscard]] std::span<std::byte> lot(std::size_t wanted);

    /// The time of the last tick or begin of an event; never more than a tick behind.
    [[nodiscard]] SteadyTime now() const { return now_; }

    /// Has `ticking` asked from now on, until it dies or leaves.
    void watch(Ticking& ticking) { ticking_.push_back(ticking); }

    /// Waits for its turn. What is long beside a stream's round trip, such as a step of a handshake, goes on in turns:
    /// one each time round the loop, first come first served, so that an open stream never waits for a crowd of them.
    [[nodiscard]] boost::asio::awaitable<void> turn();

    /// Tells that an established stream has just been served. Its answer is likely near, so the next turn is held back
    /// for a moment, once, lest the answer meet a step of a stranger's handshake.
    void stream_served() { is_stream_served_ = true; }

    /// Buffers for bytes that could not be sent at once; empty ones come back here.
    [[nodiscard]] ByteVector take_buffer();
    void give_back(ByteVector buffer);

    /// Large, since what costs most in bulk is to wake the other side, once a send.
    static constexpr std::size_t kReceive = 1U << 20U;
    static constexpr std::size_t kLeastLot = 64U << 10U;
    static constexpr std::size_t kPerRound = 4 * kReceive;
    /// What was lent, and the record that OpenSSL may hold the beginning of.
    static constexpr std::size_t kPlaintext = kReceive + (32U << 10U);
    static constexpr std::chrono::milliseconds kTick{100};
    /// What a service on the same machine takes to answer.
    static constexpr std::chrono::microseconds kHold{80};

  private:
    using TickingList = boost::intrusive::list<Ticking, boost::intrusive::constant_time_size<false>>;

    void tick();
    void arrange_turn();
    void hold_or_give_turn();
    void give_turn();

    boost::asio::io_context io_{1};
    tls::Wire wire_;
    // Not filled: what is never used is never had.
    std::unique_ptr<std::byte[]> receive_buffer_ = std::make_unique_for_overwrite<std::byte[]>(kReceive);
    std::unique_ptr<std::byte[]> plaintext_buffer_ = std::make_unique_for_overwrite<std::byte[]>(kPlaintext);
    std::size_t taken_this_round_ = 0;
    std::vector<ByteVector> spare_buffers_;
    boost::asio::steady_timer timer_{io_};
    SteadyTime now_ = std::chrono::steady_clock::now();
    TickingList ticking_;
    std::deque<std::move_only_function<void()>> turns_;  ///< what goes on at each
    boost::asio::steady_timer hold_{io_};
    bool is_stream_served_ = false;  ///< since the last turn
};

}  // namespace cotter::stream
