// The state machine of a relay.
#include "stream/relay.h"

#include "stream/deadline.h"

#include <cerrno>
#include <utility>

namespace cotter::stream {
namespace {

// Closing over what the peer still sends is a reset, which some systems let overtake what they have received.
constexpr std::chrono::seconds kLostPlainLinger{2};
// A stream that has lasted so long goes before those who have yet to shake hands.
constexpr std::chrono::milliseconds kEstablished{200};

}  // namespace

std::string_view text_of(EndReason reason) {
    switch (reason) {
        case EndReason::kDone: return "done";
        case EndReason::kTruncated: return "truncated";
        case EndReason::kPeerReset: return "peer_reset";
        case EndReason::kPeerFault: return "peer_fault";
        case EndReason::kPlainReset: return "plain_reset";
        case EndReason::kIdle: return "idle";
        case EndReason::kLifetime: return "lifetime";
        case EndReason::kVerdictExpired: return "expired";
        case EndReason::kNoLongerAdmitted: return "no_longer_admitted";
        case EndReason::kDisconnected: return "disconnected";
        case EndReason::kDrained: return "drained";
    }
    return "";
}

Relay::Relay(Reactor& reactor, Socket peer_socket, tls::Stream stream, Socket plain_socket, RelayLimits limits,
             OnEnd on_end)
    : reactor_(reactor),
      peer_(std::move(peer_socket)),
      plain_(std::move(plain_socket)),
      stream_(std::move(stream)),
      limits_(limits),
      on_end_(std::move(on_end)),
      started_(reactor.now()),
      active_(reactor.now()) {}

void Relay::start(EarlyBytes early) {
    const auto keep_alive = shared_from_this();
    reactor_.watch(*this);
    // Unlike TLS, the plain side can't tell the end of the data from the end of this process.
    reset_when_closed(plain_, true);
    if (!early.to_plain.empty()) deliver(plain_, to_plain_, early.to_plain, EndReason::kPlainReset);
    if (!is_ended_ && !early.to_peer.empty()) deliver(peer_, to_peer_, early.to_peer, EndReason::kPeerReset);
    if (!is_ended_) decrypt(early.ciphertext);  // even of nothing: OpenSSL may hold a record's worth
    if (is_ended_) return;
    if (!peer_finished_ && to_plain_.empty()) {
        arm_peer_read();
    } else {
        watch(peer_, peer_watched_, peer_read_armed_, EndReason::kPeerReset);
    }
    if (to_peer_.empty()) arm_plain_read();
}

void Relay::stop(EndReason reason) {
    end(reason);
}

void Relay::on_tick(SteadyTime now) {
    if (now >= later(active_, limits_.idle)) {
        end(EndReason::kIdle);
    } else if (now >= later(started_, limits_.lifetime)) {
        end(EndReason::kLifetime);
    } else if (now >= limits_.verdict_ends) {
        end(EndReason::kVerdictExpired);
    } else if (plain_lost_ && to_peer_.empty() && unsent_octets(peer_) == 0) {
        if (!peer_has_all_since_) peer_has_all_since_ = now;
        if (now >= *peer_has_all_since_ + kLostPlainLinger) end(EndReason::kPlainReset);
    } else if (peer_held_ || plain_held_) {
        go_on_reading();
    }
}

std::size_t Relay::allowance(Throttle::Direction direction, std::size_t wanted) const {
    for (const auto& throttle : throttles_) {
        // Whoever holds it shares it.
        const auto sharers = static_cast<std::size_t>(throttle.use_count());
        wanted = std::min(wanted, throttle->allowance(direction, sharers, reactor_.now()));
    }
    return wanted;
}

void Relay::spend(Throttle::Direction direction, std::size_t octets) const {
    for (const auto& throttle : throttles_) throttle->spend(direction, octets);
}

void Relay::go_on_reading() {
    const auto keep_alive = shared_from_this();
    if (std::exchange(peer_held_, false) && !peer_finished_ && to_plain_.empty()) read_peer();
    if (!is_ended_ && std::exchange(plain_held_, false) && !plain_finished_ && to_peer_.empty()) read_plain();
}

void Relay::read_peer() {
    const std::size_t allowed = allowance(Throttle::Direction::kFromPeer, from_peer_.wanted);
    if (allowed == 0) {
        peer_held_ = true;
        return watch(peer_, peer_watched_, peer_read_armed_, EndReason::kPeerReset);
    }
    const std::span<std::byte> lot = reactor_.lot(from_peer_.wanted);
    const std::span<std::byte> buffer = lot.first(std::min(lot.size(), allowed));
    const Moved received = receive(peer_, buffer);
    switch (received.outcome) {
        case Moved::Outcome::kWouldBlock: return arm_peer_read();
        case Moved::Outcome::kEnd: return end(plain_lost_ ? EndReason::kPlainReset : EndReason::kTruncated);
        case Moved::Outcome::kFailed: return end(EndReason::kPeerReset);
        case Moved::Outcome::kDone: break;
    }
    decrypt(buffer.first(received.size));
    if (is_ended_) return;
    if (active_ - started_ >= kEstablished) reactor_.stream_served();
    from_peer_.learn(received.size == buffer.size(), to_plain_.empty());
    if (peer_finished_ || !to_plain_.empty()) {
        return watch(peer_, peer_watched_, peer_read_armed_, EndReason::kPeerReset);
    }
    arm_peer_read();
}

void Relay::decrypt(Bytes ciphertext) {
    reactor_.wire().lend(ciphertext);
    const std::span<std::byte> buffer = reactor_.plaintext_buffer();
    const tls::Plaintext::Read read = stream_.read(buffer);
    if (read.size != 0) {
        active_ = reactor_.now();
        counts_.from_peer += read.size;
        spend(Throttle::Direction::kFromPeer, read.size);
        deliver(plain_, to_plain_, buffer.first(read.size), EndReason::kPlainReset);
        if (is_ended_) return;
    }
    send_wire_output();
    if (is_ended_) return;
    switch (read.reading) {
        case tls::Plaintext::Reading::kNeedsInput: break;
        case tls::Plaintext::Reading::kFailed: end(EndReason::kPeerFault); break;
        case tls::Plaintext::Reading::kCloseNotify:
            peer_finished_ = true;
            after_drain(to_plain_);
            break;
    }
}

void Relay::read_plain() {
    const std::size_t allowed = allowance(Throttle::Direction::kToPeer, from_plain_.wanted);
    if (allowed == 0) {
        plain_held_ = true;
        return watch(plain_, plain_watched_, plain_read_armed_, EndReason::kPlainReset);
    }
    const std::span<std::byte> lot = reactor_.lot(from_plain_.wanted);
    const std::span<std::byte> buffer = lot.first(std::min(lot.size(), allowed));
    const Moved received = receive(plain_, buffer);
    switch (received.outcome) {
        case Moved::Outcome::kWouldBlock: return arm_plain_read();
        case Moved::Outcome::kEnd: return end_of_plain();
        case Moved::Outcome::kFailed: return end(EndReason::kPlainReset);
        case Moved::Outcome::kDone: break;
    }
    active_ = reactor_.now();
    counts_.to_peer += received.size;
    spend(Throttle::Direction::kToPeer, received.size);
    reactor_.wire().lend({});
    if (!stream_.write(buffer.first(received.size))) return end(EndReason::kPeerFault);
    send_wire_output();
    if (is_ended_) return;
    if (active_ - started_ >= kEstablished) reactor_.stream_served();
    from_plain_.learn(received.size == buffer.size(), to_peer_.empty());
    if (!to_peer_.empty()) return watch(plain_, plain_watched_, plain_read_armed_, EndReason::kPlainReset);
    arm_plain_read();
}

void Relay::end_of_plain() {
    plain_finished_ = true;
    reactor_.wire().lend({});
    if (!stream_.close_notify()) return end(EndReason::kPeerFault);
    send_wire_output();
    if (is_ended_) return;
    watch(plain_, plain_watched_, plain_read_armed_, EndReason::kPlainReset);
    finish_if_done();
}

void Relay::send_wire_output() {
    tls::Wire& wire = reactor_.wire();
    if (!wire.output().empty()) deliver(peer_, to_peer_, wire.output(), EndReason::kPeerReset);
    wire.clear_output();
}

void Relay::deliver(Socket& socket, Waiting& waiting, Bytes bytes, EndReason on_failure) {
    if (plain_lost_ && &socket == &plain_) return;
    if (waiting.empty()) {
        const Moved sent = send(socket, bytes);
        if (sent.outcome == Moved::Outcome::kFailed) return broken(on_failure);
        bytes = bytes.subspan(sent.size);
        if (bytes.empty()) return;
        waiting.bytes = reactor_.take_buffer();
    }
    waiting.bytes.insert(waiting.bytes.end(), bytes.begin(), bytes.end());
    arm_write(socket, waiting, on_failure);
}

void Relay::drain(Socket& socket, Waiting& waiting, EndReason on_failure) {
    const Moved sent = send(socket, waiting.rest());
    if (sent.outcome == Moved::Outcome::kFailed) return broken(on_failure);
    waiting.sent += sent.size;
    if (sent.size != 0) active_ = reactor_.now();
    if (!waiting.rest().empty()) return arm_write(socket, waiting, on_failure);
    reactor_.give_back(std::exchange(waiting.bytes, {}));
    waiting.sent = 0;
    after_drain(waiting);
}

void Relay::after_drain(const Waiting& waiting) {
    if (!waiting.empty()) return;
    if (&waiting == &to_plain_) {
        if (!peer_finished_) {
            read_peer();
        } else if (!plain_shut_) {
            shut_down_writing(plain_);
            plain_shut_ = true;
        }
    } else if (!plain_finished_) {
        read_plain();
    }
    finish_if_done();
}

void Relay::arm_write(Socket& socket, Waiting& waiting, EndReason on_failure) {
    if (std::exchange(waiting.is_armed, true)) return;
    socket.async_wait(Socket::wait_write,
                      [self = shared_from_this(), &socket, &waiting, on_failure](const ErrorCode& fault) {
                          waiting.is_armed = false;
                          if (self->is_ended_ || waiting.empty()) return;
                          if (fault) return self->broken(on_failure);
                          self->drain(socket, waiting, on_failure);
                      });
}

void Relay::arm_peer_read() {
    if (std::exchange(peer_read_armed_, true)) return;
    peer_.async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& fault) {
        self->peer_read_armed_ = false;
        if (self->is_ended_ || self->peer_finished_ || !self->to_plain_.empty()) return;
        if (fault) return self->end(EndReason::kPeerReset);
        self->read_peer();
    });
}

void Relay::arm_plain_read() {
    if (std::exchange(plain_read_armed_, true)) return;
    plain_.async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& fault) {
        self->plain_read_armed_ = false;
        if (self->is_ended_ || self->plain_finished_ || !self->to_peer_.empty()) return;
        if (fault) return self->end(EndReason::kPlainReset);
        self->read_plain();
    });
}

void Relay::watch(Socket& socket, bool& is_watched, const bool& is_read, EndReason on_failure) {
    if (is_ended_ || !socket.is_open() || std::exchange(is_watched, true)) return;
    socket.async_wait(Socket::wait_error,
                      [self = shared_from_this(), &socket, &is_watched, &is_read, on_failure](const ErrorCode& fault) {
                          is_watched = false;
                          // Where it is read, reading meets the break itself, after what came before it.
                          if (fault || self->is_ended_ || is_read) return;
                          if (pending_error(socket) != 0) self->broken(on_failure);
                      });
}

void Relay::broken(EndReason reason) {
    if (reason == EndReason::kPlainReset && plain_finished_) return lose_plain();
    end(reason);
}

void Relay::lose_plain() {
    if (is_ended_ || std::exchange(plain_lost_, true)) return;
    plain_shut_ = true;
    reset(plain_);
    reactor_.give_back(std::exchange(to_plain_.bytes, {}));
    to_plain_.sent = 0;
    if (peer_finished_) return finish_if_done();
    arm_peer_read();
}

void Relay::finish_if_done() {
    if (is_ended_ || !peer_finished_ || !plain_finished_ || !to_plain_.empty() || !to_peer_.empty()) return;
    end(plain_lost_ ? EndReason::kPlainReset : EndReason::kDone);
}

void Relay::hear_last_words() {
    // As much as one read takes: who breaks off after an alert has said little before it.
    const std::span<std::byte> buffer = reactor_.receive_buffer();
    const Moved received = receive(peer_, buffer);
    if (received.outcome != Moved::Outcome::kDone) return;
    reactor_.wire().lend(buffer.first(received.size));
    static_cast<void>(stream_.read(reactor_.plaintext_buffer()));
    reactor_.wire().clear_output();
}

void Relay::end(EndReason reason) {
    if (std::exchange(is_ended_, true)) return;
    const auto keep_alive = shared_from_this();
    Ticking::unlink();
    // Our own write can meet the reset before the alert that came ahead of it was read.
    if (reason == EndReason::kPeerReset && !stream_.received_alert()) hear_last_words();
    if (reason == EndReason::kDone || (reason == EndReason::kPlainReset && plain_lost_)) {
        // Both have been given all that there was, the end included.
        reset_when_closed(plain_, false);
        ErrorCode ignored;
        peer_.close(ignored);
        plain_.close(ignored);
    } else {
        // Neither side may take what it has for the whole.
        reset(plain_);
        reset(peer_);
    }
    std::exchange(on_end_, nullptr)(reason, counts_, stream_.received_alert());
}

}  // namespace cotter::stream
