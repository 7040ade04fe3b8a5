// OCSP answers: which are read at all, which are believed, and what they then say.
#include "x509/ocsp.h"

#include "x509/testing/der_parts.h"
#include "x509/testing/mint_ocsp.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using testing::kMintNow;
using testing::mint;
using testing::mint_ocsp;
using testing::Minted;
using testing::MintKey;
using testing::MintOcsp;

constexpr std::chrono::hours kHour{1};
constexpr std::chrono::days kDay{1};

std::string text_of(OcspStatus status) {
    switch (status) {
        case OcspStatus::kNotAbout: return "not about";
        case OcspStatus::kGood: return "good";
        case OcspStatus::kRevoked: return "revoked";
        case OcspStatus::kUnknown: return "unknown";
        case OcspStatus::kStale: return "stale";
        case OcspStatus::kForged: return "forged";
    }
    return "";
}

class Ocsp : public ::testing::Test {
  protected:
    [[nodiscard]] std::string told(const OcspResponse& response, Time now = kMintNow) const {
        return text_of(response.check(leaf_.certificate(), ca_.certificate(), now, OcspSubject::kLeaf).status);
    }
    [[nodiscard]] std::string told(const MintOcsp& response, Time now = kMintNow) const {
        return told(response.make(), now);
    }
    [[nodiscard]] static testing::Mint delegate() {
        return mint().common_name("responder").key_usage("digitalSignature").extended_key_usage({"OCSPSigning"});
    }

    const Minted ca_ = mint().authority("ca");
    const Minted leaf_ = mint().leaf("db.example").serial(7).signed_by(ca_);
    const Minted other_ = mint().leaf("other.example").serial(8).signed_by(ca_);
};

TEST_F(Ocsp, SaysWhatTheIssuerSignedOfThatCertificate) {
    EXPECT_EQ(told(mint_ocsp(ca_).good(leaf_)), "good");
    EXPECT_EQ(told(mint_ocsp(ca_).revoked(leaf_)), "revoked");
    EXPECT_EQ(told(mint_ocsp(ca_).unknown(leaf_)), "unknown");
    EXPECT_EQ(told(mint_ocsp(ca_).responder_by_key().good(leaf_)), "good");
    for (const char* digest : {"SHA1", "SHA256", "SHA384", "SHA512"}) {
        EXPECT_EQ(told(mint_ocsp(ca_).named_by(digest).good(leaf_)), "good") << digest;
    }
    const auto finding = mint_ocsp(ca_).revoked(leaf_).make().check(leaf_.certificate(), ca_.certificate(), kMintNow,
                                                                    OcspSubject::kLeaf);
    EXPECT_EQ(finding.words, "since 2026-11-22T00:00:00Z (keyCompromise)");
}

TEST_F(Ocsp, IsSignedByEveryAlgorithmThatCertificatesAre) {
    for (const MintKey kind : {MintKey::kP256, MintKey::kP384, MintKey::kP521, MintKey::kRsa2048, MintKey::kEd25519}) {
        const Minted ca = mint().authority("ca").key(kind);
        const Minted leaf = mint().leaf("db.example").signed_by(ca);
        const auto finding =
            mint_ocsp(ca).good(leaf).make().check(leaf.certificate(), ca.certificate(), kMintNow, OcspSubject::kLeaf);
        EXPECT_EQ(text_of(finding.status), "good") << static_cast<int>(kind);
    }
}

TEST_F(Ocsp, A113_SpeaksOnlyOfTheCertificateThatItNames) {
    EXPECT_EQ(told(mint_ocsp(ca_).good(other_)), "not about");
    EXPECT_EQ(told(mint_ocsp(ca_)), "not about");
    const Minted same_name = mint().authority("ca");
    const Minted other_name = mint().authority("other").reuse_key(ca_.shared_key());
    EXPECT_EQ(told(mint_ocsp(ca_).as_issuer(same_name).good(leaf_)), "not about") << "another key of that name";
    EXPECT_EQ(
        told(mint_ocsp(ca_).as_issuer(other_name).good(mint().leaf("db.example").serial(7).signed_by(other_name))),
        "not about")
        << "another name of that key";
    EXPECT_EQ(told(mint_ocsp(ca_).named_by("MD5").good(leaf_)), "not about") << "named by a digest that isn't taken";
}

TEST_F(Ocsp, A113_AnyRevocationWinsOverEveryOtherStatementAboutIt) {
    EXPECT_EQ(told(mint_ocsp(ca_).good(leaf_).revoked(leaf_)), "revoked");
    EXPECT_EQ(told(mint_ocsp(ca_).revoked(leaf_).good(leaf_)), "revoked");
    EXPECT_EQ(told(mint_ocsp(ca_).good(leaf_).unknown(leaf_)), "unknown");
    EXPECT_EQ(told(mint_ocsp(ca_).revoked(other_).good(leaf_)), "good");
    EXPECT_EQ(told(mint_ocsp(ca_).named_by("SHA256").revoked(leaf_).named_by("SHA1").good(leaf_)), "revoked");
    EXPECT_EQ(told(mint_ocsp(ca_).updates(kMintNow - 9 * kDay, kMintNow - 8 * kDay).revoked(leaf_)), "revoked")
        << "an old revocation is one";
}

TEST_F(Ocsp, A113_IsBelievedOnlyOfTheIssuerOrOfItsDelegateForOcspSigning) {
    const Minted stranger = mint().authority("ca");
    const Minted elsewhere = mint().authority("elsewhere");
    const Minted under = mint().authority("under").signed_by(ca_);
    struct Row {
        const char* why;
        Minted signer;
        const char* expected;
    };
    const std::vector<Row> rows{
        {"a delegate", delegate().signed_by(ca_), "good"},
        {"a delegate that may also serve",
         mint().leaf("responder").extended_key_usage({"serverAuth", "OCSPSigning"}).signed_by(ca_), "good"},
        {"without key usage at all", delegate().key_usage("").signed_by(ca_), "good"},
        {"not for OCSP", mint().leaf("responder").signed_by(ca_), "forged"},
        {"without extended key usage", delegate().extended_key_usage({}).signed_by(ca_), "forged"},
        {"any extended key usage", delegate().extended_key_usage({"anyExtendedKeyUsage"}).signed_by(ca_), "forged"},
        {"key usage without signing", delegate().key_usage("keyEncipherment").signed_by(ca_), "forged"},
        {"of another authority of the same name", delegate().signed_by(stranger), "forged"},
        {"of another authority", delegate().signed_by(elsewhere), "forged"},
        {"of an authority below", delegate().signed_by(under), "forged"},
        {"self-signed", delegate(), "forged"},
        {"expired", delegate().expired().signed_by(ca_), "forged"},
        {"not yet valid", delegate().not_yet_valid().signed_by(ca_), "forged"},
        {"a weak key", delegate().key(MintKey::kRsa1024).signed_by(ca_), "forged"},
        {"a weak curve", delegate().key(MintKey::kP192).signed_by(ca_), "forged"},
        {"certified by SHA-1", delegate().digest("SHA1").signed_by(ca_), "forged"},
        {"a critical extension that is unknown", delegate().extension("1.2.3.4", true, "0500").signed_by(ca_),
         "forged"},
        {"the leaf itself", leaf_, "forged"},
        {"another leaf", other_, "forged"},
        {"a stranger of the issuer's name", stranger, "forged"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(told(mint_ocsp(ca_).good(leaf_).signed_by(row.signer)), row.expected) << row.why;
        const auto revoked = mint_ocsp(ca_).revoked(leaf_).signed_by(row.signer);
        EXPECT_EQ(told(revoked), std::string(row.expected) == "good" ? "revoked" : "forged") << row.why;
    }
    const Minted sound = delegate().signed_by(ca_);
    EXPECT_EQ(told(mint_ocsp(ca_).good(leaf_).signed_by(sound).responder_by_key()), "good");
    EXPECT_EQ(told(mint_ocsp(ca_).good(leaf_).signed_by(sound).without_certificates()), "forged")
        << "nobody knows the delegate";
}

TEST_F(Ocsp, A113_BelievesNothingThatWasChangedAfterItWasSigned) {
    const ByteVector der = mint_ocsp(ca_).good(leaf_).der();
    std::size_t believed = 0;
    for (std::size_t i = 0; i < der.size(); ++i) {
        ByteVector changed = der;
        changed[i] ^= std::byte{0x01};
        const auto response = OcspResponse::parse(changed);
        if (response && told(*response) == "good") ++believed;
    }
    EXPECT_EQ(believed, 0U);
}

TEST_F(Ocsp, A114_CountsOnlyInsideItsWindowAndNeverForLong) {
    struct Row {
        const char* why;
        Time from;
        std::optional<Time> until;
        const char* expected;
    };
    const std::chrono::seconds second(1);
    const std::vector<Row> rows{
        {"its first second", kMintNow, kMintNow + kHour, "good"},
        {"its last second", kMintNow - kHour, kMintNow, "good"},
        {"a second early", kMintNow + second, kMintNow + kHour, "stale"},
        {"a second late", kMintNow - kHour, kMintNow - second, "stale"},
        {"no next update, young", kMintNow - kDay, std::nullopt, "good"},
        {"no next update, over a day old", kMintNow - kDay - second, std::nullopt, "stale"},
        {"as old as a leaf's may be", kMintNow - 10 * kDay, kMintNow + kDay, "good"},
        {"older, whatever it says", kMintNow - 10 * kDay - second, kMintNow + 365 * kDay, "stale"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(told(mint_ocsp(ca_).updates(row.from, row.until).good(leaf_)), row.expected) << row.why;
    }
    const Minted under = mint().authority("under").signed_by(ca_);
    const auto of_authority = [&](Time from) {
        const auto response = mint_ocsp(ca_).updates(from, kMintNow + kDay).good(under).make();
        return text_of(
            response.check(under.certificate(), ca_.certificate(), kMintNow, OcspSubject::kAuthority).status);
    };
    EXPECT_EQ(of_authority(kMintNow - 300 * kDay), "good");
    EXPECT_EQ(of_authority(kMintNow - 367 * kDay), "stale");
}

TEST_F(Ocsp, ReadsNoOtherResponseThanASuccessfulBasicOne) {
    for (int status : {1, 2, 3, 5, 6}) {
        EXPECT_FALSE(OcspResponse::parse(mint_ocsp(ca_).good(leaf_).status(status).der())) << status;
    }
    const auto try_later = OcspResponse::parse(mint_ocsp(ca_).status(3).der());
    ASSERT_FALSE(try_later);
    EXPECT_EQ(try_later.error().code, "ocsp_malformed");
    EXPECT_NE(try_later.error().why.find("tryLater"), std::string::npos);
    ByteVector trailing = mint_ocsp(ca_).good(leaf_).der();
    trailing.push_back(std::byte{0});
    EXPECT_FALSE(OcspResponse::parse(trailing));
    EXPECT_FALSE(OcspResponse::parse({}));
    EXPECT_FALSE(OcspResponse::parse(ca_.der()));
    EXPECT_FALSE(OcspResponse::parse(mint_ocsp(ca_).good(leaf_).extension("1.2.3.4", true).der()));
    EXPECT_TRUE(OcspResponse::parse(mint_ocsp(ca_).good(leaf_).extension("1.2.3.4", false).der()));
    EXPECT_FALSE(OcspResponse::parse(mint_ocsp(ca_).updates(kMintNow, kMintNow - kHour).good(leaf_).der()));
    const ByteVector whole = mint_ocsp(ca_).good(leaf_).der();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(OcspResponse::parse(Bytes(whole).first(size))) << size;
    }
}

TEST_F(Ocsp, A97_RefusesSignaturesThatAreTooWeak) {
    for (const char* digest : {"SHA1", "MD5"}) {
        const Minted ca = mint().authority("ca").key(MintKey::kRsa2048);
        const auto response = OcspResponse::parse(mint_ocsp(ca).good(leaf_).digest(digest).der());
        ASSERT_FALSE(response) << digest;
        EXPECT_NE(response.error().why.find("algorithm"), std::string::npos);
    }
}

TEST_F(Ocsp, ARequestNamesTheCertificateAndItsIssuer) {
    const ByteVector request = ocsp_request(leaf_.certificate(), ca_.certificate());
    // Named as in the answers: the octets of the CertID are the same.
    const ByteVector response = mint_ocsp(ca_).good(leaf_).der();
    const auto request_id = der::Reader::inside(*der::read_single(request, der::Tag::kSequence));
    der::Reader body = der::Reader::inside(*der::Reader(request_id).next());
    der::Reader list = der::Reader::inside(*body.next());
    der::Reader one = der::Reader::inside(*list.next());
    const Bytes id = one.next()->encoding;
    EXPECT_FALSE(std::ranges::search(response, id).empty());
}

}  // namespace
}  // namespace cotter::x509
