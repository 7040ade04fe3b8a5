// Looking at every loop, period after period.
#include "service/watchdog.h"

#include <utility>

namespace cotter::service {

Watchdog::Watchdog(boost::asio::io_context& own, std::vector<const metrics::Pulse*> pulses,
                   std::chrono::microseconds period, std::chrono::microseconds longest, Told told)
    : pulses_(std::move(pulses)), period_(period), longest_(longest), told_(std::move(told)), timer_(own) {}

void Watchdog::start() {
    if (const auto stuck =
            metrics::first_stuck(metrics::last_turns(pulses_), std::chrono::steady_clock::now(), longest_)) {
        if (!std::exchange(is_told_, true)) told_.is_stuck(*stuck);
    } else {
        is_told_ = false;
        told_.alive();
    }
    timer_.expires_after(period_);
    timer_.async_wait([this](const boost::system::error_code& fault) {
        if (!fault) start();
    });
}

}  // namespace cotter::service
