// Reason codes: their words, and which comes first.
#include "trust/reason.h"

#include <gtest/gtest.h>

#include <set>

namespace cotter::trust {
namespace {

constexpr int kCodes = static_cast<int>(ReasonCode::kProxyPin) + 1;

TEST(Reasons, HaveTheWordsOfTheContract) {
    const std::set<std::string_view> contract{
        "no_certificate",     "malformed",          "pin_mismatch",    "empty_pinset",   "policy_expired",
        "no_policy",          "host_mismatch",      "chain_untrusted", "expired",        "not_yet_valid",
        "wrong_purpose",      "weak_key",           "weak_signature",  "revoked",        "revocation_unknown",
        "stale_revocation",   "not_admitted",       "suspended",       "client_expired", "continuity_changed",
        "continuity_unknown", "continuity_revoked", "dane_bogus",      "dane_mismatch",  "pin_denied",
        "proxy_pin",          "downgraded_protocol"};
    std::set<std::string_view> ours;
    for (int code = 0; code < kCodes; ++code) ours.insert(text_of(static_cast<ReasonCode>(code)));
    EXPECT_EQ(ours, contract);
}

TEST(Reasons, BeginWithWhatMustBeMendedFirst) {
    using enum ReasonCode;
    const std::vector<ReasonCode> order{kMalformed,   kNoCertificate,  kPinDenied,    kRevoked, kNotAdmitted,
                                        kPinMismatch, kChainUntrusted, kHostMismatch, kExpired};
    std::vector<Reason> reasons;
    for (int code = kCodes - 1; code >= 0; --code) reasons.push_back({static_cast<ReasonCode>(code), "why"});
    sort_by_precedence(reasons);
    ASSERT_EQ(reasons.size(), static_cast<std::size_t>(kCodes));
    std::vector<ReasonCode> sorted;
    for (const Reason& reason : reasons) {
        const bool is_of_the_registry = reason.code == kSuspended || reason.code == kClientExpired;
        if (!is_of_the_registry && sorted.size() < order.size()) sorted.push_back(reason.code);
    }
    EXPECT_EQ(sorted, order);
}

TEST(Reasons, AreSaidOnceAndKeepTheirOrderWithinACode) {
    std::vector<Reason> reasons{{ReasonCode::kExpired, "b"},
                                {ReasonCode::kPinDenied, "z"},
                                {ReasonCode::kExpired, "a"},
                                {ReasonCode::kExpired, "b"},
                                {ReasonCode::kPinDenied, "z"}};
    sort_by_precedence(reasons);
    const std::vector<Reason> expected{
        {ReasonCode::kPinDenied, "z"}, {ReasonCode::kExpired, "b"}, {ReasonCode::kExpired, "a"}};
    EXPECT_EQ(reasons, expected);
}

}  // namespace
}  // namespace cotter::trust
