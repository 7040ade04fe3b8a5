// Putting a server together.
#include "service/serve.h"

#include "service/process.h"
#include "service/server_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
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
// What a thread needs to reset its connections once it was told to.
constexpr std::chrono::seconds kMostEnding{2};

std::size_t most_connections(const ProcessSettings& settings) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > 2 * kDescriptorsOfOurOwn ? (descriptors - kDescriptorsOfOurOwn) / 2 : 1;
    return settings.most_connections == 0 ? possible : std::min(settings.most_connections, possible);
}

class Server {
  public:
    Server(const ServeSettings& settings, Log& log, RegistryWatch& watch, Ledger& ledger)
        : settings_(settings),
          log_(log),
          shared_{settings, log, ledger, watch, {}, most_connections(settings.process)} {
        for (const ServiceSettings& service : settings.services) {
            shared_.backends.push_back(std::make_unique<Backends>(
                service, [this, &service](const stream::Target& target, const std::string& why) {
                    say_backend(service, target, why);
                }));
        }
    }

    Result<void> prepare(const ServerConfiguration& configuration) {
        std::vector<std::vector<stream::ListenSocket>> sockets(settings_.threads);
        for (const ServiceSettings& service : settings_.services) {
            auto first = stream::ListenSocket::open(service.listen, true);
            if (!first) return unexpected(first.error());
            addresses_.push_back(first->address());
            for (unsigned i = 1; i < settings_.threads; ++i) {
                auto another = first->another();
                if (!another) return unexpected(another.error());
                sockets[i].push_back(std::move(*another));
            }
            sockets.front().push_back(std::move(*first));
        }
        for (auto& of_thread : sockets) {
            auto thread = ServerThread::make(threads_.size(), shared_, configuration, std::move(of_thread));
            if (!thread) return unexpected(thread.error());
            threads_.push_back(std::move(*thread));
        }
        return {};
    }

    [[nodiscard]] std::vector<Listening::Service> services() const {
        std::vector<Listening::Service> services;
        for (std::size_t i = 0; i < addresses_.size(); ++i) {
            const ServiceSettings& settings = settings_.services[i];
            services.push_back({settings.name, addresses_[i], {}});
            for (const stream::Target& target : settings.backends) services.back().to.push_back(target.to_string());
        }
        return services;
    }

    void run() {
        shared_.watch.start([this](const std::shared_ptr<const registry::Snapshot>& snapshot) {
            for (const auto& thread : threads_) thread->publish(snapshot);
        });
        for (const auto& thread : threads_) thread->start();
        await_signal();
        for (const auto& backends : shared_.backends)
            asio::co_spawn(reactor_.io(), backends->check(reactor_), asio::detached);
        reactor_.run();
        for (const auto& thread : threads_) thread->stop();
    }

  private:
    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& fault, int signal) {
            if (fault) return;
            if (signal == SIGHUP) {
                reload();
            } else if (is_draining_) {
                // Not by ending the process at once: that would close the streams like finished ones.
                drain_until_ = std::chrono::steady_clock::now();
                look_at_drain();
            } else {
                drain();
            }
            await_signal();
        });
    }

    void say_backend(const ServiceSettings& service, const stream::Target& target, const std::string& why) {
        log_.write((why.empty() ? Event("backend_up") : Event("backend_down", LogLevel::kWarning))
                       .with("service", service.name)
                       .with("to", target.to_string())
                       .with("reason", why));
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
        drain_until_ = stream::later(std::chrono::steady_clock::now(), settings_.process.drain_timeout);
        for (const auto& thread : threads_) thread->stop_accepting();
        log_.write(Event("drain").with("streams", connection_count()));
        look_at_drain();
    }

    void look_at_drain() {
        const stream::SteadyTime now = std::chrono::steady_clock::now();
        if (connection_count() == 0 || now >= end_at_) return finish();
        if (now >= drain_until_) {
            for (const auto& thread : threads_) thread->end_connections(stream::EndReason::kDrained);
            drain_until_ = stream::SteadyTime::max();
            end_at_ = now + kMostEnding;
        }
        drain_timer_.expires_after(kDrainLook);
        drain_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) look_at_drain();
        });
    }

    void finish() {
        log_.write(Event("stopped").with("streams", connection_count()));
        // Not by cancelling what waits: this may run inside the signal's handler, which waits for the next one again.
        reactor_.io().stop();
    }

    [[nodiscard]] std::size_t connection_count() const { return shared_.connections.load(); }

    const ServeSettings& settings_;
    Log& log_;
    ServerShared shared_;
    std::vector<std::string> addresses_;  ///< of each service
    std::vector<std::unique_ptr<ServerThread>> threads_;
    stream::Reactor reactor_;
    asio::signal_set signals_{reactor_.io(), SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer drain_timer_{reactor_.io()};
    bool is_draining_ = false;
    stream::SteadyTime drain_until_;
    stream::SteadyTime end_at_ = stream::SteadyTime::max();
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
    (*watch)->announce();
    on_listening({server.services(), configuration->identity.pin(), (*watch)->first_snapshot()->client_count()});
    server.run();
    // Stopped before the threads go that it publishes to.
    watch->reset();
    return {};
}

}  // namespace cotter::service
