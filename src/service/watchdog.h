// Watchdog: signs of life, for as long as every loop of the process turns (sd_watchdog_enabled(3)).
#pragma once

#include "metrics/pulse.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace cotter::service {

class Watchdog {
  public:
    struct Told {
        std::function<void()> alive;                     ///< all turn
        std::function<void(std::size_t loop)> is_stuck;  ///< this one does not; once, until all turn again
    };

    /// Lives on the loop `own`, whose own pulse is not among `pulses`: it turns where this does. They must outlive it.
    /// A loop is stuck that has not turned for `longest`.
    Watchdog(boost::asio::io_context& own, std::vector<const metrics::Pulse*> pulses, std::chrono::microseconds period,
             std::chrono::microseconds longest, Told told);
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// Looks now and after each period, as long as `own` runs.
    void start();

    /// A loop is asked ten times a second, and a busy machine may be late with that.
    static constexpr std::chrono::microseconds kLeastLongest = std::chrono::seconds(1);

  private:
    std::vector<const metrics::Pulse*> pulses_;
    std::chrono::microseconds period_;
    std::chrono::microseconds longest_;
    Told told_;
    boost::asio::steady_timer timer_;
    bool is_told_ = false;  ///< that one is stuck
};

}  // namespace cotter::service
