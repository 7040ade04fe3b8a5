// The pulse: signs of life while every loop turns, and none as soon as one doesn't.
#include "service/pulse.h"

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

/// A loop on a thread of its own that can be made to hang.
class Loop {
  public:
    Loop() : thread_([this] { io_.run(); }) {}
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop() {
        io_.stop();
        thread_.join();
    }
    [[nodiscard]] asio::io_context& io() { return io_; }
    /// Until the promise is kept.
    void hang(std::promise<void>& release) {
        std::promise<void> hangs;
        auto hung = hangs.get_future();
        asio::post(io_, [&hangs, released = std::make_shared<std::future<void>>(release.get_future())] {
            hangs.set_value();
            released->wait();
        });
        hung.wait();
    }

  private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_;
};

class PulseTest : public ::testing::Test {
  protected:
    PulseTest() {
        pulse_.emplace(own_, std::vector{&one_.io(), &other_.io()}, std::chrono::milliseconds(5),
                       Pulse::Told{[this] { ++alive_; }, [this](std::size_t loop) { stuck_.push_back(loop); }});
        pulse_->start();
    }
    void run_until(const std::function<bool()>& is_so) {
        while (!is_so()) own_.run_one();
    }

    asio::io_context own_{1};
    int alive_ = 0;
    std::vector<std::size_t> stuck_;
    std::optional<Pulse> pulse_;  ///< outlives the loops
    Loop one_;
    Loop other_;
};

TEST_F(PulseTest, BeatsWhileAllTurn) {
    run_until([&] { return alive_ == 5; });
}

TEST_F(PulseTest, A220_StopsWhenOneHangsAndTellsWhichOnce) {
    run_until([&] { return alive_ == 1; });
    std::promise<void> release;
    other_.hang(release);
    // What was asked for before may still be answered.
    run_until([&] { return !stuck_.empty(); });
    const int alive_before = alive_;
    asio::steady_timer periods(own_, std::chrono::milliseconds(50));
    bool has_passed = false;
    periods.async_wait([&](const boost::system::error_code&) { has_passed = true; });
    run_until([&] { return has_passed; });
    EXPECT_EQ(alive_, alive_before);
    EXPECT_EQ(stuck_, std::vector<std::size_t>{1});
    release.set_value();
    run_until([&] { return alive_ > alive_before + 1; });
    EXPECT_EQ(stuck_, std::vector<std::size_t>{1});
}

}  // namespace
}  // namespace cotter::service
