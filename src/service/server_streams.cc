// An admitted client's stream: to the backend, through the relay, to its end.
#include "service/server_connection.h"
#include "service/server_thread.h"
#include "service/wall_clock.h"
#include "stream/preface.h"
#include "stream/proxy_protocol.h"

namespace cotter::service {
namespace {

namespace asio = boost::asio;
using stream::EndReason;

std::string_view explain(EndReason reason) {
    switch (reason) {
        case EndReason::kDone: return "both sides finished";
        case EndReason::kTruncated:
            return "the client's data ended without close_notify; the backend was given a reset";
        case EndReason::kPeerReset: return "the client's connection broke";
        case EndReason::kPeerFault: return "the client broke the TLS protocol or sent an alert";
        case EndReason::kPlainReset: return "the backend's connection broke";
        case EndReason::kIdle: return "no bytes for --idle-timeout";
        case EndReason::kLifetime: return "open for --max-lifetime";
        case EndReason::kVerdictExpired: return "the admission reached its end";
        case EndReason::kNoLongerAdmitted: return "the client is no longer admitted";
        case EndReason::kDisconnected: return "disconnected by the owner";
        case EndReason::kDrained: return "still open at the end of --drain-timeout";
    }
    return "";
}

}  // namespace

const trust::Verdict& ServerConnection::verdict() const {
    return relay_ ? relay_->stream().verdict() : opening_->verdict();
}
const tls::Peer& ServerConnection::peer() const {
    return relay_ ? relay_->stream().peer() : opening_->peer();
}

const std::string& ServerConnection::connection_id() const {
    return relay_ ? relay_->stream().connection_id() : opening_->connection_id();
}

Event ServerConnection::about(std::string_view event) const {
    Event line(event);
    return line.with("conn", connection_id())
        .with("client", verdict().client_name)
        .with("pin", verdict().matched ? verdict().matched->pin.to_string() : std::string())
        .with("peer", source_)
        .with("listen", local_)
        .with("service", service_.settings.name);
}

asio::awaitable<void> ServerConnection::carry_stream(tls::Handshake handshake, ByteVector unread) {
    auto opened = tls::open_stream(std::move(handshake));
    if (!opened) {
        // NOLINTNEXTLINE(bugprone-use-after-move): refused, it stays as it was
        co_await say_farewell(std::move(handshake), std::move(opened.error()));
        co_return;
    }
    const ServiceSettings& settings = service_.settings;
    const trust::Verdict& admitted = opened->verdict();
    // Counted and held to its number in one step: others of this client may have come since it was judged.
    if (const auto open = thread_.shared().ledger.opened(admitted.client_name, settings.name, source_, wall_clock_now(),
                                                         service_.judge.caps_of(admitted.rules.get()))) {
        trust::Verdict refused = admitted;
        trust::judge_open_streams(refused, service_.judge.policy(), *open);
        co_await refuse(std::move(refused), opened->connection_id());
        co_return;
    }
    is_counted_ = true;
    handshake_came_to(metrics::Admitted{});
    service_.counts.stream_opened();
    thread_.handshake_ends(*this);
    terms_ = {admitted.valid_until, admitted.rules, admitted.disconnects};
    opening_.emplace(std::move(*opened));
    const auto& leaf = peer().presented.front();
    if (verdict().matched && !verdict().by_authority &&
        !service_.judge.snapshot().knows_canonical(leaf.public_key().canonical())) {
        thread_.shared().watch.learn(verdict().matched->pin, leaf.public_key().canonical());
    }
    if (thread_.shared().log.is_written(LogLevel::kInfo)) {
        thread_.shared().log.write(
            about("admitted")
                .with("to", settings.backends.size() == 1 ? settings.backends.front().to_string() : "")
                .with("tls", opening_->protocol_text())
                .with("suite", opening_->suite_text())
                .with("resumed", opening_->is_resumed() ? "yes" : ""));
    }

    auto backend = co_await service_.backends.reach(thread_.reactor());
    sweep(wall_clock_now());
    if (stopped_) {
        stream_ends(*stopped_, {}, explain(*stopped_));
        co_return;
    }
    if (!backend) {
        stream_ends(std::nullopt, {}, backend.error().why);
        thread_.reactor().wire().lend({});
        const bool can_tell =
            peer().application != tls::Application::kStream ||
            opening_->write(stream::unavailable_preface("the service behind this server does not answer"));
        if (can_tell && opening_->close_notify())
            static_cast<void>(co_await stream::send_wire(thread_.reactor(), socket_));
        thread_.reactor().wire().clear_output();
        co_await stream::linger(thread_.reactor(), socket_);
        co_return;
    }
    begin_relay(std::move(backend->socket), std::move(unread));
}

void ServerConnection::begin_relay(stream::Socket backend, ByteVector unread) {
    const ServiceSettings& settings = service_.settings;
    stream::EarlyBytes early;
    early.ciphertext = std::move(unread);
    if (settings.proxy_protocol) {
        early.to_plain = stream::proxy_header(
            *settings.proxy_protocol, {source_, local_, verdict().client_name,
                                       verdict().matched ? verdict().matched->pin.to_string() : std::string(),
                                       opening_->connection_id(), opening_->protocol_text(), opening_->suite_text()});
    }
    if (peer().application == tls::Application::kStream) {
        tls::Wire& wire = thread_.reactor().wire();
        wire.lend({});
        ByteVector preface;
        // A context of another time may have another key than what is announced.
        const bool is_of_today = context_ == service_.context;
        const auto news = is_of_today && thread_.announcer() ? thread_.announcer()->news_for(*opening_) : std::nullopt;
        if (news) preface = stream::key_news_frame(*news);
        const ByteVector ready = stream::ready_preface();
        preface.insert(preface.end(), ready.begin(), ready.end());
        if (!opening_->write(preface)) {
            stream_ends(EndReason::kPeerFault, {}, explain(EndReason::kPeerFault));
            return stop(EndReason::kPeerFault);
        }
        early.to_peer.assign(wire.output().begin(), wire.output().end());
        wire.clear_output();
    }
    relay_ = std::make_shared<stream::Relay>(
        thread_.reactor(), std::move(socket_), std::move(*opening_), std::move(backend), settings.stream.limits,
        [self = shared_from_this()](EndReason reason, const stream::RelayCounts& counts,
                                    std::optional<tls::Alert> alert) { self->on_relay_end(reason, counts, alert); });
    opening_.reset();
    relay_->hold_to(throttles());
    relay_->start(std::move(early));
}

std::vector<std::shared_ptr<stream::Throttle>> ServerConnection::throttles() const {
    std::vector<std::shared_ptr<stream::Throttle>> throttles;
    const stream::SteadyTime now = thread_.reactor().now();
    const std::string& client = verdict().client_name;
    if (terms_.rules && terms_.rules->rate)
        throttles.push_back(thread_.shared().throttles.of(client, *terms_.rules->rate, now));
    const trust::ClientRules* const of_service = service_.judge.policy().service_rules.get();
    if (of_service != nullptr && of_service->rate) {
        throttles.push_back(
            thread_.shared().throttles.of(service_.settings.name + "/" + client, *of_service->rate, now));
    }
    return throttles;
}

void ServerConnection::reconsider(bool rules_changed) {
    if ((!relay_ && !opening_) || stopped_) return;
    auto terms = service_.judge.still_admits(peer(), source_ip_, verdict(), terms_, rules_changed);
    if (!terms) return close(EndReason::kNoLongerAdmitted);
    if (terms->disconnects != terms_.disconnects) return close(EndReason::kDisconnected);
    const bool are_other_rules = terms->rules != terms_.rules || rules_changed;
    terms_ = std::move(*terms);
    if (!are_other_rules) return;
    const StreamCaps caps = service_.judge.caps_of(terms_.rules.get());
    if (is_counted_ && thread_.shared().ledger.ended_beyond(verdict().client_name, service_.settings.name, caps)) {
        thread_.shared().ledger.closed(verdict().client_name);
        is_counted_ = false;
        return stop(EndReason::kNoLongerAdmitted);
    }
    if (relay_) relay_->hold_to(throttles());
}

void ServerConnection::close(EndReason reason) {
    if (is_counted_) thread_.shared().ledger.closed(verdict().client_name);
    stop(reason);
}

void ServerConnection::sweep(x509::Time now) {
    if ((!relay_ && !opening_) || stopped_) return;
    if (relay_) account(relay_->counts());
    if (terms_.valid_until && now > *terms_.valid_until) stop(EndReason::kVerdictExpired);
}

void ServerConnection::add_to(ThreadStatus& status) const {
    if (!is_counted_) return;
    ++status.streams;
    const std::string& name = verdict().client_name;
    const bool is_full = status.clients.size() == kMostClientsInStatus;
    if (is_full && !status.clients.contains(name)) {
        status.has_more_clients = true;
        return;
    }
    const auto [client, is_newest] = status.clients.try_emplace(name);
    ClientStatus& all = client->second;
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(thread_.reactor().now() - accepted_at_);
    all.since = wall_clock_now() - age;
    ++all.streams;
    if (is_newest) {
        all.source = source_;
        all.service = service_.settings.name;
    }
    if (all.connections.size() < kMostConnectionsInStatus) all.connections.push_back(connection_id());
    const stream::RelayCounts counts = relay_ ? relay_->counts() : stream::RelayCounts{};
    all.bytes_in += counts.from_peer;
    all.bytes_out += counts.to_peer;
}

void ServerConnection::account(const stream::RelayCounts& counts) {
    if (counts.from_peer == accounted_.from_peer && counts.to_peer == accounted_.to_peer) return;
    const std::uint64_t in = counts.from_peer - accounted_.from_peer;
    const std::uint64_t out = counts.to_peer - accounted_.to_peer;
    thread_.shared().ledger.moved(verdict().client_name, in, out);
    service_.counts.moved(in, out);
    accounted_ = counts;
}

void ServerConnection::on_relay_end(EndReason reason, const stream::RelayCounts& counts,
                                    std::optional<tls::Alert> alert) {
    account(counts);
    stream_ends(
        reason, counts,
        alert ? std::string(explain(reason)) + ": " + std::string(alert->name()) : std::string(explain(reason)));
    // The relay is on the stack above us, and holds itself until it has returned.
    asio::post(thread_.reactor().io(), [self = shared_from_this()] { self->relay_.reset(); });
}

void ServerConnection::stream_ends(std::optional<EndReason> reason, const stream::RelayCounts& counts,
                                   std::string_view detail) {
    service_.counts.stream_ended(reason);
    if (thread_.shared().log.is_written(LogLevel::kInfo)) {
        const auto duration =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - accepted_at_);
        thread_.shared().log.write(
            about(stopped_ == EndReason::kNoLongerAdmitted ? "revoked_closed" : "closed")
                .with("bytes_in", counts.from_peer)
                .with("bytes_out", counts.to_peer)
                .with("duration_ms", static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count())))
                .with("end", reason ? stream::text_of(*reason) : "backend_unreachable")
                .with("reason", detail));
    }
    if (std::exchange(is_counted_, false)) thread_.shared().ledger.ended(verdict().client_name, service_.settings.name);
}

}  // namespace cotter::service
