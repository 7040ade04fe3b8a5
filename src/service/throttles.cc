// Finding and forgetting throttles.
#include "service/throttles.h"

#include <algorithm>

namespace cotter::service {

std::shared_ptr<stream::Throttle> Throttles::of(const std::string& name, std::uint64_t octets_a_second,
                                                stream::SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    std::weak_ptr<stream::Throttle>& kept = throttles_[name];
    if (auto throttle = kept.lock()) {
        throttle->set_rate(octets_a_second, now);
        return throttle;
    }
    auto throttle = std::make_shared<stream::Throttle>(octets_a_second, now);
    kept = throttle;
    if (throttles_.size() > most_before_sweep_) {
        std::erase_if(throttles_, [](const auto& entry) { return entry.second.expired(); });
        most_before_sweep_ = std::max<std::size_t>(64, 2 * throttles_.size());
    }
    return throttle;
}

}  // namespace cotter::service
