// FairShare: so many things in all and so many of each network, for what strangers can make a server write down. Who
// drives a crowd of connections fills its own share, and leaves some of the whole for others (INVARIANT A172).
#pragma once

#include "stream/steady_time.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace cotter::service {

class FairShare {
  public:
    struct Bounds {
        std::uint64_t most_at_once;  ///< then one more for each `one_more_every`
        std::chrono::seconds one_more_every;
        std::uint64_t most_of_one;  ///< network, within `shares_last`
        std::chrono::seconds shares_last;
    };

    FairShare(const Bounds& bounds, stream::SteadyTime now)
        : bounds_(bounds), allowed_(bounds.most_at_once), refilled_(now), shares_from_(now) {}

    /// Whether that network may have one more; then it has.
    [[nodiscard]] bool take(const std::string& network, stream::SteadyTime now);

  private:
    Bounds bounds_;
    std::uint64_t allowed_;
    stream::SteadyTime refilled_;
    std::map<std::string, std::uint64_t> shares_;
    stream::SteadyTime shares_from_;
};

}  // namespace cotter::service
