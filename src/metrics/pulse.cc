// When a loop counts as stuck.
#include "metrics/pulse.h"

#include <algorithm>

namespace cotter::metrics {

std::vector<stream::SteadyTime> last_turns(std::span<const Pulse* const> pulses) {
    std::vector<stream::SteadyTime> turns;
    turns.reserve(pulses.size());
    for (const Pulse* pulse : pulses) turns.push_back(pulse->last());
    return turns;
}

std::optional<std::size_t> first_stuck(std::span<const stream::SteadyTime> last_turns, stream::SteadyTime now,
                                       std::chrono::nanoseconds longest) {
    const auto stuck = std::ranges::find_if(last_turns, [&](stream::SteadyTime last) { return now - last > longest; });
    if (stuck == last_turns.end()) return std::nullopt;
    return static_cast<std::size_t>(stuck - last_turns.begin());
}

std::optional<std::string> why_stuck(std::span<const stream::SteadyTime> last_turns, stream::SteadyTime now) {
    const auto stuck = first_stuck(last_turns, now, kLongestBusy);
    if (!stuck) return std::nullopt;
    const auto busy = std::chrono::duration_cast<std::chrono::seconds>(now - last_turns[*stuck]);
    return "the loop of thread " + std::to_string(*stuck) + " has not turned for " + std::to_string(busy.count()) +
           " s";
}

}  // namespace cotter::metrics
