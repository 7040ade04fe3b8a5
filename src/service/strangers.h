// Strangers: whom this server has refused because nobody knows their key, on their way to the registry's list of those
// who wait to be approved (--pending). Bounded: most of a flood is not put down at all.
#pragma once

#include "service/fair_share.h"
#include "x509/certificate.h"

#include <cotter/pin.h>

#include <mutex>
#include <string>
#include <vector>

namespace cotter::service {

struct Stranger {
    Pin pin;  ///< spki sha256
    std::string source;
    std::string network;
    x509::Time at{};
};

/// Thread-safe; locked once a refusal.
class Strangers {
  public:
    explicit Strangers(stream::SteadyTime now);

    /// `describe` gives the Stranger; it isn't called for one who is left out.
    template <class Describe>
    void add(const std::string& network, stream::SteadyTime now, Describe describe) {
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() < kMostWaiting && share_.take(network, now)) waiting_.push_back(describe());
    }
    /// Those who came since the last call.
    [[nodiscard]] std::vector<Stranger> take();

  private:
    static constexpr std::size_t kMostWaiting = 16;

    std::mutex mutex_;
    FairShare share_;
    std::vector<Stranger> waiting_;
};

}  // namespace cotter::service
