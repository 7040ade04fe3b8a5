// Running a client.
#include "service/connect.h"

#include "service/dialer.h"
#include "service/process.h"
#include "service/pulse.h"
#include "service/standard_streams.h"
#include "service/status_lookup.h"
#include "service/status_refresh.h"
#include "service/supervisor.h"
#include "service/wall_clock.h"
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

/// The client that listens: one reactor, its dialer, its listener.
class ListeningClient {
  public:
    ListeningClient(const ClientSettings& settings, Log& log,
                    const std::function<void(const ConnectFailure&)>& on_failure)
        : settings_(settings), log_(log), on_failure_(on_failure) {}

    Result<std::string> prepare() {
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
        if (settings_.status.fetches()) {
            // A server that can't be reached yet is no fault: it is looked at again.
            auto status = look_up_status(settings_);
            hear_status(status);
            refresh_.emplace(
                settings_, status.value_or(StatusPtr()), [this](expected<StatusPtr, ConnectFailure> outcome) {
                    asio::post(reactor_.io(), [this, outcome = std::move(outcome)] { hear_status(outcome); });
                });
        }
        return listener_->address();
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
        if (const auto watchdog = Supervisor::watchdog()) {
            // Its own is the only loop, so one that is stuck can't say so either.
            pulse_.emplace(reactor_.io(), std::vector{&reactor_.io()}, *watchdog / 2,
                           Pulse::Told{[this] { supervisor_.alive(); }, [](std::size_t) {}});
            pulse_->start();
        }
        supervisor_.ready(summary());
        reactor_.run();
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

    /// For systemctl status.
    [[nodiscard]] std::string summary() const {
        return "Listening on " + listener_->address() + " for " + settings_.server.to_string();
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
        auto opened = co_await dialer_->open();
        if (!opened) {
            stream::reset(local);
            if (refresh_ && wants_status(opened.error())) refresh_->hurry();
            on_failure_(opened.error());
            co_return;
        }
        const std::string connection_id = opened->stream.connection_id();
        const auto begun = std::chrono::steady_clock::now();
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
            [this, counted, connection_id, begun, place](stream::EndReason reason, const stream::RelayCounts& counts,
                                                         std::optional<tls::Alert> alert) {
                relays_.erase(place);
                const auto duration =
                    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
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
        *place = relay;
        relay->start(std::move(opened->early));
    }

    void look_at_dates() {
        tell_expiries(dialer_->judge().expiries(), wall_clock_now(), told_, log_);
        dates_timer_.expires_after(kLookAtDates);
        dates_timer_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) look_at_dates();
        });
    }

    void drain() {
        is_draining_ = true;
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
                if (const auto relay = (next++)->lock()) relay->stop(stream::EndReason::kDrained);
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
            if (auto reloaded = dialer_->reload(); !reloaded) {
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
            await_signal();
        });
    }

    const ClientSettings& settings_;
    Log& log_;
    const std::function<void(const ConnectFailure&)>& on_failure_;
    std::size_t open_ = 0;
    std::size_t most_ = 1;
    std::unique_ptr<Dialer> dialer_;  ///< outlives the connections, which end with the reactor
    std::list<std::weak_ptr<stream::Relay>> relays_;
    Supervisor supervisor_{log_};
    bool is_draining_ = false;
    stream::SteadyTime drain_until_;
    stream::Reactor reactor_;
    std::optional<Pulse> pulse_;
    std::optional<stream::ListenSocket> listener_;
    asio::posix::stream_descriptor accepting_{reactor_.io()};
    asio::signal_set signals_{reactor_.io(), SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer drain_timer_{reactor_.io()};
    asio::steady_timer dates_timer_{reactor_.io()};
    ToldExpiries told_;
    std::optional<StatusRefresh> refresh_;  ///< last: its thread posts to the reactor
};

}  // namespace

Result<void> connect_listening(const ClientSettings& settings, Log& log,
                               const std::function<void(const std::string&)>& on_listening,
                               const std::function<void(const ConnectFailure&)>& on_failure) {
    protect_memory();
    ListeningClient client(settings, log, on_failure);
    auto address = client.prepare();
    if (!address) return unexpected(address.error());
    on_listening(*address);
    client.run();
    return {};
}

}  // namespace cotter::service
