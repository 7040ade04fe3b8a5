// What strangers can make a server put down is bounded, in all and for each network; and streams of a client share one
// throttle.
#include "service/fair_share.h"
#include "service/strangers.h"
#include "service/throttles.h"

#include "registry/testing/store.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const stream::SteadyTime kStart = std::chrono::steady_clock::now();

int taken(FairShare& share, const std::string& network, int tries, stream::SteadyTime now) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += share.take(network, now) ? 1 : 0;
    return count;
}

TEST(FairShare, A172_OneNetworkTakesItsShareAndLeavesTheRest) {
    FairShare share({.most_at_once = 10, .one_more_every = seconds(10), .most_of_one = 4, .shares_last = minutes(10)},
                    kStart);
    EXPECT_EQ(taken(share, "a", 100, kStart), 4);
    EXPECT_EQ(taken(share, "b", 100, kStart), 4);
    EXPECT_EQ(taken(share, "c", 100, kStart), 2) << "the whole is used up";
    EXPECT_EQ(taken(share, "c", 100, kStart + seconds(9)), 0);
    EXPECT_EQ(taken(share, "c", 100, kStart + seconds(20)), 2) << "one more each ten seconds";
    EXPECT_EQ(taken(share, "a", 100, kStart + minutes(9)), 0) << "its share lasts";
    EXPECT_EQ(taken(share, "a", 100, kStart + minutes(10)), 4);
}

TEST(Strangers, A172_MostOfAFloodIsNotPutDown) {
    Strangers strangers(kStart);
    int described = 0;
    const auto come = [&](int network) {
        const std::string name = std::to_string(network);
        strangers.add(name, kStart, [&] {
            ++described;
            return Stranger{registry::testing::pin_of(1), name + ":1", name, {}};
        });
    };
    for (int i = 0; i < 1000; ++i) come(i / 100);
    EXPECT_EQ(strangers.take().size(), 16U);
    EXPECT_EQ(described, 16);
    EXPECT_TRUE(strangers.take().empty());
}

TEST(Throttles, StreamsOfOneClientShareOneAndTheLastTakesItAway) {
    Throttles throttles;
    auto first = throttles.of("alice", 1024, kStart);
    EXPECT_EQ(throttles.of("alice", 1024, kStart), first);
    EXPECT_NE(throttles.of("bob", 1024, kStart), first);
    static_cast<void>(throttles.of("alice", 2048, kStart));
    EXPECT_EQ(first->allowance(stream::Throttle::Direction::kFromPeer, 1, kStart), 1024U) << "no more at once";
    EXPECT_EQ(first->allowance(stream::Throttle::Direction::kFromPeer, 1, kStart + seconds(1)), 2048U) << "but later";
    first->spend(stream::Throttle::Direction::kFromPeer, 1 << 20U);
    first.reset();
    EXPECT_EQ(throttles.of("alice", 1024, kStart)->allowance(stream::Throttle::Direction::kFromPeer, 1, kStart), 1024U);
    for (int i = 0; i < 1000; ++i) static_cast<void>(throttles.of("c" + std::to_string(i), 1024, kStart));
}

}  // namespace
}  // namespace cotter::service
