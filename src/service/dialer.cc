// Opening streams to a server.
#include "service/dialer.h"

#include "service/control.h"
#include "service/dane_lookup.h"
#include "service/wall_clock.h"
#include "stream/await.h"
#include "stream/preface.h"
#include "trust/judge.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

ConnectFailure failure(Error error, std::string connection_id = {}) {
    return {std::move(error), std::move(connection_id)};
}

constexpr std::chrono::seconds kMostWaitForAnswer{3};

/// A refusal that is not the last word yet.
bool awaits_key_log(const trust::Verdict& verdict) {
    return verdict.wants_key_log && verdict.reasons.size() == 1;
}

bool asks_for_status(const trust::ServerPolicy& policy) {
    return policy.revocation != x509::RevocationScope::kOff && looks_at_path(policy);
}

}  // namespace

void ServerJudge::replace(const ClientConfiguration& configuration) {
    noted_ = configuration.noted;
    policy_ = configuration.policy;
    anchors_ = configuration.anchors;
    status_.crls = configuration.crls;
    status_.ocsp_responses = configuration.ocsp_responses;
    dane_ = configuration.dane;
    ++generation_;
}

void ServerJudge::hear(trust::DaneAnswer answer) {
    const bool says_the_same =
        answer.state == dane_.state && answer.records == dane_.records && answer.alias_of == dane_.alias_of;
    dane_ = std::move(answer);
    if (!says_the_same) ++generation_;
}

void ServerJudge::use(std::shared_ptr<const evidence::FetchedStatus> fetched) {
    status_.fetched = std::move(fetched);
    ++generation_;
}

void ServerJudge::use(KeyLogPtr key_log) {
    key_log_ = std::move(key_log);
    ++generation_;
}

std::vector<Expiry> ServerJudge::expiries() const {
    return policy_ ? expiries_of(host_.to_string(), *policy_, status_.crls) : std::vector<Expiry>();
}

trust::Evidence ServerJudge::evidence_of(const trust::ServerPolicy& policy, const tls::Peer& peer,
                                         trust::Time now) const {
    trust::Evidence evidence = tls::evidence_of(peer);
    evidence.host = host_;
    evidence.anchors = anchors_;
    evidence.dane = dane_;
    evidence.notaries = notaries_;
    if (asks_for_status(policy)) status_.add_to(evidence, peer.stapled, now);
    if (trust::is_continuity(policy.trust) && !peer.presented.empty()) {
        const x509::Certificate& leaf = peer.presented.front();
        evidence.continuity = known_peers_.ask(host_, leaf);
        if (goes_by_key_log_) evidence.key_log.state = trust::KeyLogState::kNotRead;
        if (goes_by_key_log_ && key_log_)
            evidence.key_log =
                key_log_->finding(host_, leaf, evidence.continuity.remembered, std::chrono::steady_clock::now());
    }
    return evidence;
}

trust::Verdict ServerJudge::judge_by(const trust::ServerPolicy& policy, const tls::Peer& peer) const {
    const trust::Time now = wall_clock_now();
    trust::Evidence evidence = evidence_of(policy, peer, now);
    trust::Verdict verdict = trust::judge(evidence, policy, now);
    const bool has_wrong_pin = std::ranges::any_of(
        verdict.reasons, [](const trust::Reason& reason) { return reason.code == trust::ReasonCode::kPinMismatch; });
    if (!has_wrong_pin) return verdict;
    // What is remembered may tell what the wrong pin is of; under pins it tells nothing else.
    evidence.continuity = known_peers_.ask(host_, peer.presented.front());
    return trust::judge(evidence, policy, now);
}

trust::Verdict ServerJudge::judge(const tls::Peer& peer) const {
    if (policy_) return judge_by(*policy_, peer);
    return trust::judge_without_policy(tls::evidence_of(peer));
}

trust::Verdict ServerJudge::judge_without_revocation(const tls::Peer& peer) const {
    if (!policy_) return judge(peer);
    trust::ServerPolicy policy = *policy_;
    policy.revocation = x509::RevocationScope::kOff;
    return judge_by(policy, peer);
}

x509::RevocationScope ServerJudge::revocation_scope() const {
    return policy_ && asks_for_status(*policy_) ? policy_->revocation : x509::RevocationScope::kOff;
}

trust::Coverage ServerJudge::coverage_of(const tls::Peer& peer, const trust::Verdict& verdict) const {
    const trust::Time now = wall_clock_now();
    return trust::coverage_of(evidence_of(*policy_, peer, now), *policy_, verdict, now);
}

Incident ServerJudge::incident_of(const HostPort& dialled, const trust::Verdict& verdict,
                                  std::string connection_id) const {
    return {host_, dialled, verdict, *policy_, noted_, wall_clock_now(), std::move(connection_id)};
}

Result<std::unique_ptr<Dialer>> Dialer::make(const ClientSettings& settings, stream::Reactor& reactor,
                                             std::vector<tls::Application> applications, ServerJudge::Intent intent) {
    auto library = tls::LibraryContext::make();
    if (!library) return unexpected(library.error());
    std::unique_ptr<Dialer> dialer(new Dialer(settings, reactor, std::move(*library), std::move(applications), intent));
    if (auto loaded = dialer->reload(); !loaded) return unexpected(loaded.error());
    return dialer;
}

Dialer::Dialer(const ClientSettings& settings, stream::Reactor& reactor, tls::LibraryContext library,
               std::vector<tls::Application> applications, ServerJudge::Intent intent)
    : settings_(settings),
      reactor_(reactor),
      library_(std::move(library)),
      applications_(std::move(applications)),
      judge_({settings.rehearsed_host ? *settings.rehearsed_host : settings.judged_host().host, settings.server.port},
             settings.trust.memory(), settings.status.crl_numbers, intent) {
    if (settings.key_log) judge_.go_by_key_log();
    judge_.use(settings.notaries);
}

Result<void> Dialer::reload() {
    // Before the files are read: what is replaced meanwhile is read again.
    identity_stamp_ = stamp_of_identity();
    auto configuration = ClientConfiguration::read(settings_);
    if (!configuration) return unexpected(configuration.error());
    const auto* identity = configuration->identity ? &*configuration->identity : nullptr;
    tls::ContextSettings context_settings{settings_.stream.minimum_protocol, settings_.stream.resumption, applications_,
                                          configuration->policy && asks_for_status(*configuration->policy)};
    auto context = tls::Context::client(library_, identity, context_settings);
    if (!context) return unexpected(context.error());
    context_settings.applications.clear();
    auto bare = tls::Context::client(library_, identity, context_settings);
    if (!bare) return unexpected(bare.error());
    context_ = std::make_shared<const tls::Context>(std::move(*context));
    bare_context_ = std::make_shared<const tls::Context>(std::move(*bare));
    judge_.replace(*configuration);
    resolver_ = std::move(configuration->resolver);
    identity_ = std::move(configuration->identity);
    session_.clear();
    return {};
}

std::shared_ptr<const evidence::FetchedStatus> Dialer::fetch_status(const tls::Peer& peer,
                                                                    const std::stop_token& stop) const {
    const trust::Verdict verdict = judge_.judge_without_revocation(peer);
    if (!verdict.lets_pass()) {
        evidence::FetchedStatus nothing;
        nothing.failures.emplace_back("nothing was fetched, for the path is refused without it");
        return std::make_shared<const evidence::FetchedStatus>(std::move(nothing));
    }
    return std::make_shared<const evidence::FetchedStatus>(
        evidence::fetch_status(verdict.chain, judge_.revocation_scope(), settings_.status, stop));
}

asio::awaitable<expected<Shaken, ConnectFailure>> Dialer::shake_hands() {
    return shake_hands_under(context_, settings_.stream.resumption ? &session_ : nullptr);
}

/// Before each handshake anew: the resolver keeps an answer as long as its TTL allows, and no longer.
asio::awaitable<void> Dialer::ask_for_tlsa() {
    if (!resolver_) co_return;
    const auto asked = resolver_;
    auto answer = co_await look_up_dane(reactor_, asked, settings_.judged_host(), settings_.stream.connect_timeout);
    // A reload may have come between, and then its own look-up decides.
    if (asked == resolver_) judge_.hear(std::move(answer));
}

asio::awaitable<expected<Shaken, ConnectFailure>> Dialer::shake_hands_under(std::shared_ptr<const tls::Context> context,
                                                                            tls::ClientSession* session) {
    co_await ask_for_tlsa();
    const HandshakeOrder order{.server = settings_.server,
                               .name = settings_.judged_host().host,
                               .start_tls = settings_.start_tls,
                               .connect_timeout = settings_.stream.connect_timeout,
                               .handshake_timeout = settings_.stream.handshake_timeout};
    auto shaken = co_await service::shake_hands(reactor_, *context, judge_, order, session);
    if (shaken) co_return std::move(*shaken);
    const ConnectFailure& failed = shaken.error().failure;
    seen_ = std::move(shaken.error().shown);
    const auto* const verdict = std::get_if<trust::Verdict>(&failed.why);
    if (verdict != nullptr && !awaits_key_log(*verdict)) tell_of(*verdict, failed.connection_id);
    co_return unexpected(failed);
}

asio::awaitable<expected<Shaken, ConnectFailure>> Dialer::shake_hands_for_stream() {
    auto shaken = co_await shake_hands();
    if (!shaken && refuses_application(shaken.error())) {
        // A server of another make that insists on protocols of its own takes who names none (RFC 7301, 3.2).
        shaken = co_await shake_hands_under(bare_context_, settings_.stream.resumption ? &session_ : nullptr);
    }
    co_return shaken;
}

asio::awaitable<void> Dialer::learn_key_log() {
    constexpr std::chrono::milliseconds kLookEvery{50};
    if (is_reading_key_log_) {
        // However many connections want it, it is read once.
        asio::steady_timer timer(reactor_.io());
        while (is_reading_key_log_) {
            timer.expires_after(kLookEvery);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return;
    }
    is_reading_key_log_ = true;
    auto read = co_await read_key_log_beside(reactor_, *settings_.key_log);
    judge_.use(std::move(read));
    is_reading_key_log_ = false;
}

asio::awaitable<expected<Dialer::Opened, ConnectFailure>> Dialer::open() {
    take_renewed_identity();
    auto shaken = co_await shake_hands_for_stream();
    const auto* const refusal = shaken ? nullptr : std::get_if<trust::Verdict>(&shaken.error().why);
    if (refusal != nullptr && awaits_key_log(*refusal)) {
        co_await learn_key_log();
        shaken = co_await shake_hands_for_stream();
    }
    if (!shaken) co_return unexpected(shaken.error());
    auto stream = tls::open_stream(std::move(shaken->handshake));
    if (!stream) {
        const std::string& connection_id = shaken->handshake.connection_id();
        tell_of(stream.error(), connection_id);
        co_return unexpected(ConnectFailure{stream.error(), connection_id});
    }
    if (stream->verdict().outcome != trust::Outcome::kTrusted) tell_of(stream->verdict(), stream->connection_id());
    if (auto remembered = remember(*stream); !remembered) {
        co_return unexpected(failure(remembered.error(), stream->connection_id()));
    }
    stream::EarlyBytes early;
    if (stream->peer().application == tls::Application::kStream) {
        auto ready = co_await await_ready(shaken->socket, *stream, std::move(shaken->unread));
        if (!ready) co_return unexpected(ready.error());
        if (ready->key_news) hear(*ready->key_news, *stream);
        early.to_plain = std::move(ready->rest);
    } else {
        early.ciphertext = std::move(shaken->unread);
    }
    co_return Opened{std::move(shaken->socket), std::move(*stream), std::move(early)};
}

void Dialer::tell_of(const trust::Verdict& verdict, const std::string& connection_id) const {
    if (verdict.outcome == trust::Outcome::kTrusted || !settings_.on_incident || !judge_.has_policy()) return;
    settings_.on_incident(judge_.incident_of(settings_.server, verdict, connection_id));
}

stream::RelayLimits Dialer::limits_of(const tls::Stream& stream) const {
    stream::RelayLimits limits = settings_.stream.limits;
    if (const auto until = stream.verdict().valid_until) {
        limits.verdict_ends = stream::later(reactor_.now(), *until - wall_clock_now() + std::chrono::seconds(1));
    }
    return limits;
}

Result<void> Dialer::remember(const tls::Stream& stream) const {
    const auto& presented = stream.peer().presented;
    const HostPort host = settings_.judged_host();
    const trust::Time now = wall_clock_now();
    if (const auto& logged = stream.verdict().logged) {
        const evidence::Sighting seen = evidence::sighting_of(presented, now);
        if (auto replaced = judge_.known_peers().replace(host, logged->former, seen, now); !replaced) return replaced;
        tell_of(KeyEvent{KeyEvent::Kind::kLogged, host, seen.pin, "entry " + std::to_string(logged->entry)});
        return {};
    }
    if (!stream.verdict().is_first_contact) {
        if (!judge_.goes_by_memory()) return {};
        const auto noted = judge_.known_peers().note_seen(host, presented, now);
        const Pin pin = evidence::sighting_of(presented, now).pin;
        if (!noted)
            tell_of(KeyEvent{KeyEvent::Kind::kNotForgotten, host, pin, noted.error().what + ": " + noted.error().why});
        if (noted && *noted == evidence::PeerList::Noted::kSucceeded)
            tell_of(KeyEvent{KeyEvent::Kind::kSucceeded, host, pin, {}});
        return {};
    }
    const evidence::Sighting seen = evidence::sighting_of(presented, now);
    auto remembered = judge_.known_peers().remember(host, seen, now);
    if (remembered && settings_.on_first_contact) settings_.on_first_contact(seen.pin);
    return remembered;
}

void Dialer::tell_of(KeyEvent event) const {
    if (settings_.on_key_event) settings_.on_key_event(event);
}

void Dialer::hear(const stream::KeyNews& news, const tls::Stream& stream) {
    if (!judge_.policy()) return;
    const Heard heard = hear_of_next_key(news, stream, settings_.judged_host(), *judge_.policy(), judge_.known_peers(),
                                         wall_clock_now());
    if (heard.event) tell_of(*heard.event);
    if (heard.answer == registry::KeyAnswer::kNone || std::exchange(is_answering_, true)) return;
    asio::co_spawn(reactor_.io(), answer({heard.answer, *heard.next}), asio::detached);
}

asio::awaitable<void> Dialer::answer(TellOfNextKey word) {
    const bool asks = judge_.policy() && asks_for_status(*judge_.policy());
    const tls::ContextSettings control{settings_.stream.minimum_protocol, false, {tls::Application::kControl}, asks};
    auto context = tls::Context::client(library_, identity_ ? &*identity_ : nullptr, control);
    if (context) {
        const auto shared = std::make_shared<const tls::Context>(std::move(*context));
        auto shaken = co_await shake_hands_under(shared, nullptr);
        const MakeRequest say = [word](const tls::ControlChannel&) -> Result<ControlRequest> { return word; };
        // Whether it got there the server says at the next connection.
        if (shaken) static_cast<void>(co_await control_over(std::move(*shaken), *this, say));
    }
    is_answering_ = false;
    if (when_answered_) std::exchange(when_answered_, nullptr)();
}

void Dialer::when_answered(std::function<void()> done) {
    if (!is_answering_) return done();
    when_answered_ = std::move(done);
    // Goes with what waits for it: the reactor, which a timer must not outlive, ends before this does.
    const auto timer = std::make_shared<asio::steady_timer>(reactor_.io(), kMostWaitForAnswer);
    timer->async_wait([this, timer](const boost::system::error_code& fault) {
        if (!fault && when_answered_) std::exchange(when_answered_, nullptr)();
    });
}

std::optional<Dialer::Stamp> Dialer::stamp_of_identity() const {
    struct stat status{};
    if (!settings_.identity || ::stat(settings_.identity->certificate.c_str(), &status) != 0) return std::nullopt;
    return Stamp{status.st_dev, status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

void Dialer::take_renewed_identity() {
    const auto stamp = stamp_of_identity();
    if (!stamp || stamp == identity_stamp_) return;
    // Files that can't be used leave everything as it was, as at any reload.
    static_cast<void>(reload());
}

asio::awaitable<expected<Dialer::Ready, ConnectFailure>> Dialer::await_ready(stream::Socket& socket,
                                                                             tls::Stream& stream, ByteVector unread) {
    const std::string server = settings_.server.to_string();
    // The server dials its backend before it says ready.
    stream::Deadline deadline(reactor_,
                              stream::later(std::chrono::steady_clock::now(),
                                            settings_.stream.handshake_timeout + settings_.stream.connect_timeout));
    deadline.guard(&socket);
    stream::PrefaceReader preface;
    Bytes received = unread;
    for (;;) {
        reactor_.wire().lend(received);
        const std::span<std::byte> buffer = reactor_.plaintext_buffer();
        const auto read = stream.read(buffer);
        const auto state = preface.take(buffer.first(read.size));
        static_cast<void>(co_await stream::send_wire(reactor_, socket));
        switch (state) {
            case stream::PrefaceReader::State::kReady: co_return Ready{preface.rest(), preface.key_news()};
            case stream::PrefaceReader::State::kUnavailable:
                co_return unexpected(failure({ErrorKind::kFailed,
                                              "service_unavailable",
                                              "the stream through " + server,
                                              "the server admits this key, but says: " + preface.why(),
                                              "tell its owner, with the connection id",
                                              {}},
                                             stream.connection_id()));
            case stream::PrefaceReader::State::kFarewell:
                co_return unexpected(ConnectFailure{Dismissed{preface.why()}, stream.connection_id()});
            case stream::PrefaceReader::State::kMalformed:
                co_return unexpected(failure({ErrorKind::kFailed,
                                              "bad_preface",
                                              "the stream through " + server,
                                              "the server says cotter/1 and then speaks something else",
                                              "compare the versions of both sides (cotter version)",
                                              {}},
                                             stream.connection_id()));
            case stream::PrefaceReader::State::kIncomplete: break;
        }
        if (const auto alert = stream.received_alert(); alert && alert->refuses_certificate()) {
            co_return unexpected(ConnectFailure{NotAdmitted{*alert}, stream.connection_id()});
        }
        const bool goes_on = read.reading == tls::Plaintext::Reading::kNeedsInput &&
                             co_await stream::until_readable(socket) && !deadline.is_expired();
        const stream::Moved moved =
            goes_on ? stream::receive(socket, reactor_.receive_buffer()) : stream::Moved{stream::Moved::Outcome::kEnd};
        if (moved.outcome == stream::Moved::Outcome::kEnd || moved.outcome == stream::Moved::Outcome::kFailed) {
            co_return unexpected(
                failure({ErrorKind::kFailed,
                         "no_word_from_server",
                         "the stream through " + server,
                         deadline.is_expired() ? "the server did not say in time that it admits this key"
                                               : "the server closed before it said that it admits this key",
                         "look for the connection id in the server's log",
                         {}},
                        stream.connection_id()));
        }
        received = reactor_.receive_buffer().first(moved.size);
    }
}

}  // namespace cotter::service
