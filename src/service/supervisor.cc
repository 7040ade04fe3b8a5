// The messages of sd_notify(3).
#include "service/supervisor.h"

#include "text/escape.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <system_error>
#include <utility>

namespace cotter::service {
namespace {

// systemctl status shows it on one line.
constexpr std::size_t kMostStatus = 300;
// A number that systemd takes, for what has no end.
constexpr std::chrono::milliseconds kLongestDrain = std::chrono::days(3650);
// For resetting what is left after the drain, and for the log's last lines.
constexpr std::chrono::seconds kEnding{10};

std::string status_line(const std::string& status) {
    return "\nSTATUS=" + text::escape(status, kMostStatus);
}

/// Of CLOCK_MONOTONIC, in microseconds, as Type=notify-reload wants it.
std::int64_t monotonic_now() {
    timespec now{};
    static_cast<void>(::clock_gettime(CLOCK_MONOTONIC, &now));
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

void Supervisor::ready(const std::string& status) {
    send("READY=1" + status_line(status));
}

std::string Supervisor::kept(const std::string& status, const Error& error) {
    return status + "; the last reload kept what was: " + error.what + ": " + error.why;
}

void Supervisor::reloading() {
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_now()));
}

void Supervisor::stopping(const std::string& status, std::chrono::milliseconds drain) {
    // Else TimeoutStopSec= would cut the drain short.
    const std::chrono::microseconds longest = std::min(drain, kLongestDrain) + kEnding;
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(longest.count()) + status_line(status));
}

void Supervisor::alive() {
    send("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> Supervisor::watchdog() {
    std::uint64_t interval = 0;
    if (::sd_watchdog_enabled(0, &interval) <= 0) return std::nullopt;
    return std::chrono::microseconds(interval);
}

void Supervisor::send(const std::string& message) {
    const int sent = ::sd_notify(0, message.c_str());
    if (sent >= 0 || std::exchange(has_failed_, true)) return;
    log_.write(Event("supervisor_unreachable", LogLevel::kWarning)
                   .with("reason", std::generic_category().message(-sent))
                   .with("next", "check NOTIFY_SOCKET, and NotifyAccess= of the unit"));
}

}  // namespace cotter::service
