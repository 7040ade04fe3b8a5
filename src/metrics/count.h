// Count, DurationHistogram: numbers that one thread counts and any other may read at any time. No lock and no locked
// instruction, so that counting costs a reactor next to nothing.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cotter::metrics {

class Count {
  public:
    /// On the counting thread alone.
    void add(std::uint64_t more = 1) { value_.store(get() + more, std::memory_order_relaxed); }
    /// The same, for a number of what is there now.
    void take_away(std::uint64_t less = 1) { value_.store(get() - less, std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// How many of some durations were how long.
class DurationHistogram {
  public:
    /// Upper bounds, each included, in seconds; one bucket more has what is longer.
    static constexpr std::array<double, 13> kBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                    0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

    /// On the counting thread alone.
    void observe(std::chrono::nanoseconds duration) {
        const double seconds = std::chrono::duration<double>(duration).count();
        std::size_t bucket = 0;
        while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
        buckets_[bucket].add();
        nanoseconds_.add(duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0);
    }

    /// Of one bucket alone, not of those below it.
    [[nodiscard]] std::uint64_t in_bucket(std::size_t bucket) const { return buckets_[bucket].get(); }
    [[nodiscard]] std::uint64_t nanoseconds() const { return nanoseconds_.get(); }

  private:
    std::array<Count, kBounds.size() + 1> buckets_;
    Count nanoseconds_;
};

}  // namespace cotter::metrics
