// A client judges a server, by the trust mode of its policy.
#include "text/time.h"
#include "trust/change.h"
#include "trust/judge.h"
#include "trust/judge_dane.h"
#include "trust/judgement.h"
#include "trust/pin_mistake.h"
#include "trust/trust_at.h"
#include "x509/name_match.h"
#include "x509/status_extensions.h"
#include "x509/weak_rsa.h"

#include <algorithm>

namespace cotter::trust {
namespace {

bool counts_at(Match match, std::size_t position) {
    switch (match) {
        case Match::kLeaf: return position == 0;
        case Match::kIssuer: return position > 0;
        case Match::kAny: return true;
    }
    return false;
}

std::string listed(const std::vector<Pin>& pins) {
    constexpr std::size_t kMostListed = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(pins.size(), kMostListed); ++i)
        text += (i == 0 ? "" : ", ") + pins[i].abbreviated();
    return pins.size() > kMostListed ? text + " and " + std::to_string(pins.size() - kMostListed) + " more" : text;
}

std::string entry_text(const KeyLogFinding& log) {
    return "entry " + std::to_string(log.entry) +
           (log.recorded ? ", since " + text::rfc3339(*log.recorded) : std::string());
}

/// One server being judged.
class ServerJudgement {
  public:
    ServerJudgement(const Evidence& evidence, const ServerPolicy& policy, Time now)
        : evidence_(evidence), policy_(policy), now_(now), judgement_(evidence) {}

    Verdict run() {
        if (!check_peer(evidence_, policy_.minimum_protocol, judgement_)) return judgement_.conclude();
        look_closely_at_key();
        hold_to_end_of_source();
        deny(evidence_.presented);
        note_timestamps();
        for (std::string& said : sentences_of(evidence_.notaries, evidence_.presented.front(), now_))
            judgement_.note(ReasonCode::kNotary, std::move(said));
        switch (effective_trust()) {
            case TrustMode::kPins: by_pins(); break;
            case TrustMode::kChainAndPins: by_chain_and_pins(); break;
            case TrustMode::kChain: by_chain(); break;
            case TrustMode::kStrict:
            case TrustMode::kAcceptNew:
            case TrustMode::kAsk: by_continuity(); break;
            case TrustMode::kDane: by_dane(); break;
        }
        deny(judgement_.verdict().chain);
        return judgement_.conclude(only_reported() ? Outcome::kReported : Outcome::kRefused);
    }

  private:
    /// A client can afford the longer look at the one key that it meets.
    void look_closely_at_key() {
        const x509::PublicKey& key = evidence_.presented.front().public_key();
        if (key.weakness()) return;  // said already
        if (auto weakness = x509::weakness_on_inspection(key))
            judgement_.refuse(ReasonCode::kWeakKey, std::move(*weakness));
    }

    /// What holds today: a policy past its end refuses, or, if it says so, falls back to the chain alone.
    TrustMode effective_trust() {
        if (policy_.mode != Mode::kOff) hold_to_its_end();
        return trust_at(policy_, now_);
    }

    void hold_to_end_of_source() {
        if (is_source_past()) {
            judgement_.refuse(ReasonCode::kPolicyExpired, "the bundle that the policy came in ended at " +
                                                              text::rfc3339(*policy_.source_ends) +
                                                              ", and no younger one could be had");
        } else {
            judgement_.ends_at(policy_.source_ends);
        }
    }

    [[nodiscard]] bool is_source_past() const { return policy_.source_ends && now_ > *policy_.source_ends; }

    void hold_to_its_end() {
        const bool has_ended = policy_.expires && now_ > *policy_.expires;
        if (has_ended && policy_.on_expiry == OnExpiry::kRefuse) {
            judgement_.refuse(ReasonCode::kPolicyExpired, "the policy ended at " + text::rfc3339(*policy_.expires));
        }
        // Only what the chain alone would carry, too, may outlive the policy.
        if (!has_ended && (policy_.on_expiry == OnExpiry::kRefuse || policy_.trust != TrustMode::kChainAndPins))
            judgement_.ends_at(policy_.expires);
    }

    /// A report says what the pins alone would refuse; it forgives nothing else, and never an empty set.
    [[nodiscard]] bool only_reported() const {
        return policy_.mode == Mode::kReport && !is_source_past() &&
               std::ranges::all_of(judgement_.reasons(), [](const Reason& reason) {
                   return reason.code == ReasonCode::kPinMismatch || reason.code == ReasonCode::kPinDenied ||
                          reason.code == ReasonCode::kPolicyExpired;
               });
    }

    /// They are no ground of trust here: nothing is known of the logs that signed them.
    void note_timestamps() {
        const auto count = x509::embedded_timestamps(evidence_.presented.front());
        if (!count) {
            judgement_.note(ReasonCode::kTimestamps, "the list of embedded SCTs can't be read");
        } else if (*count > 0) {
            judgement_.note(ReasonCode::kTimestamps,
                            *count == 1 ? "1 SCT embedded; its signature is not checked"
                                        : std::to_string(*count) + " SCTs embedded; their signatures are not checked");
        }
    }

    void deny(const std::vector<x509::Certificate>& chain) {
        for (const x509::Certificate& certificate : chain) {
            for (const Pin& pin : policy_.deny) {
                if (certificate.matches(pin)) {
                    judgement_.refuse(ReasonCode::kPinDenied,
                                      pin.abbreviated() + " is denied, and it is in the server's chain");
                }
            }
        }
    }

    /// The pins that count today.
    std::vector<const PolicyPin*> live_pins() {
        std::vector<const PolicyPin*> live;
        for (const PolicyPin& pin : policy_.pins) {
            if (pin.expires && now_ > *pin.expires) {
                ended_pins_ += (ended_pins_.empty() ? "" : ", ") + pin.pin.abbreviated();
            } else {
                live.push_back(&pin);
            }
        }
        if (policy_.pins.empty()) {
            judgement_.refuse(ReasonCode::kEmptyPinset, "no pin is given, so no server can match one");
        }
        return live;
    }

    void matched(const PolicyPin& pin, std::size_t position) {
        judgement_.verdict().matched = MatchedPin{pin.pin, position};
        judgement_.ends_at(pin.expires);
        if (pin.role == PinRole::kProxy) {
            judgement_.note(ReasonCode::kProxyPin,
                            "an interception proxy's key was accepted, approved by " + pin.approved_by);
        }
    }

    void mismatch() {
        if (policy_.pins.empty()) return;
        std::vector<Pin> expected;
        for (const PolicyPin& pin : policy_.pins) expected.push_back(pin.pin);
        std::string message =
            "the server's key " + own_pin(evidence_.presented.front()) + " is not among the pins " + listed(expected);
        const std::string mistake = explain_mismatch(policy_.pins, evidence_, now_);
        if (!mistake.empty()) message += "; " + mistake;
        if (!ended_pins_.empty()) message += "; past their end: " + ended_pins_;
        judgement_.refuse(ReasonCode::kPinMismatch, std::move(message));
    }

    void by_pins() {
        const auto live = live_pins();
        const auto& presented = evidence_.presented;
        if (counts_at(policy_.match, 0)) {
            for (const PolicyPin* pin : live) {
                if (!presented.front().matches(pin->pin)) continue;
                judgement_.verdict().chain = {presented.front()};
                matched(*pin, 0);
                return;
            }
        }
        if (policy_.match == Match::kLeaf || !by_pinned_issuer(live)) mismatch();
    }

    /// A pinned certificate above the leaf is the only trust anchor: path, dates, purpose and name must hold from it.
    /// Gives whether any was pinned at all.
    bool by_pinned_issuer(const std::vector<const PolicyPin*>& live) {
        bool is_pinned = false;
        Judgement first_failure(evidence_);
        for (std::size_t i = 1; i < evidence_.presented.size(); ++i) {
            for (const PolicyPin* pin : live) {
                if (!evidence_.presented[i].matches(pin->pin)) continue;
                Judgement attempt(evidence_);
                if (verify_pinned_path(evidence_.presented[i], attempt)) {
                    judgement_.verdict().chain = attempt.verdict().chain;
                    judgement_.ends_with(attempt.verdict().chain);
                    matched(*pin, judgement_.verdict().chain.size() - 1);
                    return true;
                }
                if (!is_pinned) first_failure = std::move(attempt);
                is_pinned = true;
            }
        }
        for (const Reason& reason : first_failure.reasons()) judgement_.refuse(reason.code, reason.message);
        return is_pinned;
    }

    /// A leaf that is presented once more, pinned as its own issuer, is no issuer.
    bool verify_pinned_path(const x509::Certificate& anchor, Judgement& attempt) {
        if (!verify_path(x509::TrustAnchors({anchor}), attempt)) return false;
        if (attempt.verdict().chain.size() > 1) return true;
        attempt.refuse(ReasonCode::kChainUntrusted, "the pinned certificate is the leaf itself, not its issuer");
        return false;
    }

    void by_chain_and_pins() {
        const auto live = live_pins();
        by_chain();
        const auto& verified = judgement_.verdict().chain;
        // Without a verified path no pin matches. Where one is of what was presented, the path is what must be mended,
        // and the pins are not called wrong.
        const auto& chain = verified.empty() ? evidence_.presented : verified;
        for (std::size_t position = 0; position < chain.size(); ++position) {
            if (!counts_at(policy_.match, position)) continue;
            for (const PolicyPin* pin : live) {
                if (!chain[position].matches(pin->pin)) continue;
                if (!verified.empty()) matched(*pin, position);
                return;
            }
        }
        mismatch();
    }

    void by_chain() {
        static_cast<void>(verify_path(evidence_.anchors, judgement_));
        judgement_.ends_with(judgement_.verdict().chain);
    }

    /// Path and host name; `into` gets the chain, or the reasons.
    bool verify_path(const x509::TrustAnchors& anchors, Judgement& into) {
        const auto path = x509::validate_path({.presented = &evidence_.presented,
                                               .anchors = &anchors,
                                               .purpose = policy_.purpose,
                                               .now = now_,
                                               .crls = &evidence_.crls,
                                               .require_revocation = policy_.require_revocation,
                                               .revocation = policy_.revocation,
                                               .ocsp_responses = &evidence_.ocsp_responses,
                                               .stapled = evidence_.stapled ? &*evidence_.stapled : nullptr,
                                               .remembered = evidence_.crl_memory.get()});
        const auto* failures = std::get_if<std::vector<x509::PathFailure>>(&path);
        if (failures != nullptr && std::ranges::any_of(*failures, x509::is_for_want_of_status)) {
            // First, for they are what can be mended.
            for (const std::string& unfetched : evidence_.unfetched)
                into.refuse(ReasonCode::kRevocationUnknown, unfetched);
        }
        if (failures != nullptr) into.refuse(*failures);
        if (!evidence_.host) {
            into.refuse(ReasonCode::kHostMismatch, "no host name was given to compare the certificate with");
        } else if (!x509::names_host(evidence_.presented.front(), evidence_.host->host) &&
                   (alias_ == nullptr || !x509::names_host(evidence_.presented.front(), *alias_))) {
            into.refuse(ReasonCode::kHostMismatch, "the certificate is not for " + evidence_.host->host.to_string() +
                                                       (alias_ == nullptr ? "" : " or " + alias_->to_string()));
        }
        if (failures == nullptr) into.verdict().chain = std::get<x509::VerifiedPath>(path);
        return !into.is_refused();
    }

    void by_continuity() {
        const Continuity& continuity = evidence_.continuity;
        const x509::Certificate& leaf = evidence_.presented.front();
        judgement_.verdict().chain = {leaf};
        switch (continuity.state) {
            case ContinuityState::kMatch:
                if (continuity.remembered.empty() || !leaf.matches(continuity.remembered.front())) {
                    judgement_.refuse(ReasonCode::kContinuityUnknown, "what is remembered is not of this key");
                } else {
                    judgement_.verdict().matched = MatchedPin{continuity.remembered.front(), 0};
                }
                break;
            case ContinuityState::kUnknown:
                if (is_in_key_log()) break;
                if (policy_.trust != TrustMode::kAcceptNew || evidence_.key_log.state != KeyLogState::kNotGiven) {
                    judgement_.refuse(ReasonCode::kContinuityUnknown, "no key is remembered for this host and port");
                    tell_key_log();
                } else if (!is_vouched_for(evidence_.notaries, leaf, now_)) {
                    judgement_.refuse(ReasonCode::kContinuityUnknown,
                                      "no key is remembered for this host and port, and " +
                                          tally_of(evidence_.notaries, leaf, now_).text(evidence_.notaries.quorum));
                } else {
                    judgement_.verdict().is_first_contact = true;
                }
                break;
            case ContinuityState::kChanged:
                if (is_in_key_log()) break;
                judgement_.refuse(
                    ReasonCode::kContinuityChanged,
                    "the server's key has changed: remembered " + listed(continuity.remembered) +
                        (continuity.first_seen ? ", known since " + text::rfc3339(*continuity.first_seen) : "") +
                        "; presented " + own_pin(leaf));
                tell_change(classify_change(continuity, evidence_.presented, evidence_.host, now_));
                tell_key_log();
                break;
            case ContinuityState::kRevoked:
                judgement_.refuse(ReasonCode::kContinuityRevoked, "the server's key is marked as revoked");
                break;
            case ContinuityState::kError:
                judgement_.refuse(ReasonCode::kContinuityUnknown,
                                  "what is remembered can't be read: " + continuity.detail);
                break;
            case ContinuityState::kNotAsked:
                judgement_.refuse(ReasonCode::kContinuityUnknown, "nobody asked what is remembered");
                break;
        }
    }

    /// The log vouches for the one key that was looked up in it.
    bool is_in_key_log() {
        const KeyLogFinding& log = evidence_.key_log;
        if (log.state != KeyLogState::kListed || !log.key || !evidence_.presented.front().matches(*log.key))
            return false;
        judgement_.verdict().matched = MatchedPin{*log.key, 0};
        judgement_.verdict().logged = LoggedKey{log.entry, evidence_.continuity.remembered};
        judgement_.note(ReasonCode::kKeyLog, "the server's new key is in its log, " + entry_text(log));
        return true;
    }

    /// Why the log did not help.
    void tell_key_log() {
        const KeyLogFinding& log = evidence_.key_log;
        const auto note = [&](std::string message) { judgement_.note(ReasonCode::kKeyLog, std::move(message)); };
        switch (log.state) {
            case KeyLogState::kNotGiven: break;
            case KeyLogState::kNotRead:
                judgement_.verdict().wants_key_log = judgement_.reasons().size() == 1;
                note("its key log was not read");
                break;
            case KeyLogState::kUnreadable:
                note("its key log does not help, for it can't be read: " + log.detail);
                break;
            case KeyLogState::kFalse:
                judgement_.refuse(ReasonCode::kKeyLog, "its key log is FALSE: " + log.detail);
                break;
            case KeyLogState::kAbsent: note("its key log does not have this key"); break;
            case KeyLogState::kRetired: note("its key log says that this key is retired, " + entry_text(log)); break;
            case KeyLogState::kSuperseded:
                note("its key log has this key, but as an older one than the one that is remembered, " +
                     entry_text(log));
                break;
            case KeyLogState::kListed: note("its key log was asked about another key"); break;
        }
    }

    void tell_change(Change change) {
        judgement_.note(ReasonCode::kContinuityChanged, change.message(now_));
        judgement_.verdict().change = std::move(change);
    }

    /// What the host is a validated alias of is a name of it, too, where records from there decide.
    void by_dane() {
        if (evidence_.dane.alias_of) alias_ = &*evidence_.dane.alias_of;
        const PathToAnchors path = [this](const x509::TrustAnchors& anchors, Judgement& into) {
            return verify_path(anchors, into);
        };
        judge_by_dane(evidence_, now_, path, judgement_);
    }

    const Evidence& evidence_;
    const ServerPolicy& policy_;
    Time now_;
    Judgement judgement_;
    std::string ended_pins_;
    const HostName* alias_ = nullptr;
};

}  // namespace

Verdict judge(const Evidence& evidence, const ServerPolicy& policy, Time now) {
    return ServerJudgement(evidence, policy, now).run();
}

Verdict judge_without_policy(const Evidence& evidence) {
    Judgement judgement(evidence);
    judgement.refuse(ReasonCode::kNoPolicy, "nothing is known of its key");
    return judgement.conclude();
}

}  // namespace cotter::trust
