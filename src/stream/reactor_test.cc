// The reactor's clock: who is asked, and what they may do meanwhile.
#include "stream/reactor.h"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

#include <functional>
#include <memory>

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

}  // namespace
}  // namespace cotter::stream
