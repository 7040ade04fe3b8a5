// Pause: what a command that goes on does between two looks, until it is ended.
#pragma once

#include <cotter/error.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <string>

namespace cotter::cli {

/// Reads --every: at most a year, and not "off", which is no time between two looks.
[[nodiscard]] Result<std::chrono::milliseconds> parse_every(const std::string& text);

/// While it lives, SIGINT and SIGTERM end only what it waits for, and are kept until it waits.
class Pause {
  public:
    /// Whether the time has passed; false: a signal came, in it or before.
    [[nodiscard]] bool wait(std::chrono::milliseconds time);

  private:
    boost::asio::io_context io_;
    boost::asio::steady_timer timer_{io_};
    boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
};

}  // namespace cotter::cli
