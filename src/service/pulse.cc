// Asking, and waiting for the last answer.
#include "service/pulse.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cotter::service {

namespace asio = boost::asio;

Pulse::Pulse(asio::io_context& own, std::vector<asio::io_context*> loops, std::chrono::microseconds period, Told told)
    : own_(own),
      loops_(std::move(loops)),
      period_(period),
      told_(std::move(told)),
      timer_(own),
      owes_(loops_.size(), false) {}

void Pulse::start() {
    if (owing_ == 0) {
        ask();
    } else if (!std::exchange(is_told_, true)) {
        told_.is_stuck(static_cast<std::size_t>(std::ranges::find(owes_, true) - owes_.begin()));
    }
    timer_.expires_after(period_);
    timer_.async_wait([this](const boost::system::error_code& fault) {
        if (!fault) start();
    });
}

void Pulse::ask() {
    owing_ = loops_.size();
    owes_.assign(owing_, true);
    for (std::size_t i = 0; i < loops_.size(); ++i)
        asio::post(*loops_[i], [this, i] { asio::post(own_, [this, i] { heard(i); }); });
}

void Pulse::heard(std::size_t loop) {
    owes_[loop] = false;
    if (--owing_ != 0) return;
    is_told_ = false;
    told_.alive();
}

}  // namespace cotter::service
