// ReportCounts: what has become of failure reports, for whoever watches the process. Counted on more than one thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace cotter::service {

struct ReportCounts {
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> failed{0};   ///< attempts; each may be tried again
    std::atomic<std::uint64_t> dropped{0};  ///< never to be delivered: too many, not to be kept, or given up
};

}  // namespace cotter::service
