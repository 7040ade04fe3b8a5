// The thread that looks again.
#include "service/status_refresh.h"

#include "service/wall_clock.h"

#include <algorithm>
#include <chrono>

namespace cotter::service {
namespace {

using std::chrono::seconds;

constexpr seconds kShortestPause{5};
constexpr seconds kLongestPause{3600};

/// Half of what is left of it, so that a failed look leaves time for another.
seconds pause_after(const StatusPtr& status) {
    if (!status || !status->failures.empty()) return seconds(60);
    if (!status->good_until) return kLongestPause;
    return std::clamp<seconds>((*status->good_until - wall_clock_now()) / 2, kShortestPause, kLongestPause);
}

}  // namespace

StatusRefresh::StatusRefresh(const ClientSettings& settings, StatusPtr first, OnOutcome on_outcome)
    : settings_(settings),
      first_pause_(pause_after(first)),
      last_whole_(first && first->failures.empty() ? std::move(first) : StatusPtr()),
      on_outcome_(std::move(on_outcome)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void StatusRefresh::hurry() {
    {
        const std::lock_guard lock(mutex_);
        is_hurried_ = true;
    }
    wake_.notify_all();
}

/// Where something could not be had, what came before goes on to count, until the judge finds it out of date.
StatusPtr StatusRefresh::with_what_was_there(const StatusPtr& status) {
    if (!status || status->failures.empty()) return last_whole_ = status;
    if (!last_whole_) return status;
    evidence::FetchedStatus both = *status;
    both.crls.insert(both.crls.end(), last_whole_->crls.begin(), last_whole_->crls.end());
    both.ocsp_responses.insert(both.ocsp_responses.end(), last_whole_->ocsp_responses.begin(),
                               last_whole_->ocsp_responses.end());
    return std::make_shared<const evidence::FetchedStatus>(std::move(both));
}

void StatusRefresh::run(const std::stop_token& stop) {
    auto looked_at = std::chrono::steady_clock::now();
    seconds pause = first_pause_;
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_until(lock, stop, looked_at + pause, [this] { return is_hurried_; });
            // However many hurry, the responders are asked in peace.
            if (is_hurried_) wake_.wait_until(lock, stop, looked_at + kShortestPause, [] { return false; });
            is_hurried_ = false;
        }
        if (stop.stop_requested()) return;
        auto status = look_up_status(settings_, stop);
        looked_at = std::chrono::steady_clock::now();
        pause = pause_after(status ? *status : StatusPtr());
        if (status) *status = with_what_was_there(*status);
        if (!stop.stop_requested()) on_outcome_(std::move(status));
    }
}

}  // namespace cotter::service
