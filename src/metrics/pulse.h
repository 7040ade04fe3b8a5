// Pulse: when a reactor's loop last turned, for whoever asks from another thread whether it still does.
#pragma once

#include "stream/reactor.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace cotter::metrics {

class Pulse final : private stream::Ticking {
  public:
    explicit Pulse(stream::Reactor& reactor) : last_(reactor.now()) { reactor.watch(*this); }

    [[nodiscard]] stream::SteadyTime last() const { return last_.load(std::memory_order_relaxed); }

  private:
    void on_tick(stream::SteadyTime now) override { last_.store(now, std::memory_order_relaxed); }

    std::atomic<stream::SteadyTime> last_;
};

/// The longest that a loop which turns ten times a second is believed to be busy.
inline constexpr std::chrono::seconds kLongestBusy{10};

/// Which of those threads' loops has not turned for longer than that, in words; nothing: all turn.
[[nodiscard]] std::optional<std::string> why_stuck(std::span<const stream::SteadyTime> last_turns,
                                                   stream::SteadyTime now);
[[nodiscard]] std::optional<std::string> why_stuck(std::span<const Pulse* const> pulses, stream::SteadyTime now);

}  // namespace cotter::metrics
