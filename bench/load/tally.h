// Tally: what a driver counted, and how long each thing took.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace cotter::load {

class Tally {
  public:
    using Clock = std::chrono::steady_clock;

    void begin() { begin_ = Clock::now(); }
    void done(Clock::time_point since) { latencies_.push_back(Clock::now() - since); }
    void failed() { ++failed_; }
    void moved(std::uint64_t octets) { octets_ += octets; }
    void resumed() { ++resumed_; }
    [[nodiscard]] std::size_t count() const { return latencies_.size(); }

    /// One JSON object: done, failed, resumed, octets, seconds since begin(), and percentiles in microseconds.
    [[nodiscard]] std::string to_json() const;

  private:
    Clock::time_point begin_ = Clock::now();
    std::vector<Clock::duration> latencies_;
    std::uint64_t failed_ = 0;
    std::uint64_t resumed_ = 0;
    std::uint64_t octets_ = 0;
};

}  // namespace cotter::load
