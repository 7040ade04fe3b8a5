// Speaking with a person.
#include "cli/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cotter::cli {

std::optional<Terminal> Terminal::open() {
    const int descriptor = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    return descriptor < 0 ? std::nullopt : std::optional(Terminal(descriptor));
}

Terminal::Terminal(Terminal&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Terminal::~Terminal() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void Terminal::print(std::string_view text) const {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor_, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

std::optional<std::string> Terminal::ask(std::string_view question) const {
    constexpr std::size_t kMostAnswered = 4096;
    ::tcflush(descriptor_, TCIFLUSH);
    print(question);
    std::string line;
    while (line.size() < kMostAnswered) {
        char octet = 0;
        const ssize_t count = ::read(descriptor_, &octet, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        if (octet == '\n' || octet == '\r') return line;
        line += octet;
    }
    return std::nullopt;
}

}  // namespace cotter::cli
