// RefusalLog: refusals on their way from a server's threads to the audit log. Each gets an entry of its own as long as
// they are few; the rest is counted, so that nobody can fill the log, or drive others out of it, by being refused
// (INVARIANTS A172, A202).
#pragma once

#include "audit/entry.h"
#include "service/fair_share.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace cotter::service {

/// Thread-safe; locked once a refusal.
class RefusalLog {
  public:
    explicit RefusalLog(stream::SteadyTime now);

    /// `describe` makes the entry, and is not called for a refusal that is only counted. `source_network`: whose share
    /// it is.
    template <class Describe>
    void add(const std::string& source_network, stream::SteadyTime now, Describe describe) {
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() < kMostWaiting && share_.take(source_network, now)) {
            waiting_.push_back(describe());
        } else {
            ++counted_;
        }
    }

    /// What is to be recorded now: it stays until recorded() says that it was. Those that were only counted come as one
    /// entry, at most once a minute, or when it is the last time.
    [[nodiscard]] std::vector<audit::Event> take(stream::SteadyTime now, bool is_last);
    void recorded(std::size_t events);

  private:
    static constexpr std::size_t kMostWaiting = 60;

    std::mutex mutex_;
    FairShare share_;
    std::vector<audit::Event> waiting_;
    std::uint64_t counted_ = 0;
    stream::SteadyTime summed_;  ///< when those that were counted last came as an entry
};

}  // namespace cotter::service
