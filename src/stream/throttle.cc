// Filling and emptying the buckets.
#include "stream/throttle.h"

#include <algorithm>
#include <utility>

namespace cotter::stream {
namespace {

// Less isn't worth a read, a record and a send.
constexpr std::int64_t kLeast = 256;
// More fills any bucket, whatever it owed; and the product stays a number of octets.
constexpr double kMostSeconds = 1000;

}  // namespace

Throttle::Throttle(std::uint64_t octets_a_second, SteadyTime now)
    : rate_(octets_a_second),
      left_{static_cast<std::int64_t>(octets_a_second), static_cast<std::int64_t>(octets_a_second)},
      filled_(now) {}

void Throttle::fill(SteadyTime now) {
    // Threads' clocks may be a tick apart.
    if (now <= filled_) return;
    const double seconds = std::min(kMostSeconds, std::chrono::duration<double>(now - filled_).count());
    const auto fresh = static_cast<std::int64_t>(static_cast<double>(rate_) * seconds);
    if (fresh == 0) return;
    filled_ = now;
    for (std::int64_t& left : left_) left = std::min(left + fresh, static_cast<std::int64_t>(rate_));
}

void Throttle::set_rate(std::uint64_t octets_a_second, SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    if (octets_a_second == rate_) return;
    fill(now);
    rate_ = octets_a_second;
    for (std::int64_t& left : left_) left = std::min(left, static_cast<std::int64_t>(rate_));
}

std::size_t Throttle::allowance(Direction direction, std::size_t sharers, SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    fill(now);
    const std::int64_t left = left_.at(std::to_underlying(direction));
    if (left < kLeast) return 0;
    return static_cast<std::size_t>(
        std::max(kLeast, left / static_cast<std::int64_t>(std::max<std::size_t>(1, sharers))));
}

void Throttle::spend(Direction direction, std::size_t octets) {
    const std::scoped_lock lock(mutex_);
    left_.at(std::to_underlying(direction)) -= static_cast<std::int64_t>(octets);
}

}  // namespace cotter::stream
