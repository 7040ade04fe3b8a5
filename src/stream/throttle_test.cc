// A throttle: so many octets a second, each way, and a second's worth after a pause.
#include "stream/throttle.h"

#include <gtest/gtest.h>

namespace cotter::stream {
namespace {

using std::chrono::milliseconds;
using enum Throttle::Direction;

struct ThrottleTest : ::testing::Test {
    SteadyTime start = std::chrono::steady_clock::now();
    Throttle throttle{10'000, start};

    /// Takes all that may pass at that time, as one stream would.
    std::size_t take(Throttle::Direction direction, milliseconds after) {
        const std::size_t octets = throttle.allowance(direction, 1, start + after);
        throttle.spend(direction, octets);
        return octets;
    }
};

TEST_F(ThrottleTest, LetsASecondsWorthPassAndThenItsRate) {
    EXPECT_EQ(take(kFromPeer, milliseconds(0)), 10'000U);
    EXPECT_EQ(take(kFromPeer, milliseconds(0)), 0U);
    EXPECT_EQ(take(kFromPeer, milliseconds(100)), 1'000U);
    EXPECT_EQ(take(kFromPeer, milliseconds(100)), 0U);
    EXPECT_EQ(take(kFromPeer, milliseconds(600)), 5'000U);
}

TEST_F(ThrottleTest, EachDirectionHasItsOwn) {
    EXPECT_EQ(take(kFromPeer, milliseconds(0)), 10'000U);
    EXPECT_EQ(take(kToPeer, milliseconds(0)), 10'000U);
}

TEST_F(ThrottleTest, APauseSavesNoMoreThanASecondsWorth) {
    take(kFromPeer, milliseconds(0));
    EXPECT_EQ(take(kFromPeer, std::chrono::hours(1)), 10'000U);
}

TEST_F(ThrottleTest, WhatWasTooMuchIsWaitedFor) {
    throttle.spend(kFromPeer, 30'000);
    EXPECT_EQ(take(kFromPeer, milliseconds(1'900)), 0U);
    EXPECT_EQ(throttle.allowance(kToPeer, 1, start + milliseconds(1'900)), 10'000U);
    EXPECT_EQ(take(kFromPeer, milliseconds(2'100)), 1'000U);
}

TEST_F(ThrottleTest, SeveralShareIt) {
    EXPECT_EQ(throttle.allowance(kFromPeer, 4, start), 2'500U);
    EXPECT_EQ(throttle.allowance(kFromPeer, 0, start), 10'000U);
    EXPECT_EQ(throttle.allowance(kFromPeer, 1'000'000, start), 256U) << "never less than is worth a read";
}

TEST_F(ThrottleTest, AnotherRateCountsFromNowOn) {
    throttle.set_rate(1'000, start);
    EXPECT_EQ(take(kFromPeer, milliseconds(0)), 1'000U);
    EXPECT_EQ(take(kFromPeer, milliseconds(500)), 500U);
    throttle.set_rate(100'000, start + milliseconds(500));
    EXPECT_EQ(take(kFromPeer, milliseconds(600)), 10'000U);
}

TEST_F(ThrottleTest, AClockThatIsATickBehindTakesNothingBack) {
    take(kFromPeer, milliseconds(500));
    EXPECT_EQ(throttle.allowance(kFromPeer, 1, start), 0U);
    EXPECT_EQ(take(kFromPeer, milliseconds(600)), 1'000U);
}

}  // namespace
}  // namespace cotter::stream
