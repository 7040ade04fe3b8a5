// One thread a notary, since each is a connection of its own with a reactor of its own.
#include "observatory/notary_inquiry.h"

#include "observatory/notary_message.h"
#include "service/dialer.h"
#include "service/exchange.h"
#include "service/wall_clock.h"
#include "stream/await.h"
#include "stream/relay.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "trust/judge.h"
#include "trust/words.h"
#include "x509/openssl.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

namespace cotter::observatory {
namespace {

namespace asio = boost::asio;
using service::ConnectFailure;

std::string why_of(const ConnectFailure& failure) {
    if (const auto* const error = std::get_if<Error>(&failure.why)) return error->why;
    if (const auto* const verdict = std::get_if<trust::Verdict>(&failure.why))
        return "it is not trusted: " + verdict->first_reason().message;
    return "it does not admit this client; its owner adds it with what cotter id prints";
}

ByteVector line_of(const NotaryQuestion& question) {
    const std::string line = question.to_string() + "\n";
    const Bytes octets = x509::as_bytes(line);
    return {octets.begin(), octets.end()};
}

/// Judges the notary behind a relay, by its pin alone.
class PinnedNotary final : public tls::PeerJudge {
  public:
    explicit PinnedNotary(const NotaryAddress& notary) : server_(notary.server) {
        policy_.pins.push_back({notary.pin, trust::PinRole::kPrimary, {}, std::nullopt, {}});
    }
    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override {
        trust::Evidence evidence = tls::evidence_of(peer);
        evidence.host = server_;
        return trust::judge(evidence, policy_, service::wall_clock_now());
    }
    [[nodiscard]] bool may_join(const tls::Peer&) const override { return false; }
    [[nodiscard]] std::uint64_t generation() const override { return 1; }

  private:
    HostPort server_;
    trust::ServerPolicy policy_;
};

/// One notary being asked.
class Inquiry {
  public:
    Inquiry(const InquirySettings& settings, const NotaryAddress& notary, NotaryQuestion question)
        : settings_(settings), notary_(notary), question_(std::move(question)), judge_(notary) {}

    /// The note, or why there is none.
    [[nodiscard]] expected<std::string, std::string> run() {
        const NotaryAddress& first = settings_.relay ? *settings_.relay : notary_;
        client_.emplace(service::ClientSettings{.server = first.server});
        client_->trust.pins = {first.pin};
        client_->identity = settings_.identity;
        client_->stream.connect_timeout = settings_.timeout;
        client_->stream.handshake_timeout = settings_.timeout;
        auto dialer = service::Dialer::make(*client_, reactor_, {tls::Application::kStream});
        if (!dialer) return unexpected(dialer.error().why);
        dialer_ = std::move(*dialer);
        expected<std::string, std::string> outcome = unexpected(std::string("it was interrupted"));
        asio::co_spawn(
            reactor_.io(),
            [&]() -> asio::awaitable<void> {
                auto opened = co_await dialer_->open();
                if (!opened) {
                    outcome = unexpected((settings_.relay ? "the relay: " : "") + why_of(opened.error()));
                } else if (settings_.relay) {
                    outcome = co_await ask_sealed(std::move(*opened));
                } else {
                    outcome = co_await ask_plainly(opened->socket, opened->stream, std::move(opened->early.ciphertext));
                }
                reactor_.io().stop();
            },
            asio::detached);
        reactor_.run();
        return outcome;
    }

  private:
    asio::awaitable<expected<std::string, std::string>> ask_plainly(stream::Socket& socket, tls::Plaintext& stream,
                                                                    ByteVector unread) {
        stream::Deadline deadline(reactor_, stream::later(std::chrono::steady_clock::now(), settings_.timeout));
        deadline.guard(&socket);
        const auto answer = co_await service::ask(reactor_, socket, stream, line_of(question_), std::move(unread),
                                                  kMostAnswer, deadline);
        if (!answer) co_return unexpected(answer.error());
        co_return text::of_octets(*answer);
    }

    /// A pair of sockets: one end is the plain side of the stream to the relay, at the other TLS begins anew, with a
    /// key that is nobody's.
    asio::awaitable<expected<std::string, std::string>> ask_sealed(service::Dialer::Opened opened) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
            co_return unexpected(std::string("there is no pair of sockets"));
        const auto relay = std::make_shared<stream::Relay>(
            reactor_, std::move(opened.socket), std::move(opened.stream),
            stream::adopt(reactor_.io(), ends[0], AF_UNIX), stream::RelayLimits{},
            [](stream::EndReason, const stream::RelayCounts&, std::optional<tls::Alert>) {});
        stream::Socket inside = stream::adopt(reactor_.io(), ends[1], AF_UNIX);
        relay->start(std::move(opened.early));
        const std::string way = "relay " + notary_.server.to_string() + "\nsealed\n";
        if (!co_await stream::send_all(inside, x509::as_bytes(way)))
            co_return unexpected(std::string("the relay broke off"));

        auto nobody = identity::make_identity(identity::KeyChoice::kP256, service::wall_clock_now());
        if (!nobody) co_return unexpected(nobody.error().why);
        auto library = tls::LibraryContext::make();
        if (!library) co_return unexpected(library.error().why);
        const auto context = tls::Context::client(*library, &*nobody, {.applications = {}});
        if (!context) co_return unexpected(context.error().why);
        tls::Handshake handshake(*context, reactor_.wire(), judge_, notary_.server.host, nullptr);
        ByteVector unread;
        stream::Deadline deadline(reactor_, stream::later(std::chrono::steady_clock::now(), settings_.timeout));
        const auto end = co_await stream::complete_handshake(reactor_, inside, handshake, deadline, unread);
        if (end != stream::HandshakeEnd::kFinished) {
            const auto& verdict = handshake.failure().verdict;
            co_return unexpected(verdict ? "it is not trusted: " + verdict->first_reason().message
                                         : std::string("the relay does not lead to it"));
        }
        auto stream = tls::open_stream(std::move(handshake));
        if (!stream) co_return unexpected("it is not trusted: " + stream.error().first_reason().message);
        co_return co_await ask_plainly(inside, *stream, std::move(unread));
    }

    const InquirySettings& settings_;
    const NotaryAddress& notary_;
    NotaryQuestion question_;
    PinnedNotary judge_;
    std::optional<service::ClientSettings> client_;
    std::unique_ptr<service::Dialer> dialer_;  ///< outlives the connections, which end with the reactor
    stream::Reactor reactor_;
};

trust::NotaryWord word_of(const InquirySettings& settings, const NotaryAddress& notary, const Target& target) {
    trust::NotaryWord word{.notary = notary.server.to_string()};
    auto question = NotaryQuestion::about(target);
    if (!question) {
        word.silence = question.error().why;
        return word;
    }
    Inquiry inquiry(settings, notary, *question);
    const auto note = inquiry.run();
    if (!note) {
        word.silence = text::escape_remaining(note.error(), 300);
        return word;
    }
    const auto answer = open_answer(*note, notary.pin, *question, service::wall_clock_now());
    if (!answer) {
        word.silence = answer.error().why;
        return word;
    }
    for (const NotarizedKey& key : answer->keys)
        if (key.is_now) word.sights.push_back({key.key, key.since});
    if (word.sights.empty()) word.silence = "it did not see the server: " + answer->failure;
    return word;
}

}  // namespace

trust::NotaryFindings inquire(const InquirySettings& settings, const Target& target) {
    trust::NotaryFindings findings;
    findings.quorum = settings.quorum;
    findings.words.resize(settings.notaries.size());
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < settings.notaries.size(); ++i) {
        threads.emplace_back([&, i] { findings.words[i] = word_of(settings, settings.notaries[i], target); });
    }
    threads.clear();
    findings.heard = service::wall_clock_now();
    return findings;
}

}  // namespace cotter::observatory
