// Deadline: when it passes, the socket that it guards is cancelled, so that whoever waits on it goes on and finds it
// expired.
#pragma once

#include "stream/reactor.h"
#include "stream/socket.h"

namespace cotter::stream {

/// `now + after` without overflow.
[[nodiscard]] inline SteadyTime later(SteadyTime now, std::chrono::milliseconds after) {
    // In the coarser unit, since the longest of milliseconds is no number of nanoseconds.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyTime::max() - now);
    return after >= left ? SteadyTime::max() : now + after;
}

class Deadline final : private Ticking {
  public:
    Deadline(Reactor& reactor, SteadyTime at) : at_(at) { reactor.watch(*this); }

    /// The socket to cancel, until the next call or the end; null for none.
    void guard(Socket* socket) { socket_ = socket; }
    [[nodiscard]] bool is_expired() const { return is_expired_; }
    [[nodiscard]] SteadyTime at() const { return at_; }

  private:
    void on_tick(SteadyTime now) override {
        if (now < at_) return;
        is_expired_ = true;
        ErrorCode ignored;
        if (socket_ != nullptr && socket_->is_open()) socket_->cancel(ignored);
    }

    SteadyTime at_;
    Socket* socket_ = nullptr;
    bool is_expired_ = false;
};

}  // namespace cotter::stream
