// Who is put down, and handing them over.
#include "service/strangers.h"

#include <utility>

namespace cotter::service {
namespace {

// The list has 64 places: whoever asks for as many as may be needs ten minutes to drive everybody else out of it.
constexpr FairShare::Bounds kBounds{.most_at_once = 16,
                                    .one_more_every = std::chrono::seconds(10),
                                    .most_of_one = 8,
                                    .shares_last = std::chrono::minutes(10)};

}  // namespace

Strangers::Strangers(stream::SteadyTime now) : share_(kBounds, now) {}

std::vector<Stranger> Strangers::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(waiting_, {});
}

}  // namespace cotter::service
