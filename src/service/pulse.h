// Pulse: whether every loop of the process still turns. Each is asked again and again to run a handler; a sign of life
// goes out only when all have.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace cotter::service {

class Pulse {
  public:
    struct Told {
        std::function<void()> alive;                     ///< all have turned
        std::function<void(std::size_t loop)> is_stuck;  ///< one has not, for a whole period; once, until it does
    };

    /// Lives on the loop `own`; all the loops must end before it does.
    Pulse(boost::asio::io_context& own, std::vector<boost::asio::io_context*> loops, std::chrono::microseconds period,
          Told told);
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    /// Asks now and after each period, as long as `own` runs.
    void start();

  private:
    void ask();
    void heard(std::size_t loop);

    boost::asio::io_context& own_;
    std::vector<boost::asio::io_context*> loops_;
    std::chrono::microseconds period_;
    Told told_;
    boost::asio::steady_timer timer_;
    std::vector<bool> owes_;  ///< an answer, of each loop
    std::size_t owing_ = 0;
    bool is_told_ = false;  ///< that one is stuck
};

}  // namespace cotter::service
