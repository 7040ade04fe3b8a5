// Waiting for a time or a signal.
#include "cli/pause.h"

#include "text/escape.h"
#include "text/time.h"

namespace cotter::cli {

Result<std::chrono::milliseconds> parse_every(const std::string& text) {
    constexpr std::chrono::days kMost{365};
    auto every = text::parse_duration(text);
    if (!every || *every <= kMost) return every;
    return malformed("bad_every", "reading --every " + text::escape(text, 64), "it is longer than a year",
                     "say for instance 5m, or leave --every out for one look");
}

bool Pause::wait(std::chrono::milliseconds time) {
    bool has_passed = false;
    io_.restart();
    timer_.expires_after(time);
    timer_.async_wait([&](const boost::system::error_code& fault) {
        has_passed = !fault;
        io_.stop();
    });
    signals_.async_wait([this](const boost::system::error_code& fault, int) {
        if (!fault) io_.stop();
    });
    io_.run();
    signals_.cancel();
    return has_passed;
}

}  // namespace cotter::cli
