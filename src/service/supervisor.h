// Supervisor: what systemd is told of this process and what it asks of it (sd_notify(3), sd_watchdog_enabled(3)). Where
// nobody supervises, nothing is sent.
#pragma once

#include "service/log.h"

#include <cotter/error.h>

#include <chrono>
#include <optional>
#include <string>

namespace cotter::service {

class Supervisor {
  public:
    /// What can't be sent is told in the log, once.
    explicit Supervisor(Log& log) : log_(log) {}

    /// It serves, or serves again after reloading(). `status` is for people.
    void ready(const std::string& status);
    /// A status for ready() where a reload has failed.
    [[nodiscard]] static std::string kept(const std::string& status, const Error& error);
    /// It reads its files again; ready() follows.
    void reloading();
    /// It ends as soon as its streams have, or after so long (max(): never before them).
    void stopping(const std::string& status, std::chrono::milliseconds drain);
    /// A sign of life, for the watchdog.
    void alive();

    /// Within which time one sign of life must follow the other, if the unit has WatchdogSec=.
    [[nodiscard]] static std::optional<std::chrono::microseconds> watchdog();

  private:
    void send(const std::string& message);
    Log& log_;
    bool has_failed_ = false;
};

}  // namespace cotter::service
