// The words and numbers of the reasons.
#include "x509/revocation_reason.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cotter::x509 {
namespace {

using enum RevocationReason;
constexpr std::array kAll{kUnspecified,          kKeyCompromise,   kCaCompromise,  kAffiliationChanged, kSuperseded,
                          kCessationOfOperation, kCertificateHold, kRemoveFromCrl, kPrivilegeWithdrawn, kAaCompromise};

template <class Matches>
std::optional<RevocationReason> first_that(Matches matches) {
    const auto* const found = std::ranges::find_if(kAll, matches);
    return found == kAll.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string_view text_of(RevocationReason reason) {
    switch (reason) {
        case kUnspecified: return "unspecified";
        case kKeyCompromise: return "keyCompromise";
        case kCaCompromise: return "cACompromise";
        case kAffiliationChanged: return "affiliationChanged";
        case kSuperseded: return "superseded";
        case kCessationOfOperation: return "cessationOfOperation";
        case kCertificateHold: return "certificateHold";
        case kRemoveFromCrl: return "removeFromCRL";
        case kPrivilegeWithdrawn: return "privilegeWithdrawn";
        case kAaCompromise: return "aACompromise";
    }
    return "";
}

std::optional<RevocationReason> revocation_reason_of(std::string_view word) {
    return first_that([&](RevocationReason reason) { return text_of(reason) == word; });
}

std::optional<RevocationReason> revocation_reason_of(std::int64_t number) {
    return first_that([&](RevocationReason reason) { return std::to_underlying(reason) == number; });
}

}  // namespace cotter::x509
