// BundleRefresh: asks a client's bundle for what is new while the client listens. Fetching waits for others, so it has
// a thread of its own and no stream waits for it.
#pragma once

#include "bundle/subscription.h"
#include "service/log.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace cotter::service {

/// What came of one look.
struct BundleNews {
    std::string event;         ///< "current", "changed", "kept"; empty: nothing that hasn't been said
    bool has_changed = false;  ///< what is used has other content, or another end
    std::string why{};         ///< of "kept": why it is not known to be the newest
    std::optional<bundle::Versions> versions{};
    std::optional<x509::Time> checked{};
    std::optional<x509::Time> until{};
    x509::Time at{};
};

/// The event "bundle", with its age (INVARIANT A135).
[[nodiscard]] Event log_line_of(const BundleNews& news);

class BundleRefresh {
  public:
    using OnNews = std::function<void(const BundleNews&)>;

    /// Starts its thread, which says at once what is used, and asks when it is time to.
    BundleRefresh(bundle::Subscription subscription, OnNews on_news);

    /// Asks now, but not more often than every few seconds.
    void hurry();

  private:
    void run(const std::stop_token& stop);
    /// What is used now; `failure`: why nothing newer came.
    [[nodiscard]] BundleNews look(const std::optional<Error>& failure);

    bundle::Subscription subscription_;
    OnNews on_news_;
    std::optional<bundle::PolicyInUse> last_;  ///< the thread's own, like the next
    std::string told_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool is_hurried_ = false;
    std::jthread thread_;  ///< last: it ends before what it uses
};

}  // namespace cotter::service
