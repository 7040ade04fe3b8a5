// Pulse: when a reactor's loop last turned, for whoever asks from another thread whether it still does.
#pragma once

#include "stream/reactor.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cotter::metrics {

class Pulse final : private stream::Ticking {
  public:
    explicit Pulse(stream::Reactor& reactor) : last_(reactor.now()) { reactor.watch(*this); }

    [[nodiscard]] stream::SteadyTime last() const { return last_.load(std::memory_order_relaxed); }

  private:
    void on_tick(stream::SteadyTime now) override { last_.store(now, std::memory_order_relaxed); }

    std::atomic<stream::SteadyTime> last_;
};

[[nodiscard]] std::vector<stream::SteadyTime> last_turns(std::span<const Pulse* const> pulses);

/// The longest that a loop which turns ten times a second is believed to be busy.
inline constexpr std::chrono::seconds kLongestBusy{10};

/// The first of those loops that has not turned for longer than `longest`; nothing: all turn.
[[nodiscard]] std::optional<std::size_t> first_stuck(std::span<const stream::SteadyTime> last_turns,
                                                     stream::SteadyTime now, std::chrono::nanoseconds longest);
/// Which of those threads' loops has not turned for longer than kLongestBusy, in words; nothing: all turn.
[[nodiscard]] std::optional<std::string> why_stuck(std::span<const stream::SteadyTime> last_turns,
                                                   stream::SteadyTime now);

}  // namespace cotter::metrics
