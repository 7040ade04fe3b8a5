// StatusRefresh: keeps what was fetched about a server's status young while a client listens. Fetching waits for
// others, so it has a thread of its own and no stream waits for it.
#pragma once

#include "service/status_lookup.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace cotter::service {

class StatusRefresh {
  public:
    /// Told, on the refreshing thread, of each outcome: what counts from now on, or why there is nothing new (what was
    /// there before then goes on to count until it is out of date, which the judge sees).
    using OnOutcome = std::function<void(expected<StatusPtr, ConnectFailure>)>;

    /// Starts its thread; the first look comes when half of the time of `first` has passed, at the latest in an hour.
    /// `settings` must outlive it.
    StatusRefresh(const ClientSettings& settings, StatusPtr first, OnOutcome on_outcome);

    /// Looks again now, for a connection was refused for want of status, or the files have changed; but not more often
    /// than every few seconds.
    void hurry();

  private:
    void run(const std::stop_token& stop);
    [[nodiscard]] StatusPtr with_what_was_there(const StatusPtr& status);

    const ClientSettings& settings_;
    std::chrono::seconds first_pause_;
    StatusPtr last_whole_;  ///< null, or without failures; the thread's own
    OnOutcome on_outcome_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool is_hurried_ = false;
    std::jthread thread_;  ///< last: it ends before what it uses
};

}  // namespace cotter::service
