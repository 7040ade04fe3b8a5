// Paths with more than one way: which way is found, how long the search may be, and which of several CRLs decides.
#include "x509/path.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using testing::kMintNow;
using testing::mint;
using testing::mint_crl;
using testing::Minted;
using Crls = std::vector<CertificateRevocationList>;

constexpr std::chrono::hours kDay{24};

std::vector<Certificate> certificates(const std::vector<Minted>& minted) {
    std::vector<Certificate> result;
    for (const Minted& one : minted) result.push_back(one.certificate());
    return result;
}

/// The path as subjects joined by " < ", or the reason codes joined by blanks.
std::string outcome(const std::vector<Minted>& presented, const std::vector<Minted>& anchors, const Crls& crls = {}) {
    const std::vector<Certificate> chain = certificates(presented);
    const TrustAnchors trusted(certificates(anchors));
    const auto result = validate_path({&chain, &trusted, Purpose::kServer, kMintNow, &crls});
    std::string text;
    if (const auto* path = std::get_if<VerifiedPath>(&result)) {
        for (const Certificate& one : *path) text += (text.empty() ? "" : " < ") + one.subject_text();
        return text;
    }
    for (const PathFailure& failure : std::get<std::vector<PathFailure>>(result)) {
        text += (text.empty() ? "" : " ") + std::string(code_of(failure.problem));
    }
    return text;
}

/// What is said first.
std::string first_message(const Minted& leaf, const std::vector<Minted>& anchors) {
    const std::vector<Certificate> chain{leaf.certificate()};
    const TrustAnchors trusted(certificates(anchors));
    const auto result = validate_path({&chain, &trusted, Purpose::kServer, kMintNow});
    const auto* failures = std::get_if<std::vector<PathFailure>>(&result);
    return failures == nullptr ? "" : failures->front().message;
}

TEST(PathBuilding, A95_TurnsBackFromAnIssuerWhoseOwnIssuerIsNotTrusted) {
    const Minted root = mint().authority("root");
    const Minted issuer = mint().authority("issuer").signed_by(root);
    // The way that OpenSSL prefers: it lasts longer.
    const Minted astray = mint()
                              .authority("issuer")
                              .reuse_key(issuer.shared_key())
                              .signed_by(mint().authority("elsewhere"))
                              .valid(kMintNow - kDay, kMintNow + 3000 * kDay);
    const Minted leaf = mint().leaf("db.example").signed_by(issuer);
    EXPECT_EQ(outcome({leaf, astray, issuer}, {root}), "CN=db.example < CN=issuer < CN=root");
    EXPECT_EQ(outcome({leaf, issuer, astray}, {root}), "CN=db.example < CN=issuer < CN=root");
    EXPECT_EQ(outcome({leaf, astray}, {root}), "chain_untrusted");
}

TEST(PathBuilding, A95_TurnsBackFromAnIssuerThatMayNotIssue) {
    const Minted root = mint().authority("root");
    const Minted issuer = mint().authority("issuer").signed_by(root);
    const Minted narrow = mint()
                              .authority("issuer")
                              .reuse_key(issuer.shared_key())
                              .extended_key_usage({"clientAuth"})
                              .signed_by(root)
                              .valid(kMintNow - kDay, kMintNow + 3000 * kDay);
    const Minted leaf = mint().leaf("db.example").signed_by(issuer);
    EXPECT_EQ(outcome({leaf, narrow, issuer}, {root}), "CN=db.example < CN=issuer < CN=root");
    EXPECT_EQ(outcome({leaf, narrow}, {root}), "wrong_purpose");
}

TEST(PathBuilding, A95_TriesEachAnchorOfOneName) {
    // An authority that changed its key and kept its name.
    const Minted before = mint().authority("root");
    const Minted after = mint().authority("root").valid(kMintNow - kDay, kMintNow + 3000 * kDay);
    for (const Minted& signer : {before, after}) {
        const Minted leaf = mint().leaf("db.example").signed_by(signer);
        EXPECT_EQ(outcome({leaf}, {before, after}), "CN=db.example < CN=root");
        EXPECT_EQ(outcome({leaf}, {after, before}), "CN=db.example < CN=root");
    }
    EXPECT_EQ(outcome({mint().leaf("db.example").signed_by(mint().authority("root"))}, {before, after}),
              "chain_untrusted");
}

TEST(PathBuilding, A162_GivesUpAfterABoundedNumberOfWays) {
    // 9 issuers of one name, of which only the last leads home: further than the search goes.
    const Minted root = mint().authority("root");
    const Minted issuer = mint().authority("issuer").signed_by(root).valid(kMintNow - kDay, kMintNow + kDay);
    std::vector<Minted> presented{mint().leaf("db.example").signed_by(issuer)};
    for (int i = 0; i < 8; ++i) {
        presented.push_back(mint()
                                .authority("issuer")
                                .reuse_key(issuer.shared_key())
                                .signed_by(mint().authority("elsewhere"))
                                .valid(kMintNow - kDay, kMintNow + (100 + i) * kDay));
    }
    EXPECT_EQ(outcome({presented.front(), presented.back(), issuer}, {root}), "CN=db.example < CN=issuer < CN=root");
    presented.push_back(issuer);
    EXPECT_EQ(outcome(presented, {root}), "chain_untrusted");
}

TEST(PathBuilding, A162_EndsAfterTenCertificates) {
    const Minted root = mint().authority("root");
    std::vector<Minted> issuers{root};
    for (int i = 0; i < 9; ++i) {
        issuers.push_back(mint().authority("issuer " + std::to_string(i)).signed_by(issuers.back()));
    }
    for (const std::size_t between : {std::size_t{8}, std::size_t{9}}) {
        std::vector<Minted> presented{mint().leaf("db.example").signed_by(issuers.at(between))};
        for (std::size_t i = between; i > 0; --i) presented.push_back(issuers.at(i));
        const std::string found = outcome(presented, {root});
        EXPECT_EQ(found.ends_with("< CN=root"), between == 8) << found;
    }
}

TEST(PathBuilding, A29_TakesNoOutdatedUsageForServerAuthentication) {
    const Minted root = mint().authority("root");
    EXPECT_EQ(outcome({mint().leaf("db.example").signed_by(root).extended_key_usage({"msSGC"})}, {root}),
              "wrong_purpose");
}

TEST(PathBuilding, NamesTheCertificateAndTheTimeInWordsOfItsOwn) {
    const Minted root = mint().authority("root");
    EXPECT_EQ(first_message(mint().leaf("db.example").signed_by(root).expired(), {root}),
              "the certificate of CN=db.example has expired, at 2026-11-23T00:00:00Z");
    EXPECT_EQ(first_message(mint().leaf("db.example").signed_by(root).not_yet_valid(), {root}),
              "the certificate of CN=db.example is not valid yet, until 2026-11-25T00:00:00Z");
    EXPECT_EQ(first_message(mint().leaf("db.example").signed_by(root).key(testing::MintKey::kRsa1024), {root}),
              "the certificate of CN=db.example has a key that is too weak: the RSA key has 1024 bits, and 2048 are "
              "the least");
    EXPECT_EQ(first_message(mint().leaf("db.example").common_name("a\nb\x1b[1m").signed_by(root).expired(), {root})
                  .find_first_of("\n\x1b"),
              std::string::npos);
}

class RivalCrls : public ::testing::Test {
  protected:
    [[nodiscard]] std::string judged_by(const Crls& crls) const { return outcome({leaf_}, {root_}, crls); }

    /// Both orders must give the same.
    [[nodiscard]] std::string judged_by(const CertificateRevocationList& a, const CertificateRevocationList& b) const {
        const std::string result = judged_by(Crls{a, b});
        EXPECT_EQ(judged_by(Crls{b, a}), result);
        return result;
    }

    [[nodiscard]] CertificateRevocationList crl(const Minted& issuer, bool revokes, int from_day, int until_day) const {
        const auto revoked = revokes ? certificates({leaf_}) : std::vector<Certificate>();
        return mint_crl(issuer, revoked, kMintNow + from_day * kDay, kMintNow + until_day * kDay);
    }

    const Minted root_ = mint().authority("root");
    const Minted leaf_ = mint().leaf("db.example").signed_by(root_);
    const std::string path_ = "CN=db.example < CN=root";
};

TEST_F(RivalCrls, A112_AreDecidedByTheNewest) {
    EXPECT_EQ(judged_by(crl(root_, false, -5, 5), crl(root_, true, -1, 5)), "revoked");
    EXPECT_EQ(judged_by(crl(root_, true, -5, 5), crl(root_, false, -1, 5)), path_);
}

TEST_F(RivalCrls, A109_AreStaleIfTheNewestIs) {
    EXPECT_EQ(judged_by(crl(root_, false, -9, 9), crl(root_, false, -3, -1)), "stale_revocation");
    EXPECT_EQ(judged_by(crl(root_, false, -9, 9), crl(root_, false, 1, 9)), path_) << "one whose time has not begun";
}

TEST_F(RivalCrls, A110_DoNotIncludeAForgedOne) {
    const Minted same_name = mint().authority("root");
    EXPECT_EQ(judged_by(crl(root_, false, -5, 5), crl(same_name, true, -1, 5)), path_);
    EXPECT_EQ(judged_by(crl(root_, true, -5, 5), crl(same_name, false, -1, 5)), "revoked");
    EXPECT_EQ(judged_by(crl(same_name, false, -5, 5), crl(same_name, true, -1, 5)), "revocation_unknown");
}

}  // namespace
}  // namespace cotter::x509
