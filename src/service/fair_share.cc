// Counting shares.
#include "service/fair_share.h"

#include <algorithm>

namespace cotter::service {

bool FairShare::take(const std::string& network, stream::SteadyTime now) {
    const auto more = std::max<std::int64_t>(0, (now - refilled_) / bounds_.one_more_every);
    allowed_ = std::min<std::uint64_t>(bounds_.most_at_once, allowed_ + static_cast<std::uint64_t>(more));
    refilled_ += more * bounds_.one_more_every;
    if (now - shares_from_ >= bounds_.shares_last) {
        shares_.clear();
        shares_from_ = now;
    }
    if (allowed_ == 0) return false;
    const auto share = shares_.find(network);
    if (share != shares_.end() && share->second >= bounds_.most_of_one) return false;
    ++shares_[network];
    --allowed_;
    return true;
}

}  // namespace cotter::service
