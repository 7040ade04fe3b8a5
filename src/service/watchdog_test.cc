// Signs of life while every loop turns, and none as soon as one doesn't.
#include "service/watchdog.h"

#include <gtest/gtest.h>

#include <vector>

namespace cotter::service {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public ::testing::Test {
  protected:
    Watchdog::Told told() {
        return {[this] { ++alive_; }, [this](std::size_t loop) { stuck_.push_back(loop); }};
    }

    boost::asio::io_context own_{1};
    stream::Reactor other_;  ///< turns when a test has it turn
    metrics::Pulse pulse_{other_};
    int alive_ = 0;
    std::vector<std::size_t> stuck_;
};

TEST_F(WatchdogTest, ShowsSignsOfLifeWhileAllTurn) {
    Watchdog watchdog(own_, {&pulse_}, 1ms, 1h, told());
    watchdog.start();
    while (alive_ < 5) own_.run_one();
    EXPECT_TRUE(stuck_.empty());
}

TEST_F(WatchdogTest, A220_StopsWhenOneHangsAndTellsWhichOnce) {
    Watchdog watchdog(own_, {&pulse_}, 1ms, 50ms, told());
    watchdog.start();
    while (stuck_.empty()) own_.run_one();
    const int before = alive_;
    for (int period = 0; period < 10; ++period) own_.run_one();
    EXPECT_EQ(alive_, before);
    EXPECT_EQ(stuck_, std::vector<std::size_t>{0});
    while (alive_ == before) {
        other_.io().poll();
        own_.run_one();
    }
}

TEST_F(WatchdogTest, WhereNoOtherLoopIsItsOwnIsEnough) {
    Watchdog watchdog(own_, {}, 1ms, 0ms, told());
    watchdog.start();
    while (alive_ < 5) own_.run_one();
    EXPECT_TRUE(stuck_.empty());
}

}  // namespace
}  // namespace cotter::service
