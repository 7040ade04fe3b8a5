// The codes.
#include "bundle/refusal.h"

#include <algorithm>
#include <array>

namespace cotter::bundle {
namespace {

constexpr std::array kRefusals{Refusal::kUnderSigned,  Refusal::kRolledBack, Refusal::kExpired,  Refusal::kMixed,
                               Refusal::kWrongContent, Refusal::kTooLarge,   Refusal::kNoTarget, Refusal::kUnusable};

}  // namespace

std::string_view code_of(Refusal refusal) {
    switch (refusal) {
        case Refusal::kUnderSigned: return "bundle_under_signed";
        case Refusal::kRolledBack: return "bundle_rolled_back";
        case Refusal::kExpired: return "policy_expired";
        case Refusal::kMixed: return "bundle_mixed";
        case Refusal::kWrongContent: return "bundle_wrong_content";
        case Refusal::kTooLarge: return "bundle_too_large";
        case Refusal::kNoTarget: return "bundle_no_target";
        case Refusal::kUnusable: return "bundle_unusable";
    }
    return {};
}

unexpected<Error> refused(Refusal refusal, std::string what, std::string why, std::string next) {
    return failed(std::string(code_of(refusal)), std::move(what), std::move(why), std::move(next));
}

bool is_refusal(const Error& error) {
    return std::ranges::any_of(kRefusals, [&](Refusal refusal) { return error.code == code_of(refusal); });
}

}  // namespace cotter::bundle
