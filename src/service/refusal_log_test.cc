// How many entries refusals get, and that none is lost.
#include "service/refusal_log.h"

#include <gtest/gtest.h>

#include <numeric>

namespace cotter::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RefusalLogTest : public testing::Test {
  protected:
    void refuse(const std::string& network, int times) {
        for (int i = 0; i < times; ++i) {
            log_.add(network, now_, [&] { return audit::Event{.action = audit::Action::kRefuse, .peer = network}; });
        }
    }
    /// As the watch does every second.
    std::vector<audit::Event> record(bool is_last = false) {
        auto events = log_.take(now_, is_last);
        log_.recorded(events.size());
        for (const audit::Event& event : events) refusals_ += event.count;
        entries_ += events.size();
        return events;
    }

    stream::SteadyTime now_{hours(1)};
    RefusalLog log_{now_};
    std::uint64_t refusals_ = 0;
    std::uint64_t entries_ = 0;
};

TEST_F(RefusalLogTest, AFewHaveAnEntryEach) {
    refuse("192.0.2.0/24", 3);
    const auto events = record();
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].peer, "192.0.2.0/24");
    EXPECT_EQ(events[0].count, 1U);
    EXPECT_TRUE(record(true).empty());
}

TEST_F(RefusalLogTest, A202_ADayOfFloodFromEverywhereIsAFewThousandEntriesAndEveryRefusalIsCounted) {
    constexpr int kADay = 24 * 60 * 60;
    for (int second = 0; second < kADay; ++second) {
        for (int source = 0; source < 3; ++source) refuse("net " + std::to_string((second * 3 + source) % 5000), 2);
        record();
        now_ += seconds(1);
    }
    record(true);
    EXPECT_EQ(refusals_, 6U * kADay);
    EXPECT_LT(entries_, 10'500U);
    EXPECT_GT(entries_, 8'000U);
}

TEST_F(RefusalLogTest, A172_OneNetworkLeavesRoomForOthers) {
    refuse("198.51.100.0/24", 100'000);
    refuse("192.0.2.0/24", 1);
    const auto events = record();
    ASSERT_EQ(events.size(), 21U);
    EXPECT_EQ(events.back().peer, "192.0.2.0/24");
    now_ += minutes(1);
    const auto sum = record();
    ASSERT_EQ(sum.size(), 1U);
    EXPECT_EQ(sum[0].count, 100'000U - 20);
}

TEST_F(RefusalLogTest, WhatCouldNotBeRecordedStaysAndNoMoreThanABoundedNumberOfIt) {
    for (int hour = 0; hour < 50; ++hour) {
        for (int source = 0; source < 100; ++source) refuse("net " + std::to_string(source), 10);
        EXPECT_LE(log_.take(now_, false).size(), 61U);
        now_ += hours(1);
    }
    record();
    now_ += minutes(1);
    record(true);
    EXPECT_EQ(refusals_, 50'000U);
}

TEST_F(RefusalLogTest, TheLastCountDoesNotWaitForItsMinute) {
    refuse("net", 30);
    EXPECT_EQ(record().size(), 20U);
    const auto last = record(true);
    ASSERT_EQ(last.size(), 1U);
    EXPECT_EQ(last[0].count, 10U);
}

}  // namespace
}  // namespace cotter::service
