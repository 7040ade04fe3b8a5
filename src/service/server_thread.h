// ServerThread: one reactor of a server with its listener, TLS context, judge and connections. Everything in it is
// touched only on its own thread; others post to it.
#pragma once

#include "metrics/connection_counts.h"
#include "metrics/pulse.h"
#include "service/admission.h"
#include "service/backends.h"
#include "service/key_announcer.h"
#include "service/ledger.h"
#include "service/log.h"
#include "service/registry_watch.h"
#include "service/server_connection.h"
#include "service/settings.h"
#include "service/status.h"
#include "service/throttles.h"
#include "stream/listener.h"
#include "stream/reactor.h"
#include "tls/context.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <unordered_map>

namespace cotter::service {

/// What a reload replaces, read and checked before any thread sees it.
struct ServerConfiguration {
    identity::Identity identity;
    std::vector<std::shared_ptr<const AdmissionRules>> rules;  ///< of each service
    std::shared_ptr<KeyAnnouncer> announcer{};                 ///< null: nothing is said of a next key
    std::shared_ptr<const authority::Authority> authority{};   ///< null: no certificate is renewed here

    [[nodiscard]] static Result<ServerConfiguration> read(const ServeSettings& settings);
    /// The same rules with the identity that is in the files now.
    [[nodiscard]] Result<ServerConfiguration> with_identity_of(const IdentityFiles& files) const;
};

/// What the threads of a server share.
struct ServerShared {
    const ServeSettings& settings;
    Log& log;
    Ledger& ledger;
    RegistryWatch& watch;
    std::vector<std::unique_ptr<Backends>> backends;  ///< of each service
    metrics::CountTable& counts;
    std::size_t most_connections;
    std::atomic<std::size_t> connections{0};
    Throttles throttles{};
};

/// One service on one thread: whom it admits, how it shakes hands, and where its streams go.
struct ThreadService {
    const ServiceSettings& settings;
    Backends& backends;
    metrics::ConnectionCounts& counts;
    AdmissionJudge judge;
    std::shared_ptr<const tls::Context> context{};
};

class ServerThread final : private stream::Ticking {
  public:
    /// `index` names the thread in the ledger; `listeners` has one for each service. Must be made and destroyed on the
    /// thread that makes the server.
    [[nodiscard]] static Result<std::unique_ptr<ServerThread>> make(std::size_t index, ServerShared& shared,
                                                                    const ServerConfiguration& configuration,
                                                                    std::vector<stream::ListenSocket> listeners);
    ~ServerThread();

    void start();

    // From other threads.
    void publish(std::shared_ptr<const registry::Snapshot> snapshot);
    void reconfigure(const ServerConfiguration& configuration);
    void stop_accepting();
    void end_connections(stream::EndReason reason);
    /// `answer` is called on this thread, soon.
    void ask_status(std::function<void(ThreadStatus)> answer);
    void stop();
    [[nodiscard]] std::size_t connection_count() const { return open_count_.load(std::memory_order_relaxed); }
    [[nodiscard]] const metrics::Pulse& pulse() const { return pulse_; }

    // For its connections, on its thread.
    [[nodiscard]] stream::Reactor& reactor() { return reactor_; }
    [[nodiscard]] ServerShared& shared() { return shared_; }
    /// Null: nothing is said of a next key.
    [[nodiscard]] const std::shared_ptr<KeyAnnouncer>& announcer() const { return announcer_; }
    /// Null: no certificate is renewed here.
    [[nodiscard]] const std::shared_ptr<const authority::Authority>& authority() const { return authority_; }
    /// Join and control exchanges, together.
    [[nodiscard]] bool may_begin_join() const { return joins_ < kMostJoins; }
    void join_begins() { ++joins_; }
    void join_ends() { --joins_; }
    void handshake_ends(ServerConnection& connection);
    void forget(ServerConnection& connection);
    /// Keeps the newest refusals, a few a second, for whoever asks for the status.
    template <class Describe>
    void keep_refusal(Describe describe) {
        if (kept_refusals_ == kMostKeptRefusals) return;
        ++kept_refusals_;
        if (refusals_.size() == kMostRefusalsInStatus) refusals_.pop_front();
        refusals_.push_back(describe());
    }
    /// Writes a refusal's line, made by `describe`, at most a few a second for one source and some for all; the
    /// rest are counted, and told with the next.
    template <class Describe>
    void log_refusal(LogLevel level, const std::string& peer, const std::string& source_network, Describe describe) {
        if (!shared_.log.is_written(level)) return;
        if (const auto unwritten = take_refusal_line(peer, source_network)) {
            Event line = describe();
            if (*unwritten != 0) line.with("more_unwritten", *unwritten);
            shared_.log.write(line);
        }
    }

  private:
    static constexpr std::size_t kMostJoins = 16;
    static constexpr std::size_t kMostKeptRefusals = 8;

    /// A listening socket on this thread's reactor.
    struct Listener {
        stream::ListenSocket socket;
        boost::asio::posix::stream_descriptor accepting;
    };

    ServerThread(std::size_t index, ServerShared& shared, tls::LibraryContext library,
                 const ServerConfiguration& configuration, std::vector<stream::ListenSocket> listeners);
    void on_tick(stream::SteadyTime now) override;
    void accept_on(Listener& listener, const ThreadService& service);
    void accept(const ThreadService& service, stream::Socket socket);
    [[nodiscard]] Result<void> make_contexts(const identity::Identity& identity);
    /// Whether one more line may be written of this source, and how many were not since the last.
    std::optional<std::uint64_t> take_refusal_line(const std::string& peer, const std::string& source_network);
    void reconsider(bool rules_changed);

    struct Source {
        std::size_t handshakes = 0;
        stream::SteadyTime second;  ///< in which `lines` were written
        std::size_t lines = 0;
        std::uint64_t unwritten = 0;
        std::string last_peer;  ///< of those
    };

    std::size_t index_;
    ServerShared& shared_;
    tls::LibraryContext library_;
    std::shared_ptr<KeyAnnouncer> announcer_;
    std::shared_ptr<const authority::Authority> authority_;
    std::vector<ThreadService> services_;  ///< never more nor fewer after the beginning: connections refer to them
    boost::intrusive::list<ServerConnection, boost::intrusive::constant_time_size<false>> connections_;
    std::list<ServerConnection*> handshakes_;  ///< oldest first
    std::unordered_map<std::string, Source> sources_;
    /// Tells once of all the refusals that were only counted, if their sources have been quiet since.
    void tell_of_unwritten(stream::SteadyTime now);

    std::size_t refusal_lines_ = 0;  ///< since the last sweep
    std::size_t kept_refusals_ = 0;  ///< since the last sweep
    std::deque<RefusalStatus> refusals_;
    std::size_t joins_ = 0;
    stream::SteadyTime next_sweep_;
    std::atomic<std::size_t> open_count_{0};
    /// Its end takes the connections that are left with it, so it goes before everything that they reach for.
    stream::Reactor reactor_;
    metrics::Pulse pulse_{reactor_};
    std::vector<Listener> listeners_;
    std::thread thread_;
};

}  // namespace cotter::service
