// Putting a server together.
#include "service/serve.h"

#include "service/process.h"
#include "service/server_thread.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

// The registry, logs, listeners and the resolver want some too.
constexpr std::size_t kDescriptorsOfOurOwn = 64;
constexpr std::chrono::milliseconds kDrainLook{50};

std::size_t most_connections(const StreamSettings& settings) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > 2 * kDescriptorsOfOurOwn ? (descriptors - kDescriptorsOfOurOwn) / 2 : 1;
    return settings.most_connections == 0 ? possible : std::min(settings.most_connections, possible);
}

class Server {
  public:
    Server(const ServeSettings& settings, Log& log, RegistryWatch& watch, Ledger& ledger)
        : settings_(settings), log_(log), shared_{settings, log, ledger, watch, most_connections(settings.stream)} {}

    Result<void> prepare(const ServerConfiguration& configuration) {
        std::vector<stream::ListenSocket> sockets;
        auto first = stream::ListenSocket::open(settings_.listen, true);
        if (!first) return unexpected(first.error());
        address_ = first->address();
        for (unsigned i = 1; i < settings_.threads; ++i) {
            auto another = first->another();
            if (!another) return unexpected(another.error());
            sockets.push_back(std::move(*another));
        }
        sockets.push_back(std::move(*first));
        for (auto& socket : sockets) {
            auto thread = ServerThread::make(threads_.size(), shared_, configuration, std::move(socket));
            if (!thread) return unexpected(thread.error());
            threads_.push_back(std::move(*thread));
        }
        return {};
    }

    [[nodiscard]] const std::string& address() const { return address_; }

    void run() {
        shared_.watch.start([this](const std::shared_ptr<const registry::Snapshot>& snapshot) {
            for (const auto& thread : threads_) thread->publish(snapshot);
        });
        for (const auto& thread : threads_) thread->start();
        await_signal();
        io_.run();
        for (const auto& thread : threads_) thread->stop();
    }

  private:
    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& fault, int signal) {
            if (fault) return;
            if (signal == SIGHUP) {
                reload();
            } else if (is_draining_) {
                finish();
                return;
            } else {
                drain();
            }
            await_signal();
        });
    }

    void reload() {
        auto configuration = ServerConfiguration::read(settings_);
        if (!configuration) {
            const Error& error = configuration.error();
            log_.write(Event("reload", LogLevel::kError)
                           .with("result", "kept")
                           .with("reason", error.what + ": " + error.why)
                           .with("next", error.next));
            return;
        }
        for (const auto& thread : threads_) thread->reconfigure(*configuration);
        log_.write(Event("reload").with("result", "applied").with("pin", configuration->identity.pin().to_string()));
    }

    void drain() {
        is_draining_ = true;
        drain_until_ = stream::later(std::chrono::steady_clock::now(), settings_.stream.drain_timeout);
        for (const auto& thread : threads_) thread->stop_accepting();
        log_.write(Event("drain").with("streams", connection_count()));
        look_at_drain();
    }

    void look_at_drain() {
        if (connection_count() == 0) return finish();
        if (std::chrono::steady_clock::now() >= drain_until_) {
            for (const auto& thread : threads_) thread->end_connections(stream::EndReason::kDrained);
            drain_until_ = stream::SteadyTime::max();
        }
        drain_timer_.expires_after(kDrainLook);
        drain_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) look_at_drain();
        });
    }

    void finish() {
        log_.write(Event("stopped").with("streams", connection_count()));
        // Not by cancelling what waits: this may run inside the signal's handler, which waits for the next one again.
        io_.stop();
    }

    [[nodiscard]] std::size_t connection_count() const { return shared_.connections.load(); }

    const ServeSettings& settings_;
    Log& log_;
    ServerShared shared_;
    std::string address_;
    std::vector<std::unique_ptr<ServerThread>> threads_;
    asio::io_context io_{1};
    asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer drain_timer_{io_};
    bool is_draining_ = false;
    stream::SteadyTime drain_until_;
};

}  // namespace

Result<void> serve(const ServeSettings& settings, Log& log, const std::function<void(const Listening&)>& on_listening) {
    protect_memory();
    auto configuration = ServerConfiguration::read(settings);
    if (!configuration) return unexpected(configuration.error());
    Ledger ledger(settings.threads);
    auto watch = RegistryWatch::open(settings.registry_url, ledger, log);
    if (!watch) return unexpected(watch.error());
    Server server(settings, log, **watch, ledger);
    if (auto prepared = server.prepare(*configuration); !prepared) return prepared;
    on_listening({server.address(), settings.to.to_string(), configuration->identity.pin(),
                  (*watch)->first_snapshot()->client_count()});
    server.run();
    // Stopped before the threads go that it publishes to.
    watch->reset();
    return {};
}

}  // namespace cotter::service
