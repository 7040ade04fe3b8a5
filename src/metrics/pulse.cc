// When a loop counts as stuck.
#include "metrics/pulse.h"

#include <vector>

namespace cotter::metrics {

std::optional<std::string> why_stuck(std::span<const stream::SteadyTime> last_turns, stream::SteadyTime now) {
    for (std::size_t i = 0; i < last_turns.size(); ++i) {
        const auto busy = std::chrono::duration_cast<std::chrono::seconds>(now - last_turns[i]);
        if (now - last_turns[i] > kLongestBusy)
            return "the loop of thread " + std::to_string(i) + " has not turned for " + std::to_string(busy.count()) +
                   " s";
    }
    return std::nullopt;
}

std::optional<std::string> why_stuck(std::span<const Pulse* const> pulses, stream::SteadyTime now) {
    std::vector<stream::SteadyTime> last_turns;
    for (const Pulse* pulse : pulses) last_turns.push_back(pulse->last());
    return why_stuck(last_turns, now);
}

}  // namespace cotter::metrics
