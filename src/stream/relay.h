// Relay: bytes between the plaintext of a TLS stream and a plain socket, both ways, until both have ended. Each
// direction has one bounded buffer, used only while the receiver is slower than the sender: what can't be written is
// not read.
#pragma once

#include "stream/reactor.h"
#include "stream/relay_end.h"
#include "stream/socket.h"
#include "stream/throttle.h"
#include "tls/handshake.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cotter::stream {

/// Bytes that came before the relay began.
struct EarlyBytes {
    ByteVector ciphertext;  ///< received from the TLS side and not yet asked for
    ByteVector to_plain;    ///< to send to the plain side first (PROXY protocol)
    ByteVector to_peer;     ///< ciphertext to send to the TLS side first
};

class Relay final : public std::enable_shared_from_this<Relay>, private Ticking {
  public:
    using OnEnd = std::function<void(EndReason, const RelayCounts&, std::optional<tls::Alert>)>;

    Relay(Reactor& reactor, Socket peer_socket, tls::Stream stream, Socket plain_socket, RelayLimits limits,
          OnEnd on_end);

    /// Begins; keeps itself alive until the end, which `on_end` is told exactly once.
    void start(EarlyBytes early);
    /// Ends both directions at once, by resets on both sides.
    void stop(EndReason reason);
    /// What bounds its rate from now on, besides the sockets; none: nothing.
    void hold_to(std::vector<std::shared_ptr<Throttle>> throttles) { throttles_ = std::move(throttles); }

    [[nodiscard]] tls::Stream& stream() { return stream_; }
    [[nodiscard]] const RelayCounts& counts() const { return counts_; }

  private:
    /// Octets that wait for a socket to take them.
    struct Waiting {
        ByteVector bytes;
        std::size_t sent = 0;
        bool is_armed = false;
        [[nodiscard]] bool empty() const { return bytes.empty(); }
        [[nodiscard]] Bytes rest() const { return Bytes(bytes).subspan(sent); }
    };

    /// How much the next read of a side may take: more while all that is read is also sent at once, less while the
    /// other side is slower, since that much then waits in memory.
    struct Lot {
        std::size_t wanted = Reactor::kLeastLot;
        void learn(bool was_full, bool was_delivered) {
            if (!was_delivered) {
                wanted = std::max(wanted / 2, Reactor::kLeastLot);
            } else if (was_full) {
                wanted = std::min(2 * wanted, Reactor::kReceive);
            }
        }
    };

    void on_tick(SteadyTime now) override;

    /// How much may be read of a side now, at most `wanted`.
    [[nodiscard]] std::size_t allowance(Throttle::Direction direction, std::size_t wanted) const;
    void spend(Throttle::Direction direction, std::size_t octets) const;
    /// Reads what was not read because it was too early.
    void go_on_reading();

    void read_peer();
    void decrypt(Bytes ciphertext);
    void read_plain();
    void end_of_plain();
    void send_wire_output();

    /// Sends what it can at once and keeps the rest.
    void deliver(Socket& socket, Waiting& waiting, Bytes bytes, EndReason on_failure);
    void drain(Socket& socket, Waiting& waiting, EndReason on_failure);
    void arm_write(Socket& socket, Waiting& waiting, EndReason on_failure);
    void arm_peer_read();
    void arm_plain_read();
    /// While a side isn't read, only this tells that it broke. Armed at most once.
    void watch(Socket& socket, bool& is_watched, const bool& is_read, EndReason on_failure);
    void after_drain(const Waiting& waiting);
    /// A socket broke: ends the relay, unless what the plain side said is whole and still on its way.
    void broken(EndReason reason);
    /// The plain side said all that it had to say and then went away: the peer gets all of it, and what it sends now
    /// has nobody to go to.
    void lose_plain();
    void finish_if_done();
    /// What the peer sent before it broke off, read for the alert that it may hold.
    void hear_last_words();
    void end(EndReason reason);

    Reactor& reactor_;
    Socket peer_;
    Socket plain_;
    tls::Stream stream_;
    Waiting to_plain_;
    Waiting to_peer_;
    Lot from_peer_;
    Lot from_plain_;
    RelayLimits limits_;
    std::vector<std::shared_ptr<Throttle>> throttles_;
    RelayCounts counts_;
    OnEnd on_end_;
    SteadyTime started_;
    SteadyTime active_;
    bool peer_finished_ = false;   ///< close_notify came
    bool plain_finished_ = false;  ///< end of data came
    bool plain_shut_ = false;      ///< we passed the peer's end on
    bool plain_lost_ = false;      ///< it went away after its end of data
    bool peer_read_armed_ = false;
    bool plain_read_armed_ = false;
    bool peer_held_ = false;  ///< not read until a tick, by a throttle
    bool plain_held_ = false;
    bool peer_watched_ = false;
    bool plain_watched_ = false;
    std::optional<SteadyTime> peer_has_all_since_;  ///< of what was said before the plain side was lost
    bool is_ended_ = false;
};

}  // namespace cotter::stream
