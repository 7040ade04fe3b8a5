// Which alert a refusal is, on the wire; and that what the registry decided looks the same from outside.
#include "tls/testing/ends.h"

#include <gtest/gtest.h>

#include <set>

namespace cotter::tls {
namespace {

using testing::converse;
using testing::OurEnd;
using testing::Scene;
using enum trust::ReasonCode;

struct Row {
    trust::ReasonCode code;
    std::string_view alert;
};

constexpr Row kRows[] = {
    {kMalformed, "bad_certificate"},
    {kNoCertificate, "certificate_unknown"},
    {kPinDenied, "bad_certificate"},
    {kRevoked, "certificate_unknown"},  // by the registry; see below for an authority's
    {kNotAdmitted, "certificate_unknown"},
    {kSuspended, "certificate_unknown"},
    {kClientExpired, "certificate_unknown"},
    {kPinMismatch, "bad_certificate"},
    {kChainUntrusted, "unknown_ca"},
    {kHostMismatch, "bad_certificate"},
    {kExpired, "certificate_expired"},
    {kEmptyPinset, "bad_certificate"},
    {kContinuityChanged, "bad_certificate"},
    {kContinuityUnknown, "bad_certificate"},
    {kContinuityRevoked, "bad_certificate"},
    {kNotYetValid, "bad_certificate"},
    {kWrongPurpose, "unsupported_certificate"},
    {kWeakKey, "bad_certificate"},
    {kWeakSignature, "bad_certificate"},
    {kRevocationUnknown, "certificate_unknown"},
    {kStaleRevocation, "certificate_unknown"},
    {kPolicyExpired, "certificate_unknown"},
    {kNoPolicy, "certificate_unknown"},
    {kDaneBogus, "bad_certificate"},
    {kDaneMismatch, "bad_certificate"},
    {kDowngradedProtocol, "certificate_unknown"},
    {kProxyPin, "certificate_unknown"},
};

/// What a server sees when its client refuses for that reason.
std::string_view alert_seen(trust::ReasonCode code, bool by_authority) {
    Scene scene;
    scene.client_judge.says = trust::Outcome::kRefused;
    scene.client_judge.because = code;
    scene.client_judge.by_authority = by_authority;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_TRUE(client.is_failed() && server.is_failed());
    const auto& alert = server.handshake.failure().alert;
    return alert ? alert->name() : "none";
}

TEST(Alert, A228_EachReasonHasItsAlertAndTheRegistrysHaveOne) {
    std::set<trust::ReasonCode> seen;
    for (const Row& row : kRows) {
        EXPECT_EQ(alert_seen(row.code, false), row.alert) << trust::text_of(row.code);
        seen.insert(row.code);
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kProxyPin) + 1) << "a reason without a row";
}

TEST(Alert, AnAuthoritysRevocationIsNamed) {
    EXPECT_EQ(alert_seen(kRevoked, true), "certificate_revoked");
}

TEST(Alert, A15_EvenARefusalWithoutAReasonRefuses) {
    trust::Verdict verdict;
    EXPECT_NE(verify_error_for(verdict), X509_V_OK);
    for (const Row& row : kRows) {
        verdict.reasons = {{row.code, ""}};
        EXPECT_NE(verify_error_for(verdict), X509_V_OK) << trust::text_of(row.code);
    }
}

TEST(Alert, SaysWhetherItRefusesACertificate) {
    const std::set<int> refusing{42, 43, 44, 45, 46, 48, 49, 116};
    for (int number = 0; number < 256; ++number) {
        EXPECT_EQ(Alert{static_cast<std::uint8_t>(number)}.refuses_certificate(), refusing.contains(number)) << number;
    }
}

TEST(Alert, HasTheNamesOfRfc8446) {
    EXPECT_EQ(Alert{0}.name(), "close_notify");
    EXPECT_EQ(Alert{46}.name(), "certificate_unknown");
    EXPECT_EQ(Alert{116}.name(), "certificate_required");
    EXPECT_EQ(Alert{1}.name(), "unassigned");
    EXPECT_EQ(Alert{255}.name(), "unassigned");
}

}  // namespace
}  // namespace cotter::tls
