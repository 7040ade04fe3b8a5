// The reactor's clock and its turns: who is asked, who goes on, and what may happen in between.
#include "stream/reactor.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

namespace cotter::stream {
namespace {

class Asked final : private Ticking {
  public:
    Asked(Reactor& reactor, std::function<void()> on_asked) : on_asked_(std::move(on_asked)) { reactor.watch(*this); }

  private:
    void on_tick(SteadyTime /*now*/) override { on_asked_(); }

    std::function<void()> on_asked_;
};

TEST(Reactor, AsksWhoeverIsLeftWhenOneEndsTheNextInTheList) {
    Reactor reactor;
    std::unique_ptr<Asked> second;
    int second_asked = 0;
    int third_asked = 0;
    const Asked first(reactor, [&] { second.reset(); });
    second = std::make_unique<Asked>(reactor, [&] { ++second_asked; });
    const Asked third(reactor, [&] {
        if (++third_asked == 2) reactor.io().stop();
    });
    reactor.run();
    EXPECT_EQ(second_asked, 0);
    EXPECT_EQ(third_asked, 2);
}

TEST(Reactor, AsksNobodyTwiceInOneTickWhoComesMeanwhile) {
    Reactor reactor;
    std::unique_ptr<Asked> newcomer;
    int asked = 0;
    int newcomer_asked = 0;
    const Asked first(reactor, [&] {
        if (++asked == 1) newcomer = std::make_unique<Asked>(reactor, [&] { ++newcomer_asked; });
        if (asked == 3) reactor.io().stop();
    });
    reactor.run();
    EXPECT_LE(newcomer_asked, 2);
    EXPECT_GE(newcomer_asked, 1);
}

TEST(Reactor, A160_ServesAReadySocketBeforeACrowdThatWaitsForItsTurns) {
    using boost::asio::local::stream_protocol;
    constexpr int kCrowd = 50;
    Reactor reactor;
    stream_protocol::socket near(reactor.io());
    stream_protocol::socket far(reactor.io());
    boost::asio::local::connect_pair(near, far);
    std::string happened;
    near.async_wait(stream_protocol::socket::wait_read, [&](const boost::system::error_code&) { happened += 's'; });
    const auto one_of_the_crowd = [&]() -> boost::asio::awaitable<void> {
        co_await reactor.turn();
        if (happened.empty()) far.write_some(boost::asio::buffer("x", 1));
        happened += 't';
        if (std::ranges::count(happened, 't') == kCrowd) reactor.io().stop();
    };
    for (int i = 0; i < kCrowd; ++i) boost::asio::co_spawn(reactor.io(), one_of_the_crowd(), boost::asio::detached);
    reactor.run();
    EXPECT_EQ(std::ranges::count(happened, 't'), kCrowd);
    // Right behind the turn in which it became ready.
    EXPECT_EQ(happened.find('s'), 1U) << happened;
}

TEST(Reactor, A160_GivesATurnAlsoWhileAStreamIsServedWithoutEnd) {
    Reactor reactor;
    bool has_gone_on = false;
    std::function<void()> serve = [&] {
        reactor.stream_served();
        if (!has_gone_on) boost::asio::post(reactor.io(), serve);
    };
    const auto wait_for_turn = [&]() -> boost::asio::awaitable<void> {
        co_await reactor.turn();
        has_gone_on = true;
        reactor.io().stop();
    };
    serve();
    boost::asio::co_spawn(reactor.io(), wait_for_turn(), boost::asio::detached);
    reactor.io().run_for(std::chrono::seconds(30));
    EXPECT_TRUE(has_gone_on);
}

TEST(Reactor, LendsLargeLotsUntilTheStreamsHadTheirShareOfARound) {
    Reactor reactor;
    EXPECT_EQ(reactor.lot(0).size(), Reactor::kLeastLot);
    EXPECT_EQ(reactor.lot(2 * Reactor::kReceive).size(), Reactor::kReceive);
    for (std::size_t lent = 0; lent < Reactor::kPerRound; lent += Reactor::kReceive)
        static_cast<void>(reactor.lot(Reactor::kReceive));
    EXPECT_EQ(reactor.lot(Reactor::kReceive).size(), Reactor::kLeastLot);
    reactor.io().poll();
    EXPECT_EQ(reactor.lot(Reactor::kReceive).size(), Reactor::kReceive);
}

TEST(Reactor, GivesTurnsInTheOrderInWhichTheyWereAskedForAlsoToWhoAsksAgain) {
    Reactor reactor;
    std::string happened;
    const auto go_twice = [&](char name) -> boost::asio::awaitable<void> {
        co_await reactor.turn();
        happened += name;
        co_await reactor.turn();
        happened += name;
        if (happened.size() == 6) reactor.io().stop();
    };
    for (const char name : {'a', 'b', 'c'}) {
        boost::asio::co_spawn(reactor.io(), go_twice(name), boost::asio::detached);
    }
    reactor.run();
    EXPECT_EQ(happened, "abcabc");
}

}  // namespace
}  // namespace cotter::stream
