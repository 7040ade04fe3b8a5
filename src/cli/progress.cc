// The line of progress.
#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace cotter::cli {
namespace {

constexpr std::size_t kBar = 20;

std::string left_text(std::size_t left, double rate) {
    if (rate <= 0) return "";
    const auto seconds = static_cast<std::size_t>(static_cast<double>(left) / rate);
    if (seconds < 90) return ", " + std::to_string(seconds) + " s left";
    if (seconds < 5400) return ", " + std::to_string((seconds + 30) / 60) + " min left";
    return ", " + std::to_string((seconds + 1800) / 3600) + " h left";
}

bool is_drawing_terminal() {
    const char* const kind = ::secure_getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

Progress::Progress(std::size_t total, std::size_t done, bool is_wanted)
    : total_(total), before_(done), done_(done), is_shown_(is_wanted && is_drawing_terminal()) {}

void Progress::clear() {
    if (is_shown_) std::cerr << "\r\033[K" << std::flush;
}

std::string Progress::line(std::size_t total, std::size_t before, std::size_t done, std::chrono::milliseconds elapsed) {
    const std::size_t filled = std::min(kBar, done * kBar / std::max<std::size_t>(total, 1));
    const double rate =
        elapsed.count() <= 0 ? 0 : static_cast<double>(done - before) * 1000 / static_cast<double>(elapsed.count());
    return "  " + std::to_string(done) + "/" + std::to_string(total) + " [" + std::string(filled, '#') +
           std::string(kBar - filled, '-') + "]  " + std::to_string(static_cast<std::size_t>(rate)) + "/s" +
           left_text(total - std::min(done, total), rate);
}

void Progress::show() {
    if (!is_shown_) return;
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin_);
    std::cerr << "\r\033[K" << line(total_, before_, done_, elapsed) << std::flush;
}

}  // namespace cotter::cli
