// The trials.
#include "service/proof.h"

#include "evidence/known_peers.h"
#include "files/files.h"
#include "service/dialer.h"
#include "service/wall_clock.h"
#include "trust/trust_at.h"

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>

namespace cotter::service {
namespace {

using trust::ReasonCode;
using trust::TrustMode;

/// A folder that ends with its owner.
class ScratchFolder {
  public:
    static Result<ScratchFolder> make() {
        std::string name = (std::filesystem::temp_directory_path() / "cotter-proof-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            return failed("no_scratch", "proving", "no folder can be made for temporary files",
                          "check TMPDIR and the space there");
        }
        return ScratchFolder(std::move(name));
    }
    ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    ScratchFolder& operator=(ScratchFolder&&) = delete;
    ~ScratchFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

/// The verdict of a connection that is judged as a stream's is: inside the handshake, and again at the gate.
expected<trust::Verdict, ConnectFailure> verdict_on(const ClientSettings& settings) {
    namespace asio = boost::asio;
    std::unique_ptr<Dialer> dialer;  // outlives the connection, which ends with the reactor
    stream::Reactor reactor;
    auto made = Dialer::make(settings, reactor, {});
    if (!made) return unexpected(ConnectFailure{made.error(), {}});
    dialer = std::move(*made);
    expected<trust::Verdict, ConnectFailure> outcome = unexpected(
        ConnectFailure{Error{ErrorKind::kFailed, "interrupted", "proving", "it was interrupted", {}, {}}, {}});
    asio::co_spawn(
        reactor.io(),
        [&]() -> asio::awaitable<void> {
            auto shaken = co_await dialer->shake_hands();
            if (!shaken) {
                outcome = unexpected(shaken.error());
            } else {
                const auto stream = tls::open_stream(std::move(shaken->handshake));
                outcome = stream ? stream->verdict() : stream.error();
            }
            reactor.io().stop();
        },
        asio::detached);
    reactor.run();
    if (outcome) return outcome;
    // A refusal is what most trials are made for.
    if (auto* refused = std::get_if<trust::Verdict>(&outcome.error().why)) return std::move(*refused);
    return outcome;
}

/// A pin of nobody: that one with its last bit flipped.
Pin flipped(const Pin& pin) {
    ByteVector octets(pin.octets().begin(), pin.octets().end());
    octets.back() ^= std::byte{1};
    return Pin::from_octets(pin.target(), pin.form(), octets).value();
}

/// Pins are made to count where they don't, so that a wrong one can be tried.
void ask_for_pins(trust::ServerPolicy& policy) {
    if (looks_at_pins(policy.trust)) return;
    policy.trust = policy.trust == TrustMode::kChain ? TrustMode::kChainAndPins : TrustMode::kPins;
}

class Prover {
  public:
    explicit Prover(const ClientSettings& settings) : settings_(settings) {
        settings_.on_incident = {};
        settings_.on_first_contact = {};
    }

    expected<Proof, ConnectFailure> run() {
        for (const auto step : {&Prover::try_the_right_one, &Prover::try_pins, &Prover::try_chain, &Prover::try_memory,
                                &Prover::try_dane}) {
            if (auto failure = (this->*step)()) return unexpected(std::move(*failure));
        }
        return std::move(proof_);
    }

  private:
    using Failure = std::optional<ConnectFailure>;
    using Change = std::function<void(ClientConfiguration&)>;

    Failure attempt(Trial trial, const ClientSettings& settings) {
        auto verdict = verdict_on(settings);
        if (!verdict) return std::move(verdict.error());
        trial.verdict = std::move(*verdict);
        proof_.trials.push_back(std::move(trial));
        return {};
    }

    Failure attempt(std::string_view name, std::string what, ReasonCode expected, const Change& change) {
        ClientSettings settings = settings_;
        settings.rehearsal = change;
        return attempt({name, std::move(what), expected, std::nullopt, {}}, settings);
    }

    void leave_out(std::string_view name, std::string what, std::string why) {
        proof_.trials.push_back({name, std::move(what), std::nullopt, std::nullopt, std::move(why)});
    }

    Failure try_the_right_one() {
        ClientSettings settings = settings_;
        settings.rehearsal = [this](ClientConfiguration& configuration) { policy_ = configuration.policy; };
        if (auto failure =
                attempt({"right_server", "the server as it is, by the policy as it is", std::nullopt, std::nullopt, {}},
                        settings)) {
            return failure;
        }
        const trust::Verdict& verdict = *proof_.trials.front().verdict;
        if (!policy_ || verdict.presented.empty()) {
            return ConnectFailure{
                Error{ErrorKind::kFailed,
                      "nothing_to_prove",
                      "proving",
                      policy_ ? "the server presents no certificate that can be read" : "no policy covers the server",
                      {},
                      {}},
                {}};
        }
        const Pin leaf = *verdict.presented.front().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
        const bool is_flippable = verdict.matched && verdict.matched->pin.form() != PinForm::kDer;
        right_pin_ = is_flippable ? verdict.matched->pin : leaf;
        leaf_pin_ = leaf;
        return {};
    }

    Failure try_pins() {
        const Pin wrong = flipped(*right_pin_);
        if (auto failure =
                attempt("wrong_pin", "one bit of the right pin flipped", ReasonCode::kPinMismatch,
                        [&](ClientConfiguration& configuration) {
                            ask_for_pins(*configuration.policy);
                            configuration.policy->pins = {{wrong, trust::PinRole::kPrimary, {}, std::nullopt, {}}};
                        })) {
            return failure;
        }
        if (auto failure = attempt("empty_pinset", "no pin at all", ReasonCode::kEmptyPinset,
                                   [](ClientConfiguration& configuration) {
                                       ask_for_pins(*configuration.policy);
                                       configuration.policy->pins.clear();
                                   })) {
            return failure;
        }
        if (auto failure =
                attempt("denied_pin", "the server's own key denied", ReasonCode::kPinDenied,
                        [&](ClientConfiguration& configuration) { configuration.policy->deny.insert(*leaf_pin_); })) {
            return failure;
        }
        return attempt("ended_policy", "the policy's end in the past", ReasonCode::kPolicyExpired,
                       [](ClientConfiguration& configuration) {
                           configuration.policy->expires = wall_clock_now() - std::chrono::hours(1);
                           configuration.policy->on_expiry = trust::OnExpiry::kRefuse;
                       });
    }

    /// Whether a path, and so the name, counts under this policy.
    [[nodiscard]] bool looks_at_path() const {
        const TrustMode trust = trust_at(*policy_, wall_clock_now());
        const trust::Verdict& verdict = *proof_.trials.front().verdict;
        // More than the leaf in the verified chain: what stands above it was asked.
        return trust == TrustMode::kChain || trust == TrustMode::kChainAndPins || verdict.chain.size() > 1;
    }

    Failure try_chain() {
        constexpr std::string_view kWrongHost = "wrong-host.invalid";
        const std::string name_changed = "judged as if it had been asked for as " + std::string(kWrongHost);
        if (!looks_at_path()) {
            leave_out("wrong_host", name_changed,
                      "under " + std::string(trust::text_of(policy_->trust)) +
                          " the key decides alone: names don't count, whatever they are");
            return {};
        }
        ClientSettings settings = settings_;
        settings.rehearsed_host = HostName::parse(kWrongHost).value();
        if (auto failure =
                attempt({"wrong_host", name_changed, ReasonCode::kHostMismatch, std::nullopt, {}}, settings)) {
            return failure;
        }
        const TrustMode trust = trust_at(*policy_, wall_clock_now());
        if (trust != TrustMode::kChain && trust != TrustMode::kChainAndPins) return {};
        return attempt("no_anchor", "without any trust anchor", ReasonCode::kChainUntrusted,
                       [](ClientConfiguration& configuration) { configuration.anchors = x509::TrustAnchors(); });
    }

    Failure try_memory() {
        if (!trust::is_continuity(trust_at(*policy_, wall_clock_now()))) return {};
        auto folder = ScratchFolder::make();
        if (!folder) return ConnectFailure{folder.error(), {}};
        ClientSettings settings = settings_;
        settings.trust.known_peers = folder->path() / "known_peers";
        if (auto remembered = settings.trust.memory().remember(
                settings.judged_host(), evidence::Sighting{flipped(*leaf_pin_)}, wall_clock_now());
            !remembered) {
            return ConnectFailure{remembered.error(), {}};
        }
        return attempt({"changed_key",
                        "as if another key were remembered of it",
                        ReasonCode::kContinuityChanged,
                        std::nullopt,
                        {}},
                       settings);
    }

    Failure try_dane() {
        if (trust_at(*policy_, wall_clock_now()) != TrustMode::kDane) return {};
        const Pin wrong = flipped(*leaf_pin_);
        const trust::TlsaRecord record{3, 1, 1, ByteVector(wrong.octets().begin(), wrong.octets().end())};
        const auto answered = [](trust::DaneState state, std::vector<trust::TlsaRecord> records) {
            return [state, records = std::move(records)](ClientConfiguration& configuration) {
                configuration.dane = {.state = state, .records = records};
                configuration.resolver.reset();
            };
        };
        if (auto failure = attempt("wrong_tlsa", "as if the TLSA record were of another key", ReasonCode::kDaneMismatch,
                                   answered(trust::DaneState::kSecure, {record}))) {
            return failure;
        }
        return attempt("bogus_dns", "as if DNSSEC's signatures didn't hold", ReasonCode::kDaneBogus,
                       answered(trust::DaneState::kBogus, {}));
    }

    ClientSettings settings_;
    std::optional<trust::ServerPolicy> policy_;
    std::optional<Pin> right_pin_;
    std::optional<Pin> leaf_pin_;
    Proof proof_;
};

}  // namespace

bool Trial::has_held() const {
    if (!verdict) return true;
    if (!expected) return verdict->outcome == trust::Outcome::kTrusted;
    return verdict->outcome == trust::Outcome::kRefused &&
           std::ranges::any_of(verdict->reasons, [&](const trust::Reason& reason) { return reason.code == *expected; });
}

bool Proof::has_held() const {
    return std::ranges::all_of(trials, &Trial::has_held);
}

expected<Proof, ConnectFailure> prove(const ClientSettings& settings) {
    return Prover(settings).run();
}

}  // namespace cotter::service
