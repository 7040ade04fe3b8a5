// Counting on one thread, reading on another; and where a duration falls.
#include "metrics/count.h"

#include <gtest/gtest.h>

#include <thread>

namespace cotter::metrics {
namespace {

TEST(Count, IsReadWhileAnotherThreadCounts) {
    Count count;
    constexpr std::uint64_t kMany = 100'000;
    std::thread counting([&] {
        for (std::uint64_t i = 0; i < kMany; ++i) count.add();
    });
    std::uint64_t before = 0;
    while (before < kMany) {
        const std::uint64_t now = count.get();
        ASSERT_GE(now, before);
        before = now;
    }
    counting.join();
    count.take_away(kMany - 1);
    EXPECT_EQ(count.get(), 1U);
}

TEST(DurationHistogram, PutsADurationIntoTheBucketWhoseBoundItDoesNotPass) {
    struct Row {
        std::string_view why;
        std::chrono::nanoseconds duration;
        std::size_t bucket;
    };
    using namespace std::chrono_literals;
    const Row rows[] = {
        {"no time at all", 0ns, 0},         {"the first bound is in the first bucket", 1ms, 0},
        {"just above it", 1'000'001ns, 1},  {"in the middle", 30ms, 5},
        {"the last bound", 10s, 12},        {"longer than all bounds", 11s, 13},
        {"a clock that went back", -1s, 0},
    };
    for (const Row& row : rows) {
        DurationHistogram histogram;
        histogram.observe(row.duration);
        for (std::size_t i = 0; i <= DurationHistogram::kBounds.size(); ++i)
            EXPECT_EQ(histogram.in_bucket(i), i == row.bucket ? 1U : 0U) << row.why << ", bucket " << i;
        EXPECT_EQ(histogram.nanoseconds(), static_cast<std::uint64_t>(std::max(row.duration, 0ns).count())) << row.why;
    }
}

}  // namespace
}  // namespace cotter::metrics
