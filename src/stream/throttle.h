// Throttle: how many octets a second may pass, each way, for all the streams that share it. What may not pass is not
// read, so it waits at its sender and never in memory here.
#pragma once

#include "stream/steady_time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace cotter::stream {

/// A bucket for each direction, that fills at the rate and holds a second's worth. Thread-safe.
class Throttle {
  public:
    enum class Direction : std::uint8_t { kFromPeer, kToPeer };

    Throttle(std::uint64_t octets_a_second, SteadyTime now);

    /// Another rate from now on.
    void set_rate(std::uint64_t octets_a_second, SteadyTime now);

    /// How many octets may pass now; 0: none before a later tick. `sharers`: among so many streams, so that the first
    /// doesn't take all.
    [[nodiscard]] std::size_t allowance(Direction direction, std::size_t sharers, SteadyTime now);
    /// So many have passed. They may be a few more than were allowed, which the next ones wait for.
    void spend(Direction direction, std::size_t octets);

  private:
    void fill(SteadyTime now);

    std::mutex mutex_;
    std::uint64_t rate_;
    std::array<std::int64_t, 2> left_;  ///< of each direction
    SteadyTime filled_;
};

}  // namespace cotter::stream
