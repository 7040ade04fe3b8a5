// The time that validity is judged by: never earlier than it has been in this process, so that a clock set back revives
// nothing (INVARIANT A122).
#pragma once

#include "x509/certificate.h"

#include <atomic>

namespace cotter::service {

/// A clock that only goes forward, whatever it is shown. Thread-safe.
class ForwardClock {
  public:
    /// The later of `shown` and everything shown before.
    [[nodiscard]] x509::Time at(x509::Time shown);

  private:
    std::atomic<std::int64_t> latest_{0};
};

[[nodiscard]] x509::Time wall_clock_now();

}  // namespace cotter::service
