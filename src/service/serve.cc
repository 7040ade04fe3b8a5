// Putting a server together.
#include "service/serve.h"

#include "service/expiry.h"
#include "service/process.h"
#include "service/server_keys.h"
#include "service/server_metrics.h"
#include "service/server_thread.h"
#include "service/status_socket.h"
#include "service/supervisor.h"
#include "service/wall_clock.h"
#include "service/watchdog.h"
#include "stream/passed_sockets.h"
#include "text/time.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

// The registry, logs, listeners and the resolver want some too.
constexpr std::size_t kDescriptorsOfOurOwn = 64;
constexpr std::chrono::milliseconds kDrainLook{50};
constexpr std::chrono::seconds kRotationLook{1};
// What a thread needs to reset its connections once it was told to.
constexpr std::chrono::seconds kMostEnding{2};
// Dates are told days ahead.
constexpr std::chrono::minutes kLookAtDates{1};
// A thread that doesn't answer by then is told of as one that didn't.
constexpr std::chrono::milliseconds kMostAsking{500};

std::vector<std::string> names_of(const std::vector<ServiceSettings>& services) {
    std::vector<std::string> names;
    for (const ServiceSettings& service : services) names.push_back(service.name);
    return names;
}

std::size_t most_connections(const ProcessSettings& settings) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > 2 * kDescriptorsOfOurOwn ? (descriptors - kDescriptorsOfOurOwn) / 2 : 1;
    return settings.most_connections == 0 ? possible : std::min(settings.most_connections, possible);
}

/// The server's key where it is another than before.
void record_key(RegistryWatch& watch, const std::optional<Pin>& before, const Pin& now) {
    if (before == now) return;
    watch.record({.action = audit::Action::kServerKey,
                  .pin = now.to_string(),
                  .detail = before ? "in the place of " + before->to_string() : "for the first time"});
}

class Server {
  public:
    Server(const ServeSettings& settings, Log& log, RegistryWatch& watch, Ledger& ledger,
           ServerConfiguration configuration, const std::function<void(const Pin&)>& on_new_key)
        : settings_(settings),
          log_(log),
          configuration_(std::move(configuration)),
          keys_(settings.state, log),
          on_new_key_(on_new_key),
          counts_(settings.threads, names_of(settings.services)),
          shared_{settings, log, ledger, watch, {}, counts_, most_connections(settings.process)} {
        for (const ServiceSettings& service : settings.services) {
            shared_.backends.push_back(std::make_unique<Backends>(
                service, [this, &service](const stream::Target& target, const std::string& why) {
                    say_backend(service, target, why);
                }));
        }
    }

    Result<void> prepare() {
        auto passed = stream::PassedSockets::receive();
        if (!passed) return unexpected(passed.error());
        if (auto caught_up = catch_up(); !caught_up) return caught_up;
        std::vector<std::vector<stream::ListenSocket>> sockets(settings_.threads);
        for (const ServiceSettings& service : settings_.services) {
            auto first = stream::open_listener(service.listen, true, *passed);
            if (!first) return unexpected(first.error());
            addresses_.push_back(first->address());
            for (unsigned i = 1; i < settings_.threads; ++i) {
                auto another = first->another();
                if (!another) return unexpected(another.error());
                sockets[i].push_back(std::move(*another));
            }
            sockets.front().push_back(std::move(*first));
        }
        if (auto taken = passed->all_are_taken(); !taken) return taken;
        for (auto& of_thread : sockets) {
            auto thread = ServerThread::make(threads_.size(), shared_, configuration_, std::move(of_thread));
            if (!thread) return unexpected(thread.error());
            threads_.push_back(std::move(*thread));
        }
        if (settings_.process.metrics) {
            auto opened = ServerMetrics::open(*settings_.process.metrics, shared_);
            if (!opened) return unexpected(opened.error());
            metrics_ = std::move(*opened);
            metrics_->note_dates(dates_of(settings_, configuration_));
        }
        shared_.watch.follow(pin(), keys_.next_pin());
        record_key(shared_.watch, settings_.last_served, pin());
        open_status();
        return {};
    }

    [[nodiscard]] Pin pin() const { return configuration_.identity.pin(); }

    /// Where they are served; empty: nowhere.
    [[nodiscard]] std::string metrics_address() const { return metrics_ ? metrics_->address() : std::string(); }

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
        shared_.watch.start(
            [this](const std::shared_ptr<const registry::Snapshot>& snapshot) {
                for (const auto& thread : threads_) thread->publish(snapshot);
                if (metrics_) metrics_->publish(snapshot);
            },
            [this](const Pin& present, std::optional<registry::Rotation> rotation) {
                asio::post(reactor_.io(), [this, present, rotation = std::move(rotation)]() mutable {
                    if (present == keys_.present_pin()) act_on(keys_.hear(std::move(rotation)));
                });
            });
        for (const auto& thread : threads_) thread->start();
        await_signal();
        for (const auto& backends : shared_.backends)
            asio::co_spawn(reactor_.io(), backends->check(reactor_), asio::detached);
        asio::co_spawn(reactor_.io(), watch_dates(), asio::detached);
        if (status_socket_) {
            asio::co_spawn(reactor_.io(), status_socket_->serve(reactor_, [this] { return say_status(); }),
                           asio::detached);
        }
        if (metrics_) {
            auto pulses = thread_pulses();
            pulses.insert(pulses.begin(), &pulse_);
            metrics_->start(std::move(pulses));
        }
        begin_watchdog();
        supervisor_.ready(summary());
        reactor_.run();
        if (metrics_) metrics_->stop();
        for (const auto& thread : threads_) thread->stop();
    }

  private:
    /// Before the first client comes, so that it is told of the next key, if there is one, and so that its session
    /// outlives the first word of the registry. Where a rotation was committed while this server was away, it begins
    /// with the next key; what can't be switched is told, and tried again while the former key serves.
    Result<void> catch_up() {
        keys_.present(configuration_.identity);
        auto rotation = shared_.watch.rotation_from(pin());
        if (!rotation) return unexpected(rotation.error());
        switch (keys_.hear(std::move(*rotation))) {
            case ServerKeys::Outcome::kNothing: break;
            case ServerKeys::Outcome::kAnnouncement: configuration_.announcer = keys_.announcer(); break;
            case ServerKeys::Outcome::kSwitched: {
                auto configuration = configuration_.with_identity_of(settings_.identity);
                if (!configuration) return unexpected(configuration.error());
                configuration_ = std::move(*configuration);
                keys_.present(configuration_.identity);
                break;
            }
        }
        return {};
    }

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

    void open_status() {
        if (settings_.status_socket.empty()) return;
        auto opened = StatusSocket::open(settings_.status_socket);
        if (opened) {
            status_socket_.emplace(std::move(*opened));
            return;
        }
        // Another server of this state folder answers there; this one serves all the same.
        log_.write(Event("status_unavailable", LogLevel::kWarning)
                       .with("reason", opened.error().what + ": " + opened.error().why));
    }

    [[nodiscard]] std::vector<const metrics::Pulse*> thread_pulses() const {
        std::vector<const metrics::Pulse*> pulses;
        for (const auto& thread : threads_) pulses.push_back(&thread->pulse());
        return pulses;
    }

    [[nodiscard]] std::vector<Expiry> expiries(x509::Time now) const {
        return expiries_of(settings_, configuration_, *shared_.watch.latest_snapshot(), now);
    }

    void tell_dates() {
        const x509::Time now = wall_clock_now();
        tell_expiries(expiries(now), now, told_, log_);
        if (metrics_) metrics_->note_dates(dates_of(settings_, configuration_));
    }

    asio::awaitable<void> watch_dates() {
        asio::steady_timer timer(reactor_.io());
        for (;;) {
            tell_dates();
            timer.expires_after(kLookAtDates);
            const auto [fault] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
            if (fault) co_return;
        }
    }

    /// What the threads answer, put together on the main thread.
    struct Answers {
        Answers(asio::io_context& io, std::size_t count_of_threads) : all_there(io), threads(count_of_threads) {}
        asio::steady_timer all_there;
        std::vector<std::optional<ThreadStatus>> threads;
        std::size_t count = 0;
    };

    asio::awaitable<std::string> say_status() {
        const auto answers = std::make_shared<Answers>(reactor_.io(), threads_.size());
        answers->all_there.expires_after(kMostAsking);
        for (std::size_t i = 0; i < threads_.size(); ++i) {
            // Not shared with what a thread that has ended may keep: its timer must go with the reactor.
            threads_[i]->ask_status([this, asked = std::weak_ptr(answers), i](ThreadStatus status) {
                asio::post(reactor_.io(), [asked, i, status = std::move(status)]() mutable {
                    const auto waiting = asked.lock();
                    if (!waiting) return;
                    waiting->threads[i] = std::move(status);
                    if (++waiting->count == waiting->threads.size()) waiting->all_there.cancel();
                });
            });
        }
        co_await answers->all_there.async_wait(asio::as_tuple(asio::use_awaitable));
        const x509::Time now = wall_clock_now();
        ServerStatus status{.now = now,
                            .since = since_,
                            .pin = pin().to_string(),
                            .takes_pending = settings_.pending,
                            .services = {},
                            .registry = shared_.watch.status(),
                            .threads = answers->threads,
                            .expiries = expiries(now)};
        for (std::size_t i = 0; i < addresses_.size(); ++i) {
            ServiceStatus service{settings_.services[i].name, addresses_[i], {}};
            for (const Backends::State& backend : shared_.backends[i]->states())
                service.backends.push_back({backend.target->to_string(), backend.is_up});
            status.services.push_back(std::move(service));
        }
        co_return to_json(status);
    }

    /// For systemctl status.
    [[nodiscard]] std::string summary() const {
        std::string text;
        for (std::size_t i = 0; i < addresses_.size(); ++i) {
            const std::string& name = settings_.services[i].name;
            text += (i == 0 ? "Listening on " : ", ") + addresses_[i] + (name.empty() ? "" : " for " + name);
        }
        return text;
    }

    void begin_watchdog() {
        const auto watchdog = Supervisor::watchdog();
        if (!watchdog) return;
        const auto period = *watchdog / 2;
        watchdog_.emplace(reactor_.io(), thread_pulses(), period, std::max(period, Watchdog::kLeastLongest),
                          Watchdog::Told{[this] { supervisor_.alive(); },
                                         [this](std::size_t thread) {
                                             log_.write(Event("thread_stuck", LogLevel::kError).with("thread", thread));
                                         }});
        watchdog_->start();
    }

    void say_backend(const ServiceSettings& service, const stream::Target& target, const std::string& why) {
        log_.write((why.empty() ? Event("backend_up") : Event("backend_down", LogLevel::kWarning))
                       .with("service", service.name)
                       .with("to", target.to_string())
                       .with("reason", why));
    }

    void reload() {
        supervisor_.reloading();
        auto configuration = ServerConfiguration::read(settings_);
        if (metrics_) metrics_->note_reload(configuration.has_value(), wall_clock_now());
        if (!configuration) {
            const Error& error = configuration.error();
            supervisor_.ready(Supervisor::kept(summary(), error));
            log_.write(Event("reload", LogLevel::kError)
                           .with("result", "kept")
                           .with("reason", error.what + ": " + error.why)
                           .with("next", error.next));
            return;
        }
        use(std::move(*configuration));
        supervisor_.ready(summary());
        log_.write(Event("reload").with("result", "applied").with("pin", pin().to_string()));
    }

    /// With another identity the registry is asked anew what becomes of it, and nothing is announced until it has said.
    void use(ServerConfiguration configuration) {
        const bool is_same = configuration.identity.pin() == pin();
        if (is_same) configuration.announcer = configuration_.announcer;
        record_key(shared_.watch, pin(), configuration.identity.pin());
        configuration_ = std::move(configuration);
        for (const auto& thread : threads_) thread->reconfigure(configuration_);
        if (!is_same) follow_own_key();
        tell_dates();
    }

    void follow_own_key() {
        keys_.present(configuration_.identity);
        shared_.watch.follow(pin(), std::nullopt);
    }

    void act_on(ServerKeys::Outcome outcome) {
        switch (outcome) {
            case ServerKeys::Outcome::kNothing: break;
            case ServerKeys::Outcome::kAnnouncement:
                // New contexts, so that every client shakes hands in full and can be told: no session outlives this.
                configuration_.announcer = keys_.announcer();
                for (const auto& thread : threads_) thread->reconfigure(configuration_);
                shared_.watch.follow(pin(), keys_.next_pin());
                break;
            case ServerKeys::Outcome::kSwitched: take_next_key(); break;
        }
        if (!keys_.is_waiting()) return;
        rotation_timer_.expires_after(kRotationLook);
        rotation_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) act_on(keys_.look());
        });
    }

    /// Open streams go on under the handshakes that they have had.
    void take_next_key() {
        auto configuration = configuration_.with_identity_of(settings_.identity);
        if (!configuration) {
            log_.write(Event("key_switch", LogLevel::kError)
                           .with("result", "kept")
                           .with("reason", configuration.error().what + ": " + configuration.error().why)
                           .with("next", configuration.error().next));
            return;
        }
        use(std::move(*configuration));
        log_.write(Event("key_switch").with("result", "applied").with("pin", pin().to_string()));
        on_new_key_(pin());
    }

    void drain() {
        is_draining_ = true;
        if (metrics_) metrics_->begin_drain();
        drain_until_ = stream::later(std::chrono::steady_clock::now(), settings_.process.drain_timeout);
        for (const auto& thread : threads_) thread->stop_accepting();
        supervisor_.stopping("Draining " + std::to_string(connection_count()) + " streams",
                             settings_.process.drain_timeout);
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
    ServerConfiguration configuration_;  ///< that the threads have
    ServerKeys keys_;
    const std::function<void(const Pin&)>& on_new_key_;
    metrics::CountTable counts_;
    ServerShared shared_;
    std::vector<std::string> addresses_;  ///< of each service
    std::optional<StatusSocket> status_socket_;
    ToldExpiries told_;
    const x509::Time since_ = wall_clock_now();
    Supervisor supervisor_{log_};
    std::vector<std::unique_ptr<ServerThread>> threads_;
    stream::Reactor reactor_;
    metrics::Pulse pulse_{reactor_};
    std::optional<Watchdog> watchdog_;
    std::unique_ptr<ServerMetrics> metrics_;  ///< null: nobody asked for them; its thread reads the above
    asio::signal_set signals_{reactor_.io(), SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer drain_timer_{reactor_.io()};
    asio::steady_timer rotation_timer_{reactor_.io()};
    bool is_draining_ = false;
    stream::SteadyTime drain_until_;
    stream::SteadyTime end_at_ = stream::SteadyTime::max();
};

}  // namespace

Result<void> serve(const ServeSettings& settings, Log& log, const std::function<void(const Listening&)>& on_listening,
                   const std::function<void(const Pin&)>& on_new_key) {
    protect_memory();
    auto configuration = ServerConfiguration::read(settings);
    if (!configuration) return unexpected(configuration.error());
    Ledger ledger(settings.threads);
    auto watch = RegistryWatch::open(settings.registry_url, ledger, log);
    if (!watch) return unexpected(watch.error());
    Server server(settings, log, **watch, ledger, std::move(*configuration), on_new_key);
    if (auto prepared = server.prepare(); !prepared) return prepared;
    (*watch)->announce();
    on_listening(
        {server.services(), server.pin(), (*watch)->first_snapshot()->client_count(), server.metrics_address()});
    server.run();
    // Stopped before the threads go that it publishes to.
    watch->reset();
    return {};
}

}  // namespace cotter::service
