// One thread of a server.
#include "service/server_thread.h"

#include "service/wall_clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <pthread.h>

#include <string>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kSweepEvery{1};
// Of one source, and of all: a line costs as much as a good part of the refusal, and a disk is full at some time.
constexpr std::size_t kRefusalLinesPerSource = 5;
constexpr std::size_t kRefusalLinesPerSecond = 50;
constexpr std::size_t kMostSources = 65536;

Result<std::shared_ptr<const tls::Context>> make_context(const tls::LibraryContext& library,
                                                         const identity::Identity& identity,
                                                         const StreamSettings& settings) {
    auto context =
        tls::Context::server(library, identity,
                             {settings.minimum_protocol,
                              settings.resumption,
                              {tls::Application::kStream, tls::Application::kJoin, tls::Application::kControl}});
    if (!context) return unexpected(context.error());
    return std::make_shared<const tls::Context>(std::move(*context));
}

}  // namespace

Result<ServerConfiguration> ServerConfiguration::read(const ServeSettings& settings) {
    auto identity = identity::load_identity(settings.identity.key, settings.identity.certificate);
    if (!identity) return unexpected(identity.error());
    // Tried here, so that a thread never finds an identity that OpenSSL won't take.
    auto library = tls::LibraryContext::make();
    if (!library) return unexpected(library.error());
    ServerConfiguration configuration{std::move(*identity), {}};
    if (settings.open_authority) {
        auto authority = settings.open_authority();
        if (!authority) return unexpected(authority.error());
        configuration.authority = std::make_shared<const authority::Authority>(std::move(*authority));
    }
    for (const ServiceSettings& service : settings.services) {
        auto rules = AdmissionRules::read(service, settings.crl_numbers);
        if (!rules) return unexpected(rules.error());
        rules->policy.own_key = configuration.identity.chain().front().public_key().canonical();
        configuration.rules.push_back(std::make_shared<const AdmissionRules>(std::move(*rules)));
        auto tried = make_context(*library, configuration.identity, service.stream);
        if (!tried) return unexpected(tried.error());
    }
    return configuration;
}

Result<ServerConfiguration> ServerConfiguration::with_identity_of(const IdentityFiles& files) const {
    auto now = identity::load_identity(files.key, files.certificate);
    if (!now) return unexpected(now.error());
    ServerConfiguration changed{.identity = std::move(*now), .rules = {}, .authority = authority};
    for (const auto& rules_of_service : rules) {
        AdmissionRules own = *rules_of_service;
        own.policy.own_key = changed.identity.certificate().public_key().canonical();
        changed.rules.push_back(std::make_shared<const AdmissionRules>(std::move(own)));
    }
    return changed;
}

Result<std::unique_ptr<ServerThread>> ServerThread::make(std::size_t index, ServerShared& shared,
                                                         const ServerConfiguration& configuration,
                                                         std::vector<stream::ListenSocket> listeners) {
    auto library = tls::LibraryContext::make();
    if (!library) return unexpected(library.error());
    std::unique_ptr<ServerThread> made(
        new ServerThread(index, shared, std::move(*library), configuration, std::move(listeners)));
    if (auto contexts = made->make_contexts(configuration.identity); !contexts) return unexpected(contexts.error());
    return made;
}

ServerThread::ServerThread(std::size_t index, ServerShared& shared, tls::LibraryContext library,
                           const ServerConfiguration& configuration, std::vector<stream::ListenSocket> listeners)
    : index_(index),
      shared_(shared),
      library_(std::move(library)),
      announcer_(configuration.announcer),
      authority_(configuration.authority) {
    const auto snapshot = shared.watch.first_snapshot();
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        services_.push_back({shared.settings.services[i], *shared.backends[i], shared.counts.of(index, i),
                             AdmissionJudge(configuration.rules[i], snapshot, shared.watch.freshness(),
                                            shared.settings.registry_grace)});
        const int descriptor = listeners[i].hand_over();
        listeners_.push_back({std::move(listeners[i]), {reactor_.io(), descriptor}});
    }
    reactor_.watch(*this);
    shared_.ledger.applied(index_, snapshot->version());
}

Result<void> ServerThread::make_contexts(const identity::Identity& identity) {
    std::vector<std::shared_ptr<const tls::Context>> contexts;
    for (const ThreadService& service : services_) {
        auto context = make_context(library_, identity, service.settings.stream);
        if (!context) return unexpected(context.error());
        contexts.push_back(std::move(*context));
    }
    for (std::size_t i = 0; i < services_.size(); ++i) services_[i].context = std::move(contexts[i]);
    return {};
}

ServerThread::~ServerThread() {
    stop();
}

void ServerThread::start() {
    for (std::size_t i = 0; i < services_.size(); ++i) accept_on(listeners_[i], services_[i]);
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), ("reactor " + std::to_string(index_)).c_str());
        reactor_.run();
    });
}

void ServerThread::accept_on(Listener& listener, const ThreadService& service) {
    asio::co_spawn(reactor_.io(),
                   stream::accept_each(
                       reactor_, listener.accepting,
                       // A stranger's place can be had.
                       [this] { return shared_.connections.load() < shared_.most_connections || !handshakes_.empty(); },
                       [this, &service](stream::Socket socket) { accept(service, std::move(socket)); },
                       [this](const std::string& why) {
                           shared_.log.write(why.empty()
                                                 ? Event("accept_resumed")
                                                 : Event("accept_paused", LogLevel::kWarning).with("reason", why));
                       }),
                   asio::detached);
}

void ServerThread::stop() {
    if (!thread_.joinable()) return;
    reactor_.io().stop();
    thread_.join();
}

void ServerThread::accept(const ThreadService& service, stream::Socket socket) {
    auto connection = std::make_shared<ServerConnection>(*this, service, std::move(socket));
    connections_.push_back(*connection);
    open_count_.fetch_add(1, std::memory_order_relaxed);
    shared_.connections.fetch_add(1, std::memory_order_relaxed);
    Source& source = sources_[connection->source_network()];
    connection->handshake_place() = handshakes_.insert(handshakes_.end(), connection.get());
    ++source.handshakes;
    // Whoever has kept a handshake open longest makes room: an honest one takes milliseconds, so a flood meets itself.
    if (source.handshakes > shared_.settings.most_handshakes_per_source) {
        const auto oldest = std::ranges::find_if(handshakes_, [&](const ServerConnection* other) {
            return other->source_network() == connection->source_network();
        });
        ServerConnection& evicted = **oldest;
        handshake_ends(evicted);
        evicted.stop(stream::EndReason::kDisconnected);
    } else if (handshakes_.size() > shared_.settings.most_handshakes ||
               shared_.connections.load() > shared_.most_connections) {
        ServerConnection& evicted = *handshakes_.front();
        handshake_ends(evicted);
        evicted.stop(stream::EndReason::kDisconnected);
    }
    connection->start();
}

void ServerThread::handshake_ends(ServerConnection& connection) {
    if (connection.handshake_place() == handshakes_.end()) return;
    handshakes_.erase(std::exchange(connection.handshake_place(), handshakes_.end()));
    const auto source = sources_.find(connection.source_network());
    if (source == sources_.end()) return;
    --source->second.handshakes;
}

void ServerThread::forget(ServerConnection& connection) {
    handshake_ends(connection);
    connections_.erase(connections_.iterator_to(connection));
    open_count_.fetch_sub(1, std::memory_order_relaxed);
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
}

std::optional<std::uint64_t> ServerThread::take_refusal_line(const std::string& peer,
                                                             const std::string& source_network) {
    Source& source = sources_[source_network];
    const stream::SteadyTime now = reactor_.now();
    if (now - source.second >= std::chrono::seconds(1)) {
        source.second = now;
        source.lines = 0;
    }
    if (source.lines == kRefusalLinesPerSource || refusal_lines_ == kRefusalLinesPerSecond) {
        ++source.unwritten;
        source.last_peer = peer;
        return std::nullopt;
    }
    ++source.lines;
    ++refusal_lines_;
    return std::exchange(source.unwritten, 0);
}

void ServerThread::on_tick(stream::SteadyTime now) {
    if (now < next_sweep_) return;
    next_sweep_ = now + kSweepEvery;
    const x509::Time time = wall_clock_now();
    for (auto next = connections_.begin(); next != connections_.end();) (next++)->sweep(time);
    refusal_lines_ = 0;
    kept_refusals_ = 0;
    tell_of_unwritten(now);
}

void ServerThread::tell_of_unwritten(stream::SteadyTime now) {
    const bool is_crowded = sources_.size() > kMostSources;
    std::uint64_t count = 0;
    std::uint64_t sources = 0;
    std::string example;
    for (auto& [network, source] : sources_) {
        // The flood is over, or may be: nobody need come again for the count to be told.
        if (source.unwritten == 0 || (!is_crowded && now - source.second < std::chrono::seconds(1))) continue;
        count += std::exchange(source.unwritten, 0);
        ++sources;
        example = source.last_peer;
    }
    if (count != 0) {
        shared_.log.write(Event("refusals_unwritten", LogLevel::kWarning)
                              .with("count", count)
                              .with("sources", sources)
                              .with("peer", example));
    }
    std::erase_if(sources_, [&](const auto& entry) {
        const Source& source = entry.second;
        return source.handshakes == 0 && (is_crowded || now - source.second >= std::chrono::seconds(2));
    });
}

void ServerThread::reconsider(bool rules_changed) {
    for (auto next = connections_.begin(); next != connections_.end();) (next++)->reconsider(rules_changed);
}

void ServerThread::publish(std::shared_ptr<const registry::Snapshot> snapshot) {
    asio::post(reactor_.io(), [this, snapshot = std::move(snapshot)] {
        const std::uint64_t version = snapshot->version();
        for (ThreadService& service : services_) service.judge.replace(snapshot);
        reconsider(false);
        shared_.ledger.applied(index_, version);
    });
}

void ServerThread::reconfigure(const ServerConfiguration& configuration) {
    asio::post(reactor_.io(), [this, configuration] {
        if (auto contexts = make_contexts(configuration.identity); !contexts) {
            // It was tried before: only want of memory is left.
            shared_.log.write(
                Event("reload", LogLevel::kError).with("result", "kept").with("reason", contexts.error().why));
            return;
        }
        announcer_ = configuration.announcer;
        authority_ = configuration.authority;
        for (std::size_t i = 0; i < services_.size(); ++i) services_[i].judge.replace(configuration.rules[i]);
        reconsider(true);
    });
}

void ServerThread::ask_status(std::function<void(ThreadStatus)> answer) {
    asio::post(reactor_.io(), [this, answer = std::move(answer)] {
        ThreadStatus status;
        status.handshakes = handshakes_.size();
        for (auto next = connections_.rbegin(); next != connections_.rend(); ++next) next->add_to(status);
        status.refusals.assign(refusals_.begin(), refusals_.end());
        answer(std::move(status));
    });
}

void ServerThread::stop_accepting() {
    asio::post(reactor_.io(), [this] {
        boost::system::error_code ignored;
        for (Listener& listener : listeners_) listener.accepting.close(ignored);
        // What has not been admitted yet has nothing to lose.
        while (!handshakes_.empty()) {
            ServerConnection& connection = *handshakes_.front();
            handshake_ends(connection);
            connection.stop(stream::EndReason::kDrained);
        }
    });
}

void ServerThread::end_connections(stream::EndReason reason) {
    asio::post(reactor_.io(), [this, reason] {
        for (auto next = connections_.begin(); next != connections_.end();) (next++)->stop(reason);
    });
}

}  // namespace cotter::service
