// The desk's conversations.
#include "observatory/notary_desk.h"

#include "observatory/notary_scene.h"
#include "service/dialer.h"
#include "service/exchange.h"
#include "service/wall_clock.h"
#include "stream/await.h"
#include "stream/listener.h"
#include "stream/relay.h"
#include "text/encoding.h"
#include "trust/judge.h"
#include "x509/openssl.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <thread>

namespace cotter::observatory {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kMostConversation{30};
constexpr std::size_t kMostConversations = 256;
constexpr std::string_view kRelay = "relay ";
constexpr std::string_view kSealed = "sealed";

/// Who comes through a relay has been let in as the relay was, and is nobody by name: any key will do that it proves.
class AnyAsker final : public tls::PeerJudge {
  public:
    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override {
        trust::Evidence evidence = tls::evidence_of(peer);
        if (!peer.presented.empty()) {
            evidence.standing.state = trust::StandingState::kActive;
            evidence.standing.name = kSealed;
            evidence.standing.matched = peer.presented.front().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
        }
        return trust::judge(evidence, trust::AdmissionPolicy{}, service::wall_clock_now());
    }
    [[nodiscard]] bool may_join(const tls::Peer&) const override { return false; }
    [[nodiscard]] std::uint64_t generation() const override { return 1; }
};
const AnyAsker kAnyAsker;

/// Octet by octet, so that nothing is taken that belongs to what follows.
asio::awaitable<std::optional<std::string>> read_line(stream::Socket& socket, const stream::Deadline& deadline) {
    std::string line;
    while (line.size() < kMostQuestion) {
        std::byte octet{};
        const stream::Moved moved = stream::receive(socket, std::span(&octet, 1));
        if (moved.outcome == stream::Moved::Outcome::kWouldBlock) {
            if (!co_await stream::until_readable(socket) || deadline.is_expired()) co_return std::nullopt;
            continue;
        }
        if (moved.outcome != stream::Moved::Outcome::kDone) co_return std::nullopt;
        if (octet == std::byte{'\n'}) co_return line;
        line.push_back(static_cast<char>(octet));
    }
    co_return std::nullopt;
}

ByteVector bytes_of_text(const std::string& text) {
    const Bytes octets = x509::as_bytes(text);
    return {octets.begin(), octets.end()};
}

service::RequestState whole_line(Bytes octets) {
    if (std::ranges::find(octets, std::byte{'\n'}) != octets.end()) return service::RequestState::kWhole;
    return octets.size() >= kMostQuestion ? service::RequestState::kTooMuch : service::RequestState::kIncomplete;
}

}  // namespace

class NotaryDesk::Desk {
  public:
    explicit Desk(const DeskSettings& settings) : settings_(settings) {}
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;
    ~Desk() {
        reactor_.io().stop();
        if (thread_.joinable()) thread_.join();
        if (scene_) scene_->settle();
    }

    Result<void> start() {
        if (auto checked = load(); !checked) return unexpected(checked.error());
        auto library = tls::LibraryContext::make();
        if (!library) return unexpected(library.error());
        library_.emplace(std::move(*library));
        auto scene = NotaryScene::open(settings_, reactor_);
        if (!scene) return unexpected(scene.error());
        scene_ = std::move(*scene);
        auto listener = stream::ListenSocket::open(settings_.socket);
        if (!listener) return unexpected(listener.error());
        listener_.emplace(std::move(*listener));
        accepting_.assign(listener_->hand_over());
        asio::co_spawn(reactor_.io(),
                       stream::accept_each(
                           reactor_, accepting_, [this] { return conversations_ < kMostConversations; },
                           [this](stream::Socket socket) {
                               asio::co_spawn(reactor_.io(), converse(std::move(socket)), asio::detached);
                           },
                           [](const std::string&) {}),
                       asio::detached);
        thread_ = std::thread([this] { reactor_.run(); });
        return {};
    }

  private:
    /// Anew each time: a key that was rotated signs from then on.
    [[nodiscard]] Result<identity::Identity> load() const {
        auto identity = identity::load_identity(settings_.identity.key, settings_.identity.certificate);
        if (!identity) return identity;
        if (identity->certificate().public_key().type() != x509::KeyType::kEd25519) {
            return failed("notary_key", "being a notary",
                          "its key is " + identity->certificate().public_key().description() +
                              ", and answers are signed with Ed25519",
                          "give the notary a state folder of its own: cotter --state DIR notary serve …");
        }
        return identity;
    }

    asio::awaitable<std::string> answer(std::string line) {
        auto question = NotaryQuestion::parse(line);
        if (!question) co_return "error " + question.error().why + "\n";
        const NotaryAnswer answer = co_await scene_->answer(std::move(*question));
        const auto identity = load();
        const auto note =
            identity ? sign(answer, identity->private_key()) : Result<std::string>(unexpected(identity.error()));
        co_return note ? *note : "error the notary can't sign\n";
    }

    asio::awaitable<void> converse(stream::Socket socket) {
        ++conversations_;
        stream::Deadline deadline(reactor_, stream::later(std::chrono::steady_clock::now(), kMostConversation));
        deadline.guard(&socket);
        const auto line = co_await read_line(socket, deadline);
        if (line && line->starts_with(kRelay)) {
            deadline.guard(nullptr);
            co_await relay(std::move(socket), line->substr(kRelay.size()));
        } else if (line && *line == kSealed) {
            co_await converse_sealed(socket, deadline);
        } else if (line) {
            const std::string said = co_await answer(*line);
            static_cast<void>(co_await stream::send_all(socket, x509::as_bytes(said)));
            co_await stream::linger(reactor_, socket);
        }
        deadline.guard(nullptr);
        --conversations_;
    }

    asio::awaitable<void> converse_sealed(stream::Socket& socket, stream::Deadline& deadline) {
        const auto identity = load();
        if (!identity) co_return;
        const auto context = tls::Context::server(*library_, *identity, {.applications = {}});
        if (!context) co_return;
        tls::Handshake handshake(*context, reactor_.wire(), kAnyAsker);
        ByteVector unread;
        const auto end = co_await stream::complete_handshake(reactor_, socket, handshake, deadline, unread);
        if (end != stream::HandshakeEnd::kFinished) co_return;
        auto opened = tls::open_stream(std::move(handshake));
        if (!opened) co_return;
        const auto request =
            co_await service::await_request(reactor_, socket, *opened, std::move(unread), deadline, whole_line);
        if (!request) co_return;
        const std::string text = text::of_octets(*request);
        const std::string said = co_await answer(text.substr(0, text.find('\n')));
        co_await service::send_answer(reactor_, socket, *opened, bytes_of_text(said));
    }

    /// On to another notary, as ourselves; what goes through is sealed between whoever asks and that notary.
    asio::awaitable<void> relay(stream::Socket socket, std::string name) {
        const auto server = HostPort::parse(name);
        const auto known =
            !server ? settings_.relays.end() : std::ranges::find(settings_.relays, *server, &NotaryAddress::server);
        if (known == settings_.relays.end()) co_return;
        const auto settings =
            std::make_shared<service::ClientSettings>(service::ClientSettings{.server = known->server});
        settings->trust.pins = {known->pin};
        settings->identity = settings_.identity;
        settings->stream.limits.lifetime = kMostConversation;
        auto dialer = service::Dialer::make(*settings, reactor_, {tls::Application::kStream});
        if (!dialer) co_return;
        const auto place = relayed_.insert(relayed_.end(), {settings, std::move(*dialer)});
        auto opened = co_await place->dialer->open();
        if (!opened) {
            relayed_.erase(place);
            co_return;
        }
        const auto limits = place->dialer->limits_of(opened->stream);
        const auto relay = std::make_shared<stream::Relay>(
            reactor_, std::move(opened->socket), std::move(opened->stream), std::move(socket), limits,
            [this, place](stream::EndReason, const stream::RelayCounts&, std::optional<tls::Alert>) {
                // Not from within the relay, which the dialer outlives.
                asio::post(reactor_.io(), [this, place] { relayed_.erase(place); });
            });
        relay->start(std::move(opened->early));
    }

    struct Relayed {
        std::shared_ptr<const service::ClientSettings> settings;
        std::unique_ptr<service::Dialer> dialer;
    };

    DeskSettings settings_;
    std::optional<tls::LibraryContext> library_;
    std::unique_ptr<NotaryScene> scene_;
    std::list<Relayed> relayed_;  ///< outlive the connections, which end with the reactor
    std::size_t conversations_ = 0;
    stream::Reactor reactor_;
    std::optional<stream::ListenSocket> listener_;
    asio::posix::stream_descriptor accepting_{reactor_.io()};
    std::thread thread_;
};

NotaryDesk::NotaryDesk() = default;
NotaryDesk::~NotaryDesk() = default;

Result<std::unique_ptr<NotaryDesk>> NotaryDesk::open(const DeskSettings& settings) {
    std::unique_ptr<NotaryDesk> made(new NotaryDesk);
    made->desk_ = std::make_unique<Desk>(settings);
    if (auto started = made->desk_->start(); !started) return unexpected(started.error());
    return made;
}

}  // namespace cotter::observatory
