// Running a client.
#include "service/connect.h"

#include "metrics/connection_counts.h"
#include "metrics/pulse.h"
#include "service/bundle_refresh.h"
#include "service/client_metrics.h"
#include "service/dialer.h"
#include "service/process.h"
#include "service/standard_streams.h"
#include "service/status_lookup.h"
#include "service/status_refresh.h"
#include "service/supervisor.h"
#include "service/wall_clock.h"
#include "service/watchdog.h"
#include "stream/deadline.h"
#include "stream/listener.h"
#include "stream/passed_sockets.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <list>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

const std::vector<tls::Application> kStreamOnly{tls::Application::kStream};
// Dates are told days ahead.
constexpr std::chrono::minutes kLookAtDates{1};
constexpr std::chrono::seconds kCountBytesEvery{1};

}  // namespace

expected<StreamOutcome, ConnectFailure> connect_standard_streams(const ClientSettings& settings) {
    protect_memory();
    // Outlives the reactor, whose end takes the connections that are left with it.
    std::unique_ptr<Dialer> dialer;
    stream::Reactor reactor;
    auto status = look_up_status(settings);
    if (!status) return unexpected(status.error());
    auto made = Dialer::make(settings, reactor, kStreamOnly);
    if (!made) return unexpected(ConnectFailure{made.error(), {}});
    dialer = std::move(*made);
    dialer->use(std::move(*status));
    expected<StreamOutcome, ConnectFailure> outcome = unexpected(
        ConnectFailure{Error{ErrorKind::kFailed, "interrupted", "the stream", "it was interrupted", {}, {}}, {}});
    std::unique_ptr<StandardStreams> standard;

    const auto run = [&]() -> asio::awaitable<void> {
        auto opened = co_await dialer->open();
        if (!opened) {
            outcome = unexpected(opened.error());
            reactor.io().stop();
            co_return;
        }
        // Standard input is not even read before the server is trusted and has admitted us.
        auto streams = StandardStreams::open();
        if (!streams) {
            outcome = unexpected(ConnectFailure{streams.error(), {}});
            reactor.io().stop();
            co_return;
        }
        standard = std::move(*streams);
        const std::string connection_id = opened->stream.connection_id();
        const stream::RelayLimits limits = dialer->limits_of(opened->stream);
        const auto relay = std::make_shared<stream::Relay>(
            reactor, std::move(opened->socket), std::move(opened->stream), standard->take_socket(reactor.io()), limits,
            [&, connection_id](stream::EndReason reason, const stream::RelayCounts& counts,
                               std::optional<tls::Alert> alert) {
                outcome = StreamOutcome{reason, counts, alert, connection_id};
                dialer->when_answered([&] { reactor.io().stop(); });
            });
        relay->start(std::move(opened->early));
    };
    asio::co_spawn(reactor.io(), run, asio::detached);
    reactor.run();
    // What was still on its way to standard output counts, too: a full disk must not pass for a clean end.
    if (standard && outcome) outcome->output_error = standard->finish();
    return outcome;
}

namespace {

/// Whether a younger CRL or OCSP answer might have let the server pass.
bool wants_status(const ConnectFailure& failure) {
    const auto* verdict = std::get_if<trust::Verdict>(&failure.why);
    return verdict != nullptr && std::ranges::any_of(verdict->reasons, [](const trust::Reason& reason) {
               return reason.code == trust::ReasonCode::kRevocationUnknown ||
                      reason.code == trust::ReasonCode::kStaleRevocation;
           });
}

metrics::HandshakeFault fault_of(const Error& error) {
    using metrics::HandshakeFault;
    if (error.code == "cannot_connect") return HandshakeFault::kUnreachable;
    if (error.code == "handshake_timeout") return HandshakeFault::kTimeout;
    if (error.code == "handshake_closed") return HandshakeFault::kClosed;
    if (error.code == "handshake_too_long") return HandshakeFault::kTooLong;
    const bool is_of_tls = error.code.starts_with("handshake_") || error.code == "no_application_protocol";
    return is_of_tls ? HandshakeFault::kTls : HandshakeFault::kNoStream;
}

metrics::HandshakeOutcome outcome_of(const ConnectFailure& failure) {
    struct Outcome {
        metrics::HandshakeOutcome operator()(const Error& error) const { return fault_of(error); }
        metrics::HandshakeOutcome operator()(const trust::Verdict& verdict) const {
            return verdict.first_reason().code;
        }
        metrics::HandshakeOutcome operator()(const NotAdmitted& /*why*/) const { return metrics::NotAdmitted{}; }
        metrics::HandshakeOutcome operator()(const Dismissed& /*why*/) const { return metrics::NotAdmitted{}; }
    };
    return std::visit(Outcome{}, failure.why);
}

/// The client that listens: one reactor, its dialer, its listener.
class ListeningClient {
  public:
    ListeningClient(const ClientSettings& settings, Log& log,
                    const std::function<void(const ConnectFailure&)>& on_failure)
        : settings_(settings), log_(log), on_failure_(on_failure) {}

    Result<ListeningAt> prepare() {
        auto dialer = Dialer::make(settings_, reactor_, kStreamOnly);
        if (!dialer) return unexpected(dialer.error());
        dialer_ = std::move(*dialer);
        auto passed = stream::PassedSockets::receive();
        if (!passed) return unexpected(passed.error());
        auto listener = stream::open_listener(*settings_.listen, false, *passed);
        if (!listener) return unexpected(listener.error());
        if (auto taken = passed->all_are_taken(); !taken) return unexpected(taken.error());
        if (!listener->is_local() && !settings_.unsafe_listen) {
            return malformed("listen_exposed", "listening on " + listener->address(),
                             "the stream is not encrypted there, and others than this machine could use it",
                             "listen on 127.0.0.1, [::1] or unix:PATH, or say --unsafe-listen");
        }
        listener_.emplace(std::move(*listener));
        accepting_.assign(listener_->hand_over());
        if (settings_.process.metrics) {
            auto opened = ClientMetrics::open(*settings_.process.metrics, count_table_, settings_.reports);
            if (!opened) return unexpected(opened.error());
            metrics_ = std::move(*opened);
        }
        if (settings_.status.fetches()) {
            // A server that can't be reached yet is no fault: it is looked at again.
            auto status = look_up_status(settings_);
            hear_status(status);
            refresh_.emplace(
                settings_, status.value_or(StatusPtr()), [this](expected<StatusPtr, ConnectFailure> outcome) {
                    asio::post(reactor_.io(), [this, outcome = std::move(outcome)] { hear_status(outcome); });
                });
        }
        if (settings_.trust.bundle) {
            bundle_refresh_.emplace(*settings_.trust.bundle, [this](const BundleNews& news) {
                asio::post(reactor_.io(), [this, news] { hear_bundle(news); });
            });
        }
        return ListeningAt{listener_->address(), metrics_ ? metrics_->address() : std::string()};
    }

    void run() {
        const std::size_t descriptors = raise_descriptor_limit();
        most_ = settings_.process.most_connections != 0 ? settings_.process.most_connections
                                                        : std::max<std::size_t>(1, descriptors / 2 - 32);
        asio::co_spawn(reactor_.io(),
                       stream::accept_each(
                           reactor_, accepting_, [this] { return open_ < most_; },
                           [this](stream::Socket socket) {
                               asio::co_spawn(reactor_.io(), carry(std::move(socket)), asio::detached);
                           },
                           [this](const std::string& why) {
                               log_.write(why.empty() ? Event("accept_resumed")
                                                      : Event("accept_paused", LogLevel::kWarning).with("reason", why));
                           }),
                       asio::detached);
        await_signal();
        look_at_dates();
        if (metrics_) {
            count_bytes();
            metrics_->start({&pulse_});
        }
        if (const auto watchdog = Supervisor::watchdog()) {
            // Its own is the only loop, so one that is stuck can't say so either.
            watchdog_.emplace(reactor_.io(), std::vector<const metrics::Pulse*>{}, *watchdog / 2, *watchdog,
                              Watchdog::Told{[this] { supervisor_.alive(); }, [](std::size_t) {}});
            watchdog_->start();
        }
        supervisor_.ready(summary());
        reactor_.run();
        if (metrics_) metrics_->stop();
    }

  private:
    /// Counts one local connection while it lives.
    class Open {
      public:
        explicit Open(std::size_t& count) : count_(&count) { ++count; }
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;
        ~Open() { --*count_; }

      private:
        std::size_t* count_;
    };

    /// An open stream.
    struct Carried {
        std::weak_ptr<stream::Relay> relay;
        stream::RelayCounts accounted;
    };

    /// For systemctl status.
    [[nodiscard]] std::string summary() const {
        return "Listening on " + listener_->address() + " for " + settings_.server.to_string();
    }

    /// Other content counts from the next connection on, and so does a later end.
    void hear_bundle(const BundleNews& news) {
        if (!news.event.empty()) log_.write(log_line_of(news));
        if (!news.has_changed) return;
        const auto reloaded = dialer_->reload();
        if (!reloaded) {
            log_.write(Event("reload", LogLevel::kError)
                           .with("result", "kept")
                           .with("reason", reloaded.error().what + ": " + reloaded.error().why)
                           .with("next", reloaded.error().next));
        }
        look_at_dates();
    }

    void hear_status(const expected<StatusPtr, ConnectFailure>& outcome) {
        const auto* error = outcome ? nullptr : std::get_if<Error>(&outcome.error().why);
        std::string why = error != nullptr ? error->what + ": " + error->why : outcome ? "" : "the server was refused";
        if (outcome && *outcome) {
            for (const std::string& one : (*outcome)->failures) why += (why.empty() ? "" : "; ") + one;
            dialer_->use(*outcome);
        }
        log_.write(Event("status", why.empty() ? LogLevel::kInfo : LogLevel::kWarning)
                       .with("result", !outcome      ? "kept"
                                       : why.empty() ? "fetched"
                                                     : "incomplete")
                       .with("reason", why));
    }

    asio::awaitable<void> carry(stream::Socket local) {
        const auto counted = std::make_shared<Open>(open_);
        counts_.accepted();
        const auto begun = std::chrono::steady_clock::now();
        auto opened = co_await dialer_->open();
        counts_.handshake_ended(opened ? metrics::HandshakeOutcome(metrics::Admitted{}) : outcome_of(opened.error()),
                                std::chrono::steady_clock::now() - begun);
        if (!opened) {
            stream::reset(local);
            if (refresh_ && wants_status(opened.error())) refresh_->hurry();
            on_failure_(opened.error());
            co_return;
        }
        const std::string connection_id = opened->stream.connection_id();
        const auto opened_at = std::chrono::steady_clock::now();
        counts_.stream_opened();
        if (log_.is_written(LogLevel::kInfo)) {
            log_.write(Event("connected")
                           .with("conn", connection_id)
                           .with("to", settings_.server.to_string())
                           .with("tls", opened->stream.protocol_text())
                           .with("resumed", opened->stream.is_resumed() ? "yes" : ""));
        }
        const stream::RelayLimits limits = dialer_->limits_of(opened->stream);
        const auto place = relays_.emplace(relays_.end());
        const auto relay = std::make_shared<stream::Relay>(
            reactor_, std::move(opened->socket), std::move(opened->stream), std::move(local), limits,
            [this, counted, connection_id, opened_at, place](
                stream::EndReason reason, const stream::RelayCounts& counts, std::optional<tls::Alert> alert) {
                account(*place, counts);
                counts_.stream_ended(reason);
                relays_.erase(place);
                const auto duration =
                    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - opened_at);
                log_.write(Event("closed")
                               .with("conn", connection_id)
                               .with("bytes_in", counts.from_peer)
                               .with("bytes_out", counts.to_peer)
                               .with("duration_ms", static_cast<std::uint64_t>(duration.count()))
                               .with("end", stream::text_of(reason))
                               .with("alert", alert ? alert->name() : ""));
                // Before an answer came: the server refused us after its side of the handshake.
                if (alert && alert->refuses_certificate()) on_failure_({NotAdmitted{*alert}, connection_id});
            });
        place->relay = relay;
        relay->start(std::move(opened->early));
    }

    /// Has the counts know what has moved since the last time.
    void account(Carried& carried, const stream::RelayCounts& counts) {
        counts_.moved(counts.from_peer - carried.accounted.from_peer, counts.to_peer - carried.accounted.to_peer);
        carried.accounted = counts;
    }

    void count_bytes() {
        for (Carried& carried : relays_) {
            if (const auto relay = carried.relay.lock()) account(carried, relay->counts());
        }
        bytes_timer_.expires_after(kCountBytesEvery);
        bytes_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) count_bytes();
        });
    }

    void look_at_dates() {
        if (metrics_) metrics_->note_dates(dialer_->judge().expiries());
        tell_expiries(dialer_->judge().expiries(), wall_clock_now(), told_, log_);
        dates_timer_.expires_after(kLookAtDates);
        dates_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) look_at_dates();
        });
    }

    void drain() {
        is_draining_ = true;
        if (metrics_) metrics_->begin_drain();
        drain_until_ = stream::later(std::chrono::steady_clock::now(), settings_.process.drain_timeout);
        boost::system::error_code ignored;
        accepting_.close(ignored);
        supervisor_.stopping("Draining " + std::to_string(open_) + " streams", settings_.process.drain_timeout);
        log_.write(Event("drain").with("streams", open_));
        look_at_drain();
    }

    void look_at_drain() {
        if (open_ != 0 && std::chrono::steady_clock::now() >= drain_until_) {
            // Neither side may take what it has for the whole.
            for (auto next = relays_.begin(); next != relays_.end();) {
                if (const auto relay = (next++)->relay.lock()) relay->stop(stream::EndReason::kDrained);
            }
        }
        if (open_ == 0 || std::chrono::steady_clock::now() >= drain_until_) {
            log_.write(Event("stopped").with("streams", open_));
            reactor_.io().stop();
            return;
        }
        drain_timer_.expires_after(stream::Reactor::kTick);
        drain_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) look_at_drain();
        });
    }

    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& fault, int signal) {
            if (fault) return;
            if (signal != SIGHUP) {
                if (is_draining_) {
                    drain_until_ = std::chrono::steady_clock::now();
                    look_at_drain();
                } else {
                    drain();
                }
                return await_signal();
            }
            supervisor_.reloading();
            auto reloaded = dialer_->reload();
            if (metrics_) metrics_->note_reload(reloaded.has_value(), wall_clock_now());
            if (!reloaded) {
                supervisor_.ready(Supervisor::kept(summary(), reloaded.error()));
                log_.write(Event("reload", LogLevel::kError)
                               .with("result", "kept")
                               .with("reason", reloaded.error().what + ": " + reloaded.error().why)
                               .with("next", reloaded.error().next));
            } else {
                supervisor_.ready(summary());
                look_at_dates();
                log_.write(Event("reload").with("result", "applied"));
                if (refresh_) refresh_->hurry();
            }
            if (bundle_refresh_) bundle_refresh_->hurry();
            await_signal();
        });
    }

    const ClientSettings& settings_;
    Log& log_;
    const std::function<void(const ConnectFailure&)>& on_failure_;
    std::size_t open_ = 0;
    std::size_t most_ = 1;
    metrics::CountTable count_table_{1, std::vector<std::string>(1)};
    metrics::ConnectionCounts& counts_ = count_table_.of(0, 0);
    std::unique_ptr<Dialer> dialer_;  ///< outlives the connections, which end with the reactor
    std::list<Carried> relays_;
    Supervisor supervisor_{log_};
    bool is_draining_ = false;
    stream::SteadyTime drain_until_;
    stream::Reactor reactor_;
    metrics::Pulse pulse_{reactor_};
    std::optional<Watchdog> watchdog_;
    std::optional<stream::ListenSocket> listener_;
    asio::posix::stream_descriptor accepting_{reactor_.io()};
    asio::signal_set signals_{reactor_.io(), SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer drain_timer_{reactor_.io()};
    asio::steady_timer dates_timer_{reactor_.io()};
    asio::steady_timer bytes_timer_{reactor_.io()};
    ToldExpiries told_;
    std::optional<StatusRefresh> refresh_;         ///< its thread posts to the reactor
    std::optional<BundleRefresh> bundle_refresh_;  ///< so does this one's
    std::unique_ptr<ClientMetrics> metrics_;       ///< null: nobody asked for them; its thread reads the above
};

}  // namespace

Result<void> connect_listening(const ClientSettings& settings, Log& log,
                               const std::function<void(const ListeningAt&)>& on_listening,
                               const std::function<void(const ConnectFailure&)>& on_failure) {
    protect_memory();
    ListeningClient client(settings, log, on_failure);
    auto at = client.prepare();
    if (!at) return unexpected(at.error());
    on_listening(*at);
    client.run();
    return {};
}

}  // namespace cotter::service
