// When a loop counts as stuck.
#include "metrics/pulse.h"

#include <gtest/gtest.h>

#include <array>

namespace cotter::metrics {
namespace {

using namespace std::chrono_literals;

TEST(Pulse, IsTakenAtEachTick) {
    stream::Reactor reactor;
    const Pulse pulse(reactor);
    const auto before = pulse.last();
    while (pulse.last() == before) reactor.io().run_one();
    EXPECT_GT(pulse.last(), before);
}

TEST(Pulse, WhoHasNotTurnedForLongIsNamed) {
    const stream::SteadyTime now = std::chrono::steady_clock::now();
    const std::array all_turn{now, now - 10s, now + 1s};
    EXPECT_FALSE(why_stuck(all_turn, now));
    const std::array one_is_stuck{now, now - 12s, now};
    EXPECT_EQ(why_stuck(one_is_stuck, now), "the loop of thread 1 has not turned for 12 s");
}

}  // namespace
}  // namespace cotter::metrics
