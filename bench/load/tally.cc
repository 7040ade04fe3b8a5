// The tally as JSON.
#include "tally.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cotter::load {

std::string Tally::to_json() const {
    using Microseconds = std::chrono::duration<double, std::micro>;
    using Seconds = std::chrono::duration<double>;
    const double seconds = Seconds(Clock::now() - begin_).count();
    std::vector<Clock::duration> sorted = latencies_;
    std::ranges::sort(sorted);
    // The smallest that so many thousandths don't exceed.
    const auto percentile = [&](std::size_t thousandths) {
        if (sorted.empty()) return 0.0;
        const std::size_t rank = (sorted.size() * thousandths + 999) / 1000;
        return Microseconds(sorted[std::max<std::size_t>(rank, 1) - 1]).count();
    };
    const nlohmann::ordered_json json{{"done", latencies_.size()}, {"failed", failed_},      {"resumed", resumed_},
                                      {"octets", octets_},         {"seconds", seconds},     {"p50", percentile(500)},
                                      {"p99", percentile(990)},    {"p999", percentile(999)}};
    return json.dump();
}

}  // namespace cotter::load
