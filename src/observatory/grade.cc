// Grading changes.
#include "observatory/grade.h"

#include "text/time.h"
#include "trust/change.h"
#include "trust/evidence.h"
#include "trust/sight.h"

#include <algorithm>

namespace cotter::observatory {
namespace {

constexpr std::array<std::string_view, kGrades.size()> kGradeNames{"renewed",      "announced", "rotated", "new-key",
                                                                   "other-issuer", "weaker",    "split"};

struct Step {
    unsigned bits;
    unsigned strength;
};
// NIST SP 800-57 part 1, table 2.
constexpr std::array<Step, 5> kRsaSteps{{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}}};

/// Why the new leaf is less to be relied on than the old one; empty: it isn't.
std::string weakening(const x509::Certificate& before, const x509::Certificate& after) {
    const x509::PublicKey& old_key = before.public_key();
    const x509::PublicKey& new_key = after.public_key();
    if (strength_of(new_key) < strength_of(old_key))
        return "the key was " + old_key.description() + " and is " + new_key.description();
    if (const auto weakness = after.signature_weakness(); weakness && !before.signature_weakness())
        return "its signature is weak, and the one before was not: " + *weakness;
    return {};
}

/// What went before in another guise, for the judgement of changes that key continuity has.
trust::Continuity continuity_of(const Compared& compared) {
    trust::Continuity continuity;
    continuity.state = trust::ContinuityState::kChanged;
    if (auto pin = compared.before.front().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256))
        continuity.remembered.push_back(std::move(*pin));
    continuity.last_seen = compared.before_last_seen;
    continuity.sight = trust::sight_of(compared.before, compared.before_last_seen);
    return continuity;
}

Graded grade_of_new_key(const Compared& compared, x509::Time now) {
    const trust::Change change = trust::classify_change(continuity_of(compared), compared.after, compared.host, now);
    const std::string message = change.message(now);
    switch (change.kind) {
        case trust::ChangeKind::kRenewal: return {Grade::kRotated, message};
        case trust::ChangeKind::kOtherIssuer: return {Grade::kOtherIssuer, message};
        case trust::ChangeKind::kEarly:
        case trust::ChangeKind::kOtherHost:
        case trust::ChangeKind::kUnproven:
        case trust::ChangeKind::kSelfSigned:
        case trust::ChangeKind::kUnrecorded: return {Grade::kNewKey, message};
    }
    return {Grade::kNewKey, message};
}

}  // namespace

std::string_view text_of(Grade grade) {
    return kGradeNames.at(static_cast<std::size_t>(grade));
}

std::optional<Grade> grade_from(std::string_view text) {
    const auto* const found = std::ranges::find(kGradeNames, text);
    if (found == kGradeNames.end()) return std::nullopt;
    return kGrades.at(static_cast<std::size_t>(found - kGradeNames.begin()));
}

unsigned strength_of(const x509::PublicKey& key) {
    if (key.weakness()) return 0;
    switch (key.type()) {
        case x509::KeyType::kRsa:
        case x509::KeyType::kRsaPss: {
            const auto* const step =
                std::ranges::find_if(kRsaSteps, [&](const Step& s) { return key.bits() >= s.bits; });
            return step == kRsaSteps.end() ? 0 : step->strength;
        }
        case x509::KeyType::kEcP256:
        case x509::KeyType::kEd25519: return 128;
        case x509::KeyType::kEcP384: return 192;
        case x509::KeyType::kEd448: return 224;
        case x509::KeyType::kEcP521: return 256;
        case x509::KeyType::kEcOther: return key.bits() / 2;
        case x509::KeyType::kDsa:
        case x509::KeyType::kOther: return 0;
    }
    return 0;
}

std::optional<Graded> grade_of(const Compared& compared, x509::Time now) {
    const x509::Certificate& before = compared.before.front();
    const x509::Certificate& after = compared.after.front();
    if (before == after) return std::nullopt;
    if (std::string why = weakening(before, after); !why.empty()) return Graded{Grade::kWeaker, std::move(why)};
    const bool is_same_key = before.public_key().canonical() == after.public_key().canonical();
    // A backup key's certificate may have lain ready for years.
    if (!(compared.is_announced && !is_same_key) && after.not_before() < before.not_before()) {
        return Graded{Grade::kWeaker, "the certificate is older than the one before: from " +
                                          text::rfc3339(after.not_before()) + ", where the other was from " +
                                          text::rfc3339(before.not_before())};
    }
    if (is_same_key) return Graded{Grade::kRenewed, "another certificate of the same key"};
    if (compared.is_announced) return Graded{Grade::kAnnounced, "the policy, or the memory of servers, has this key"};
    return grade_of_new_key(compared, now);
}

}  // namespace cotter::observatory
