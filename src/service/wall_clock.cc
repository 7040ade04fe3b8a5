// A wall clock that only goes forward.
#include "service/wall_clock.h"

#include <algorithm>
#include <chrono>

namespace cotter::service {

x509::Time ForwardClock::at(x509::Time shown) {
    const std::int64_t now = shown.time_since_epoch().count();
    std::int64_t seen = latest_.load(std::memory_order_relaxed);
    while (seen < now && !latest_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
    return x509::Time(std::chrono::seconds(std::max(seen, now)));
}

x509::Time wall_clock_now() {
    static ForwardClock clock;
    return clock.at(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

}  // namespace cotter::service
