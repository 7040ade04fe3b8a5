// Throttles: the one that all streams of a client share on this server, whatever threads they are on.
#pragma once

#include "stream/throttle.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace cotter::service {

/// Thread-safe; asked when a stream begins, and when rules have changed.
class Throttles {
  public:
    /// The one of that name, at that rate from now on; made where no stream holds it any more.
    [[nodiscard]] std::shared_ptr<stream::Throttle> of(const std::string& name, std::uint64_t octets_a_second,
                                                       stream::SteadyTime now);

  private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<stream::Throttle>> throttles_;
    std::size_t most_before_sweep_ = 64;
};

}  // namespace cotter::service
