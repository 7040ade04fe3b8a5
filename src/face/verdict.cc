// The face of trust::Verdict.
#include <cotter/verdict.h>

#include "trust/verdict.h"
#include "trust/words.h"

namespace cotter {
namespace {

std::vector<Reason> reasons_of(const std::vector<trust::Reason>& reasons) {
    std::vector<Reason> told;
    for (const trust::Reason& reason : reasons) told.push_back({trust::text_of(reason.code), reason.message});
    return told;
}

std::vector<Certificate> certificates_of(const std::vector<x509::Certificate>& certificates) {
    return {certificates.begin(), certificates.end()};
}

}  // namespace

Verdict::Verdict(trust::Verdict verdict) : verdict_(std::make_shared<const trust::Verdict>(std::move(verdict))) {}

Outcome Verdict::outcome() const {
    switch (verdict_->outcome) {
        case trust::Outcome::kTrusted: return Outcome::kTrusted;
        case trust::Outcome::kRefused: return Outcome::kRefused;
        case trust::Outcome::kReported: return Outcome::kReported;
    }
    return Outcome::kRefused;
}

bool Verdict::lets_pass() const {
    return verdict_->lets_pass();
}
std::vector<Reason> Verdict::reasons() const {
    return reasons_of(verdict_->reasons);
}
std::vector<Reason> Verdict::notes() const {
    return reasons_of(verdict_->notes);
}
std::optional<Verdict::Matched> Verdict::matched() const {
    if (!verdict_->matched) return std::nullopt;
    return Matched{verdict_->matched->pin, verdict_->matched->position};
}
std::vector<Certificate> Verdict::presented() const {
    return certificates_of(verdict_->presented);
}
std::vector<Certificate> Verdict::chain() const {
    return certificates_of(verdict_->chain);
}
std::string_view Verdict::client_name() const {
    return verdict_->client_name;
}
std::optional<std::chrono::sys_seconds> Verdict::valid_until() const {
    return verdict_->valid_until;
}

std::string Verdict::to_string() const {
    std::string text(trust::text_of(verdict_->outcome));
    for (std::size_t i = 0; i < verdict_->reasons.size(); ++i) {
        const trust::Reason& reason = verdict_->reasons[i];
        text += (i == 0 ? ": " : "; ") + std::string(trust::text_of(reason.code)) + ": " + reason.message;
    }
    return text;
}

}  // namespace cotter
