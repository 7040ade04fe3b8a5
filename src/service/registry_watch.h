// RegistryWatch: the one thread of a server that speaks to the registry. It notices changes, hands snapshots to the
// threads, takes joins, records refusals and reports what the server does.
#pragma once

#include "registry/registry.h"
#include "registry/rotations.h"
#include "service/admission.h"
#include "service/ledger.h"
#include "service/log.h"
#include "service/refusal_log.h"
#include "service/status.h"
#include "service/strangers.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>

namespace cotter::service {

class RegistryWatch {
  public:
    using OnSnapshot = std::function<void(std::shared_ptr<const registry::Snapshot>)>;
    using OnJoined = std::function<void(Result<registry::Client>)>;
    /// What the registry says of a rotation from that key; nothing: there is none.
    using OnRotation = std::function<void(const Pin& present, std::optional<registry::Rotation>)>;
    using Work = std::function<Result<void>(registry::Registry&)>;
    using OnDone = std::function<void(Result<void>)>;

    /// Opens the registry and reads the first snapshot: a server without one does not start.
    [[nodiscard]] static Result<std::unique_ptr<RegistryWatch>> open(const std::string& url, Ledger& ledger, Log& log);
    ~RegistryWatch();  ///< stops, and tells the registry that this server is gone

    [[nodiscard]] std::shared_ptr<const registry::Snapshot> first_snapshot() const { return snapshot_; }
    [[nodiscard]] const SnapshotFreshness& freshness() const { return freshness_; }

    /// Tells the registry that this server is there, so that commands count it and wait for it from now on.
    void announce();

    /// Before start(): what the registry says now.
    [[nodiscard]] Result<std::optional<registry::Rotation>> rotation_from(const Pin& present);

    /// Begins to watch; `on_snapshot` is called on the watching thread for each later snapshot, `on_rotation` whenever
    /// another word is heard of the key that is followed.
    void start(OnSnapshot on_snapshot, OnRotation on_rotation);

    /// From now on the server has this key, and holds that next one: it is reported, and its rotation is heard of.
    void follow(const Pin& present, const std::optional<Pin>& next);

    /// Has an invitation used for this key. `on_joined` is called on the watching thread, after every thread has the
    /// snapshot in which the client is; a refused call (false) means that too many wait.
    [[nodiscard]] bool join(const registry::InvitationSecret& secret, registry::NewKey key, std::string address,
                            OnJoined on_joined);

    /// Has something done with the registry. `on_done` is called as join()'s is.
    [[nodiscard]] bool change(Work work, OnDone on_done);

    /// Has this appended to the audit log: by the watching thread, and before that runs, at once.
    void record(audit::Event event);
    /// Where refusals go, to be recorded within a second.
    [[nodiscard]] RefusalLog& refusals() { return refusals_; }

    /// Where strangers go, to be put on the list of those who wait to be approved within a second.
    [[nodiscard]] Strangers& strangers() { return strangers_; }

    /// The newest snapshot. Thread-safe, as is status().
    [[nodiscard]] std::shared_ptr<const registry::Snapshot> latest_snapshot() const;
    [[nodiscard]] RegistryStatus status() const;
    /// Whether the last look met no fault. Without a lock.
    [[nodiscard]] bool is_reachable() const { return !is_failing_.load(std::memory_order_relaxed); }

    /// Has the canonical form of a key recorded that was registered as a bare digest.
    void learn(Pin pin, x509::CanonicalKey canonical);

  private:
    using Task = std::function<void(registry::Registry&)>;

    RegistryWatch(std::unique_ptr<registry::Registry> registry, std::shared_ptr<const registry::Snapshot> snapshot,
                  std::string url, Ledger& ledger, Log& log);
    void run();
    void look();
    void look_at_rotation();
    void publish();
    void report(x509::Time now);
    void record_refusals(bool is_last);
    /// Appends to the audit log; says so once where that can't be done.
    bool append(std::span<const audit::Event> events);
    void note_read();  ///< what is published is the newest
    void note_strangers();
    void note(const Error& error);
    [[nodiscard]] Event about(std::string_view event, LogLevel level, const Error& error) const;
    [[nodiscard]] bool enqueue(Task task);

    std::unique_ptr<registry::Registry> registry_;
    std::shared_ptr<const registry::Snapshot> snapshot_;
    std::string url_;
    std::string server_id_;
    Ledger& ledger_;
    Log& log_;
    OnSnapshot on_snapshot_;
    OnRotation on_rotation_;
    std::string host_;
    std::optional<registry::RotatingServer> keys_;                     ///< of this server
    std::optional<std::optional<registry::Rotation>> heard_rotation_;  ///< last; none: nothing was heard yet
    SnapshotFreshness freshness_;
    Strangers strangers_;
    RefusalLog refusals_;
    std::string actor_;                     ///< who runs this server, for the audit log
    std::atomic<bool> is_failing_ = false;  ///< it can't be read
    bool is_behind_ = false;                ///< it is known to have changed, and what it changed to is not yet read
    bool is_unwritten_ = false;             ///< the last report didn't get there
    bool is_unlogged_ = false;              ///< the last entry of the audit log didn't get there
    std::chrono::steady_clock::time_point look_again_at_;

    mutable std::mutex mutex_;  ///< of what follows, and of replacing snapshot_
    std::condition_variable wake_;
    std::deque<Task> tasks_;
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace cotter::service
