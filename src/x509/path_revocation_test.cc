// CRLs: those that were given must decide, and nothing is believed that the issuer did not sign.
#include "x509/path.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using der::Tag;
using testing::DerParts;
using testing::joined;
using testing::kMintNow;
using testing::mint;
using testing::mint_crl;
using testing::Minted;
using testing::octets_of;
using testing::tlv;
using Crls = std::vector<CertificateRevocationList>;

const ByteVector kTrue = octets_of({0x01, 0x01, 0xff});
const ByteVector kCrlNumber = octets_of({0x06, 0x03, 0x55, 0x1d, 0x14});
const ByteVector kDeltaIndicator = octets_of({0x06, 0x03, 0x55, 0x1d, 0x1b});
const ByteVector kIssuingPoint = octets_of({0x06, 0x03, 0x55, 0x1d, 0x1c});
const ByteVector kUnknown = octets_of({0x06, 0x03, 0x2a, 0x03, 0x04});

/// The problems found, each once, as codes joined by blanks; "" if a path was found.
std::string codes(const std::variant<VerifiedPath, std::vector<PathFailure>>& outcome) {
    const auto* failures = std::get_if<std::vector<PathFailure>>(&outcome);
    std::vector<std::string> found;
    if (failures != nullptr) {
        for (const PathFailure& failure : *failures) found.emplace_back(code_of(failure.problem));
    }
    std::ranges::sort(found);
    const auto repeated = std::ranges::unique(found);
    found.erase(repeated.begin(), repeated.end());
    std::string text;
    for (const std::string& code : found) text += (text.empty() ? "" : " ") + code;
    return text;
}

class Revocation : public ::testing::Test {
  protected:
    [[nodiscard]] std::string judged_by(const Crls& crls, RevocationScope scope = RevocationScope::kChain,
                                        bool require_revocation = true, Time now = kMintNow) const {
        const std::vector<Certificate> presented{leaf_.certificate(), issuer_.certificate()};
        const TrustAnchors anchors({root_.certificate()});
        return codes(validate_path({&presented, &anchors, Purpose::kServer, now, &crls, require_revocation, scope}));
    }

    /// A CRL of the issuer without entries and with that one extension, rightly signed.
    [[nodiscard]] Result<CertificateRevocationList> with_extension(const ByteVector& oid,
                                                                   const ByteVector& value) const {
        DerParts parts = DerParts::of(issuer_clean_.der());
        const ByteVector extension = tlv(Tag::kSequence, joined({oid, kTrue, tlv(Tag::kOctetString, value)}));
        parts.signed_part.back() = tlv(der::context(0, true), tlv(Tag::kSequence, extension));
        parts.sign(issuer_.key());
        return CertificateRevocationList::parse(parts.der());
    }

    const Minted root_ = mint().authority("root");
    const Minted issuer_ = mint().authority("issuer").signed_by(root_);
    const Minted leaf_ = mint().leaf("db.example").signed_by(issuer_);
    const CertificateRevocationList root_clean_ = mint_crl(root_, {});
    const CertificateRevocationList issuer_clean_ = mint_crl(issuer_, {});
};

TEST_F(Revocation, RefusesWhatItsIssuerRevoked) {
    EXPECT_EQ(judged_by({root_clean_, issuer_clean_}), "");
    EXPECT_EQ(judged_by({root_clean_, mint_crl(issuer_, {leaf_.certificate()})}), "revoked");
    EXPECT_EQ(judged_by({mint_crl(root_, {issuer_.certificate()}), issuer_clean_}), "revoked");
    EXPECT_EQ(judged_by({root_clean_,
                         mint_crl(issuer_, {mint().leaf("other.example").signed_by(issuer_).make().certificate()})}),
              "");
}

TEST_F(Revocation, A108_RefusesWhatNoCrlSpeaksOf) {
    EXPECT_EQ(judged_by({root_clean_}), "revocation_unknown");
    EXPECT_EQ(judged_by({issuer_clean_}), "revocation_unknown");
    EXPECT_EQ(judged_by({}), "revocation_unknown");
    EXPECT_EQ(judged_by({mint_crl(mint().authority("stranger"), {})}), "revocation_unknown");
    EXPECT_EQ(judged_by({}, RevocationScope::kChain, false), "") << "no CRL was given and none asked for";
    EXPECT_EQ(judged_by({issuer_clean_}, RevocationScope::kChain, false), "revocation_unknown")
        << "what is given must decide";
}

TEST_F(Revocation, IsAskedOfTheLeafAloneOrOfNothingWhenToldSo) {
    EXPECT_EQ(judged_by({issuer_clean_}, RevocationScope::kLeaf), "");
    EXPECT_EQ(judged_by({root_clean_}, RevocationScope::kLeaf), "revocation_unknown");
    const Crls both_revoke{mint_crl(root_, {issuer_.certificate()}), mint_crl(issuer_, {leaf_.certificate()})};
    EXPECT_EQ(judged_by(both_revoke, RevocationScope::kLeaf), "revoked");
    EXPECT_EQ(judged_by(both_revoke, RevocationScope::kOff), "");
}

TEST_F(Revocation, A109_RefusesCrlsThatAreOutOfDateAndNeverCallsTheCertificateExpired) {
    const auto day = std::chrono::hours(24);
    EXPECT_EQ(judged_by({root_clean_, mint_crl(issuer_, {}, kMintNow - 2 * day, kMintNow - day)}), "stale_revocation");
    EXPECT_EQ(judged_by({root_clean_, mint_crl(issuer_, {}, kMintNow + day, kMintNow + 2 * day)}), "stale_revocation");
    EXPECT_EQ(judged_by({root_clean_, mint_crl(issuer_, {}, kMintNow, kMintNow + std::chrono::seconds(1))}), "");

    DerParts without_next = DerParts::of(issuer_clean_.der());
    without_next.signed_part.erase(without_next.signed_part.begin() + 4);  // version, algorithm, issuer, thisUpdate
    without_next.sign(issuer_.key());
    EXPECT_FALSE(CertificateRevocationList::parse(without_next.der()));
}

TEST_F(Revocation, A110_BelievesNoCrlThatTheIssuerDidNotSign) {
    const Minted same_name = mint().authority("issuer");
    EXPECT_EQ(judged_by({root_clean_, mint_crl(same_name, {})}), "revocation_unknown");
    EXPECT_EQ(judged_by({root_clean_, mint_crl(same_name, {leaf_.certificate()})}), "revocation_unknown");

    const Minted no_crl_sign = mint().authority("no crl").key_usage("keyCertSign").signed_by(root_);
    const std::vector<Certificate> presented{mint().leaf("db.example").signed_by(no_crl_sign).make().certificate(),
                                             no_crl_sign.certificate()};
    const TrustAnchors anchors({root_.certificate()});
    const Crls crls{root_clean_, mint_crl(no_crl_sign, {})};
    EXPECT_EQ(codes(validate_path({&presented, &anchors, Purpose::kServer, kMintNow, &crls})), "revocation_unknown");
}

TEST_F(Revocation, A110_UsesNoCrlOfAnotherScopeOrWithACriticalExtensionThatIsUnknown) {
    const auto only_authorities = with_extension(kIssuingPoint, octets_of({0x30, 0x03, 0x82, 0x01, 0xff}));
    const auto only_users = with_extension(kIssuingPoint, octets_of({0x30, 0x03, 0x81, 0x01, 0xff}));
    const auto unknown = with_extension(kUnknown, octets_of({0x05, 0x00}));
    ASSERT_TRUE(only_authorities && only_users && unknown);
    EXPECT_EQ(judged_by({root_clean_, *only_authorities}), "revocation_unknown");
    EXPECT_EQ(judged_by({root_clean_, *only_users}), "");
    EXPECT_EQ(judged_by({root_clean_, *unknown}), "revocation_unknown");
}

TEST_F(Revocation, A110_ACrlOfAnotherScopeThatDoesNotListDoesNotClear) {
    const auto only_users = with_extension(kIssuingPoint, octets_of({0x30, 0x03, 0x81, 0x01, 0xff}));
    ASSERT_TRUE(only_users);
    const auto all = mint_crl(issuer_, {leaf_.certificate()});
    EXPECT_EQ(judged_by({root_clean_, all, *only_users}), "revoked");
    EXPECT_EQ(judged_by({root_clean_, *only_users, all}), "revoked");
}

TEST_F(Revocation, A110_RefusesCrlsWhoseScopeCantBeReadOrWhoseNumberIsTooLong) {
    EXPECT_FALSE(with_extension(kIssuingPoint, octets_of({0x02, 0x01, 0x01})))
        << "OpenSSL would take it for one that covers everything";
    ByteVector longest = octets_of({0x02, 0x14, 0x01});
    longest.resize(2 + 20, std::byte{0x01});
    ByteVector too_long = octets_of({0x02, 0x15, 0x01});
    too_long.resize(2 + 21, std::byte{0x01});
    EXPECT_TRUE(with_extension(kCrlNumber, longest));
    EXPECT_FALSE(with_extension(kCrlNumber, too_long));
}

TEST_F(Revocation, A111_RefusesDeltaCrls) {
    const auto delta = with_extension(kDeltaIndicator, octets_of({0x02, 0x01, 0x01}));
    ASSERT_FALSE(delta);
    EXPECT_EQ(delta.error().code, "crl_malformed");
    EXPECT_TRUE(with_extension(kUnknown, octets_of({0x02, 0x01, 0x01}))) << "it is the indicator that is refused";
}

TEST_F(Revocation, RefusesCrlsThatAreNotStrictDer) {
    ByteVector trailing(root_clean_.der().begin(), root_clean_.der().end());
    trailing.push_back(std::byte{0});
    EXPECT_FALSE(CertificateRevocationList::parse(trailing));
    EXPECT_FALSE(CertificateRevocationList::parse(root_.der()));
    EXPECT_FALSE(CertificateRevocationList::parse({}));
}

}  // namespace
}  // namespace cotter::x509
