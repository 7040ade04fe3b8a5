// Which refusals get an entry of their own.
#include "service/refusal_log.h"

#include <utility>

namespace cotter::service {
namespace {

// With those that are sums, at most some ten thousand entries a day.
constexpr FairShare::Bounds kBounds{.most_at_once = 60,
                                    .one_more_every = std::chrono::seconds(10),
                                    .most_of_one = 20,
                                    .shares_last = std::chrono::minutes(10)};
constexpr std::chrono::minutes kSumEvery{1};

}  // namespace

RefusalLog::RefusalLog(stream::SteadyTime now) : share_(kBounds, now), summed_(now) {}

std::vector<audit::Event> RefusalLog::take(stream::SteadyTime now, bool is_last) {
    const std::scoped_lock lock(mutex_);
    // One sum may wait beyond the entries: what is counted while the registry is away goes into the next.
    if (counted_ > 0 && (is_last || now - summed_ >= kSumEvery) && waiting_.size() <= kMostWaiting) {
        waiting_.push_back({.action = audit::Action::kRefuse,
                            .count = std::exchange(counted_, 0),
                            .detail = "more refusals than are recorded one by one"});
        summed_ = now;
    }
    return waiting_;
}

void RefusalLog::recorded(std::size_t events) {
    const std::scoped_lock lock(mutex_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(events));
}

}  // namespace cotter::service
