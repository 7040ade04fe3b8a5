// From an answer of the DNS to a verdict.
#include "trust/judge_dane.h"

#include "text/time.h"
#include "trust/dane_match.h"
#include "trust/pin_mistake.h"

#include <algorithm>

namespace cotter::trust {
namespace {

constexpr std::size_t kMostListed = 4;

std::string listed(const std::vector<std::string>& texts) {
    std::string text;
    for (std::size_t i = 0; i < std::min(texts.size(), kMostListed); ++i) text += (i == 0 ? "" : "; ") + texts[i];
    return texts.size() > kMostListed ? text + "; and " + std::to_string(texts.size() - kMostListed) + " more" : text;
}

std::string counted(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " record" : " records");
}

class DaneJudgement {
  public:
    DaneJudgement(const Evidence& evidence, Time now, const PathToAnchors& verify_path, Judgement& judgement)
        : evidence_(evidence), answer_(evidence.dane), now_(now), verify_path_(verify_path), judgement_(judgement) {}

    void run() {
        if (!is_validated()) return;
        constraints_ = constraints_of(answer_.records);
        tell();
        if (constraints_.usable.empty()) return refuse_unusable();
        if (by_end_entity() || by_trust_anchor() || by_public_authorities()) return;
        if (path_failure_) {
            for (const Reason& reason : path_failure_->reasons()) judgement_.refuse(reason.code, reason.message);
        }
        // Where the path is what must be mended, the record is not called wrong.
        if (!path_failure_ || !may_be_right_) mismatch();
    }

  private:
    [[nodiscard]] std::string whose() const { return answer_.asked.empty() ? "" : " for " + answer_.asked; }

    /// Only records that were validated count (INVARIANT A143). What else there can be is told apart.
    bool is_validated() {
        const std::string detail = answer_.detail.empty() ? "" : ": " + answer_.detail;
        switch (answer_.state) {
            case DaneState::kSecure: break;
            case DaneState::kAbsent:
                return refuse(ReasonCode::kDaneMismatch, "DNSSEC proves that there is no TLSA record" + whose());
            case DaneState::kInsecure:
                return refuse(ReasonCode::kDaneBogus, "the answer" + whose() +
                                                          " is insecure: the zone is not signed, and without DNSSEC "
                                                          "a TLSA record counts for nothing" +
                                                          detail);
            case DaneState::kBogus:
                return refuse(ReasonCode::kDaneBogus, "the answer" + whose() +
                                                          " is bogus: DNSSEC finds it forged, "
                                                          "stripped or out of date" +
                                                          detail);
            case DaneState::kError:
                return refuse(ReasonCode::kDaneBogus,
                              "there is no answer to the question for TLSA records" + whose() + detail);
            case DaneState::kNotAsked:
                return refuse(ReasonCode::kDaneBogus, "nobody asked for this server's TLSA records");
        }
        if (!answer_.expires || now_ <= *answer_.expires) return true;
        return refuse(ReasonCode::kDaneBogus, "the TLSA records" + whose() + " were for use until " +
                                                  text::rfc3339(*answer_.expires) + ", and must be asked for anew");
    }

    bool refuse(ReasonCode code, std::string message) {
        judgement_.refuse(code, std::move(message));
        return false;
    }

    void tell() {
        const auto note = [&](const std::string& message) { judgement_.note(ReasonCode::kDaneRecords, message); };
        note(answer_.asked.empty()
                 ? "TLSA: " + counted(answer_.records.size()) + ", given on the command line"
                 : "TLSA " + answer_.asked + ": " + counted(answer_.records.size()) + ", validated by DNSSEC");
        if (!constraints_.unusable.empty()) note("TLSA records that can't be used: " + listed(constraints_.unusable));
        if (!constraints_.passed_over.empty())
            note("TLSA records passed over for a stronger digest: " + listed(constraints_.passed_over));
    }

    void refuse_unusable() {
        judgement_.refuse(ReasonCode::kDaneMismatch, constraints_.unusable.empty()
                                                         ? "the set of TLSA records" + whose() + " is empty"
                                                         : "none of the TLSA records" + whose() +
                                                               " can be used: " + listed(constraints_.unusable));
    }

    /// Usage 3 (RFC 7671, section 5.1): the server has proven possession of the key; names and dates don't count.
    bool by_end_entity() {
        for (const DaneConstraint& one : constraints_.usable) {
            if (one.usage != DaneUsage::kDaneEndEntity || !leaf().matches(one.pin)) continue;
            judgement_.verdict().matched = MatchedPin{one.pin, 0};
            judgement_.verdict().chain = {leaf()};
            return true;
        }
        return false;
    }

    /// Usage 2 (RFC 7671, section 5.2): the certificates that are named are the only trust anchors, whether they were
    /// presented or came whole in a record. The server's own certificate is no authority of itself.
    bool by_trust_anchor() {
        std::vector<x509::Certificate> anchors;
        const auto add = [&](const x509::Certificate& certificate) {
            if (certificate != leaf() && std::ranges::find(anchors, certificate) == anchors.end())
                anchors.push_back(certificate);
        };
        for (const DaneConstraint& one : constraints_.usable) {
            if (one.usage != DaneUsage::kDaneTrustAnchor) continue;
            for (const x509::Certificate& presented : evidence_.presented) {
                if (!presented.matches(one.pin)) continue;
                may_be_right_ = may_be_right_ || presented != leaf();
                add(presented);
            }
            if (one.certificate) add(*one.certificate);
        }
        if (anchors.empty()) return false;
        return by_path(x509::TrustAnchors(std::move(anchors)),
                       [](const DaneConstraint& one, std::size_t position, std::size_t last) {
                           return one.usage == DaneUsage::kDaneTrustAnchor && position == last;
                       });
    }

    /// Usages 1 and 0 (RFC 7671, sections 5.3 and 5.4): what holds without DANE holds, and a record is of that path.
    bool by_public_authorities() {
        // An authority need not be presented: whether a record of one is right shows in the path alone.
        const bool is_asked = std::ranges::any_of(constraints_.usable, [&](const DaneConstraint& one) {
            return one.usage == DaneUsage::kPkixTrustAnchor ||
                   (one.usage == DaneUsage::kPkixEndEntity && leaf().matches(one.pin));
        });
        if (!is_asked) return false;
        may_be_right_ = true;
        return by_path(evidence_.anchors, [](const DaneConstraint& one, std::size_t position, std::size_t) {
            return one.usage == (position == 0 ? DaneUsage::kPkixEndEntity : DaneUsage::kPkixTrustAnchor);
        });
    }

    /// A path to the anchors with a certificate in it that a record is of, at a place that counts for the record.
    template <class CountsAt>
    bool by_path(const x509::TrustAnchors& anchors, CountsAt counts_at) {
        Judgement attempt(evidence_);
        if (!verify_path_(anchors, attempt)) {
            if (!path_failure_) path_failure_ = std::move(attempt);
            return false;
        }
        const auto& chain = attempt.verdict().chain;
        for (const DaneConstraint& one : constraints_.usable) {
            for (std::size_t position = 0; position < chain.size(); ++position) {
                if (!counts_at(one, position, chain.size() - 1) || !chain[position].matches(one.pin)) continue;
                judgement_.verdict().matched = MatchedPin{one.pin, position};
                judgement_.verdict().chain = chain;
                judgement_.ends_with(chain);
                return true;
            }
        }
        return false;
    }

    void mismatch() {
        std::vector<std::string> texts;
        std::vector<PolicyPin> pins;
        for (const DaneConstraint& one : constraints_.usable) {
            texts.push_back(one.text);
            pins.push_back({one.pin, PinRole::kPrimary, {}, std::nullopt, {}});
        }
        std::string message = "the server's key " + own_pin(leaf()) + " is not what the TLSA records" + whose() +
                              " are of: " + listed(texts);
        if (const std::string mistake = explain_mismatch(pins, evidence_, now_); !mistake.empty())
            message += "; " + mistake;
        judgement_.refuse(ReasonCode::kDaneMismatch, std::move(message));
    }

    [[nodiscard]] const x509::Certificate& leaf() const { return evidence_.presented.front(); }

    const Evidence& evidence_;
    const DaneAnswer& answer_;
    Time now_;
    const PathToAnchors& verify_path_;
    Judgement& judgement_;
    DaneConstraints constraints_;
    std::optional<Judgement> path_failure_;
    bool may_be_right_ = false;  ///< a record is of a certificate of the path that failed, as far as is known
};

}  // namespace

void judge_by_dane(const Evidence& evidence, Time now, const PathToAnchors& verify_path, Judgement& judgement) {
    DaneJudgement(evidence, now, verify_path, judgement).run();
}

}  // namespace cotter::trust
