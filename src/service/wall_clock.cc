// A wall clock that only goes forward.
#include "service/wall_clock.h"

#include <atomic>
#include <chrono>

namespace cotter::service {

x509::Time wall_clock_now() {
    static std::atomic<std::int64_t> latest{0};
    const std::int64_t now =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
    std::int64_t seen = latest.load(std::memory_order_relaxed);
    while (seen < now && !latest.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
    return x509::Time(std::chrono::seconds(std::max(seen, now)));
}

}  // namespace cotter::service
