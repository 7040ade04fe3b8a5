// One list of clients, watched by a thread, and asked by whoever likes.
#include <cotter/admission.h>

#include "face/presented_peer.h"
#include "service/admission.h"
#include "service/registry_watch.h"
#include "service/wall_clock.h"
#include "text/escape.h"

#include <atomic>

namespace cotter {
namespace {

/// The server's settings that say whom it admits.
Result<service::ServiceSettings> service_settings(const Admission::Settings& settings) {
    service::ServiceSettings service;
    service.name = settings.service;
    service.client_ca = settings.client_ca;
    service.client_crls = settings.client_crls;
    service.stream.minimum_protocol = protocol_of(settings.minimum_version);
    for (const std::string& text : settings.client_names) {
        auto pattern = trust::ClientNamePattern::parse(text);
        if (!pattern) return unexpected(pattern.error());
        service.client_names.push_back(std::move(*pattern));
    }
    return service;
}

}  // namespace

class Admission::State {
  public:
    [[nodiscard]] static Result<std::shared_ptr<State>> open(const Settings& settings) {
        const auto service = service_settings(settings);
        if (!service) return unexpected(service.error());
        auto rules = service::AdmissionRules::read(*service, {});
        if (!rules) return unexpected(rules.error());
        auto state =
            std::make_shared<State>(std::make_shared<const service::AdmissionRules>(std::move(*rules)), settings);
        auto watch = service::RegistryWatch::open(settings.registry, state->ledger_, state->log_);
        if (!watch) return unexpected(watch.error());
        state->watch_ = std::move(*watch);
        state->ledger_.applied(kOnlyThread, state->watch_->first_snapshot()->version());
        state->watch_->announce();
        state->watch_->start([raw = state.get()](const auto& snapshot) { raw->take(*snapshot); },
                             [](const Pin&, const std::optional<registry::Rotation>&) {});
        return state;
    }

    State(std::shared_ptr<const service::AdmissionRules> rules, const Settings& settings)
        : rules_(std::move(rules)),
          minimum_version_(settings.minimum_version),
          grace_(settings.grace),
          on_change_(settings.on_change) {}

    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer, const std::optional<IpAddress>& source) const {
        const service::AdmissionJudge judge = judge_of_now();
        trust::Verdict verdict = judge.judge(peer, service::Arrival{source, nullptr});
        if (verdict.lets_pass() && verdict.matched && !verdict.by_authority) {
            const x509::CanonicalKey& key = peer.presented.front().public_key().canonical();
            if (!judge.snapshot().knows_canonical(key)) watch_->learn(verdict.matched->pin, key);
        }
        return verdict;
    }

    [[nodiscard]] bool still_admits(const trust::Verdict& verdict, const std::optional<IpAddress>& source) const {
        if (!verdict.lets_pass()) return false;
        if (verdict.valid_until && *verdict.valid_until < service::wall_clock_now()) return false;
        tls::Peer peer;
        peer.presented = verdict.presented;
        // Both were so when the verdict let it in.
        peer.possession = trust::Possession::kProven;
        peer.protocol = trust::Protocol::kTls13;
        const service::Terms terms{verdict.valid_until, verdict.rules, verdict.disconnects};
        const auto now = judge_of_now().still_admits(peer, source, verdict, terms, false);
        return now && now->disconnects == verdict.disconnects;
    }

    /// Gives null where its rules let it have no more.
    [[nodiscard]] static std::shared_ptr<const void> open_stream(const std::shared_ptr<State>& state,
                                                                 const trust::Verdict& verdict,
                                                                 const std::string& from) {
        const std::string& name = verdict.client_name;
        const service::StreamCaps caps = state->judge_of_now().caps_of(verdict.rules.get());
        const std::string escaped = text::escape(from, kMostAddress);
        if (!verdict.lets_pass() ||
            state->ledger_.opened(name, state->rules_->policy.service, escaped, service::wall_clock_now(), caps)) {
            return nullptr;
        }
        const auto end = [state, name](const State*) { state->ledger_.ended(name, state->rules_->policy.service); };
        return {state.get(), end};
    }

    [[nodiscard]] TlsVersion minimum_version() const { return minimum_version_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  private:
    static constexpr std::size_t kOnlyThread = 0;
    static constexpr std::size_t kMostAddress = 128;

    [[nodiscard]] service::AdmissionJudge judge_of_now() const {
        return {rules_, watch_->latest_snapshot(), watch_->freshness(), grace_};
    }

    /// On the watching thread.
    void take(const registry::Snapshot& snapshot) {
        generation_.fetch_add(1, std::memory_order_acq_rel);
        if (on_change_) on_change_();
        ledger_.applied(kOnlyThread, snapshot.version());
    }

    std::shared_ptr<const service::AdmissionRules> rules_;
    TlsVersion minimum_version_;
    std::chrono::milliseconds grace_;
    std::function<void()> on_change_;
    std::atomic<std::uint64_t> generation_ = 1;
    service::Ledger ledger_{1};
    service::Log log_{service::LogFormat::kText, service::LogLevel::kError};
    std::unique_ptr<service::RegistryWatch> watch_;  ///< last: its thread uses what stands above
};

Result<Admission> Admission::open(const Settings& settings) {
    auto state = State::open(settings);
    if (!state) return unexpected(state.error());
    return Admission(std::move(*state));
}

Verdict Admission::judge(const Presented& presented, const std::optional<IpAddress>& source) const {
    return Verdict(state_->judge(peer_of(presented), source));
}

std::shared_ptr<const void> Admission::open_stream(const Verdict& verdict, const std::string& from) const {
    return State::open_stream(state_, verdict.content(), from);
}

bool Admission::still_admits(const Verdict& verdict, const std::optional<IpAddress>& source) const {
    return state_->still_admits(verdict.content(), source);
}

TlsVersion Admission::minimum_version() const {
    return state_->minimum_version();
}

std::uint64_t Admission::generation() const {
    return state_->generation();
}

}  // namespace cotter
