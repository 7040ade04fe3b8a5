// OCSP answers beside CRLs: what is given must decide, any revocation wins, and must-staple is honoured.
#include "x509/crl_memory.h"
#include "x509/testing/mint_ocsp.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using testing::kMintNow;
using testing::mint;
using testing::mint_crl;
using testing::mint_ocsp;
using testing::Minted;
using Crls = std::vector<CertificateRevocationList>;
using Answers = std::vector<OcspResponse>;

constexpr std::chrono::hours kDay{24};
constexpr const char* kTlsFeature = "1.3.6.1.5.5.7.1.24";

/// What a validation is asked with; all else is the fixture's.
struct Asked {
    Crls crls{};
    Answers answers{};
    std::optional<OcspResponse> stapled{};
    RevocationScope scope = RevocationScope::kChain;
    bool require = false;
    const CrlMemory* remembered = nullptr;
};

class PathOcsp : public ::testing::Test {
  protected:
    [[nodiscard]] std::string judged(const Asked& asked, const Minted& leaf, Purpose purpose = Purpose::kServer) const {
        const std::vector<Certificate> presented{leaf.certificate(), issuer_.certificate()};
        const TrustAnchors anchors({root_.certificate()});
        const auto outcome = validate_path({.presented = &presented,
                                            .anchors = &anchors,
                                            .purpose = purpose,
                                            .now = kMintNow,
                                            .crls = &asked.crls,
                                            .require_revocation = asked.require,
                                            .revocation = asked.scope,
                                            .ocsp_responses = &asked.answers,
                                            .stapled = asked.stapled ? &*asked.stapled : nullptr,
                                            .remembered = asked.remembered});
        const auto* failures = std::get_if<std::vector<PathFailure>>(&outcome);
        std::string codes;
        for (std::size_t i = 0; failures != nullptr && i < failures->size(); ++i) {
            const std::string code(code_of((*failures)[i].problem));
            if (codes.find(code) == std::string::npos) codes += (codes.empty() ? "" : " ") + code;
        }
        return codes;
    }
    [[nodiscard]] std::string judged(const Asked& asked) const { return judged(asked, leaf_); }

    const Minted root_ = mint().authority("root");
    const Minted issuer_ = mint().authority("issuer").signed_by(root_);
    const Minted leaf_ = mint().leaf("db.example").signed_by(issuer_);
    const Minted other_ = mint().leaf("other.example").signed_by(issuer_);
    const Minted strict_ = mint().leaf("db.example").signed_by(issuer_).extension(kTlsFeature, false, "3003020105");
    const OcspResponse leaf_good_ = mint_ocsp(issuer_).good(leaf_).make();
    const OcspResponse leaf_revoked_ = mint_ocsp(issuer_).revoked(leaf_).make();
    const OcspResponse leaf_unknown_ = mint_ocsp(issuer_).unknown(leaf_).make();
    const OcspResponse leaf_stale_ =
        mint_ocsp(issuer_).updates(kMintNow - 3 * kDay, kMintNow - 2 * kDay).good(leaf_).make();
    const OcspResponse issuer_good_ = mint_ocsp(root_).good(issuer_).make();
    const OcspResponse issuer_revoked_ = mint_ocsp(root_).revoked(issuer_).make();
    const OcspResponse forged_ = mint_ocsp(root_).as_issuer(issuer_).good(leaf_).make();
    const CertificateRevocationList root_clean_ = mint_crl(root_, {});
    const CertificateRevocationList issuer_clean_ = mint_crl(issuer_, {});
    const CertificateRevocationList issuer_revokes_ = mint_crl(issuer_, {leaf_.certificate()});
    const CertificateRevocationList issuer_stale_ = mint_crl(issuer_, {}, kMintNow - 3 * kDay, kMintNow - 2 * kDay);
    const CertificateRevocationList stale_revokes_ =
        mint_crl(issuer_, {leaf_.certificate()}, kMintNow - 3 * kDay, kMintNow - 2 * kDay);
};

TEST_F(PathOcsp, A108_WhatIsGivenMustDecideForEachCertificateBelowTheAnchor) {
    struct Row {
        const char* why;
        Asked asked;
        const char* expected;
    };
    const std::vector<Row> rows{
        {"nothing asked", {}, ""},
        {"both answered", {.answers = {leaf_good_, issuer_good_}}, ""},
        {"the leaf alone", {.answers = {leaf_good_}}, "revocation_unknown"},
        {"the issuer alone", {.answers = {issuer_good_}}, "revocation_unknown"},
        {"the leaf alone is asked for", {.answers = {leaf_good_}, .scope = RevocationScope::kLeaf}, ""},
        {"nothing came of what must decide", {.require = true}, "revocation_unknown"},
        {"an answer and a CRL", {.crls = {root_clean_}, .answers = {leaf_good_}}, ""},
        {"the other way round", {.crls = {issuer_clean_}, .answers = {issuer_good_}}, ""},
        {"an answer in place of a CRL out of date",
         {.crls = {root_clean_, issuer_stale_}, .answers = {leaf_good_}},
         ""},
        {"an answer out of date", {.answers = {leaf_stale_, issuer_good_}}, "stale_revocation"},
        {"out of date beside a good one", {.answers = {leaf_stale_, leaf_good_, issuer_good_}}, ""},
        {"unknown", {.answers = {leaf_unknown_, issuer_good_}}, "revocation_unknown"},
        {"a forged one counts as none", {.answers = {forged_, issuer_good_}}, "revocation_unknown"},
        {"a forged one does no harm", {.answers = {forged_, leaf_good_, issuer_good_}}, ""},
    };
    for (const Row& row : rows) EXPECT_EQ(judged(row.asked), row.expected) << row.why;
}

TEST_F(PathOcsp, A113_AnyRevocationWins) {
    struct Row {
        const char* why;
        Asked asked;
        const char* expected;
    };
    const std::vector<Row> rows{
        {"revoked", {.answers = {leaf_revoked_, issuer_good_}}, "revoked"},
        {"good, then revoked", {.answers = {leaf_good_, leaf_revoked_, issuer_good_}}, "revoked"},
        {"revoked, then good", {.answers = {leaf_revoked_, leaf_good_, issuer_good_}}, "revoked"},
        {"the issuer", {.answers = {leaf_good_, issuer_revoked_}}, "revoked"},
        {"a CRL against an answer",
         {.crls = {root_clean_, issuer_revokes_}, .answers = {leaf_good_, issuer_good_}},
         "revoked"},
        {"an answer against a CRL", {.crls = {root_clean_, issuer_clean_}, .answers = {leaf_revoked_}}, "revoked"},
        {"a CRL out of date against an answer",
         {.crls = {root_clean_, stale_revokes_}, .answers = {leaf_good_}},
         "revoked"},
        {"stapled alone, with nothing asked", {.stapled = leaf_revoked_}, "revoked"},
        {"stapled against a given one", {.answers = {leaf_good_, issuer_good_}, .stapled = leaf_revoked_}, "revoked"},
        {"only the leaf is asked for", {.answers = {leaf_good_, issuer_revoked_}, .scope = RevocationScope::kLeaf}, ""},
        {"nothing is asked for",
         {.answers = {leaf_revoked_}, .stapled = leaf_revoked_, .scope = RevocationScope::kOff},
         ""},
    };
    for (const Row& row : rows) EXPECT_EQ(judged(row.asked), row.expected) << row.why;
}

TEST_F(PathOcsp, AStapleSpeaksOfTheLeafAndAsksForNothing) {
    for (const OcspResponse& staple : {leaf_good_, leaf_unknown_, leaf_stale_, forged_, issuer_good_}) {
        EXPECT_EQ(judged({.stapled = staple}), "") << "a staple that says little is no worse than none";
    }
    EXPECT_EQ(judged({.crls = {root_clean_}, .stapled = leaf_good_}), "");
    EXPECT_EQ(judged({.crls = {root_clean_}, .stapled = leaf_stale_}), "stale_revocation");
    EXPECT_EQ(judged({.answers = {leaf_good_}, .stapled = issuer_good_}), "revocation_unknown")
        << "it is not asked about others";
}

TEST_F(PathOcsp, A115_MustStapleNeedsAGoodAnswerAboutTheLeaf) {
    const OcspResponse good = mint_ocsp(issuer_).good(strict_).make();
    const OcspResponse stale = mint_ocsp(issuer_).updates(kMintNow - 3 * kDay, kMintNow - kDay).good(strict_).make();
    struct Row {
        const char* why;
        Asked asked;
        const char* expected;
    };
    const std::vector<Row> rows{
        {"none", {}, "revocation_unknown"},
        {"stapled", {.stapled = good}, ""},
        {"given", {.answers = {good}, .scope = RevocationScope::kLeaf}, ""},
        {"out of date", {.stapled = stale}, "revocation_unknown stale_revocation"},
        {"another's", {.stapled = leaf_good_}, "revocation_unknown"},
        {"revoked", {.stapled = mint_ocsp(issuer_).revoked(strict_).make()}, "revoked"},
        {"a CRL is no answer", {.crls = {root_clean_, issuer_clean_}}, "revocation_unknown"},
        {"a named option asks for nothing", {.scope = RevocationScope::kOff}, ""},
    };
    for (const Row& row : rows) EXPECT_EQ(judged(row.asked, strict_), row.expected) << row.why;
    EXPECT_EQ(judged({}, strict_, Purpose::kClient), "") << "nobody staples to a client's certificate";

    const auto leaf_with = [&](const char* value) {
        return mint().leaf("db.example").signed_by(issuer_).extension(kTlsFeature, false, value).make();
    };
    EXPECT_EQ(judged({}, leaf_with("3003020111")), "") << "status_request_v2 alone";
    EXPECT_EQ(judged({}, leaf_with("3006020111020105")), "revocation_unknown") << "among others";
    EXPECT_EQ(judged({}, leaf_with("0500")), "revocation_unknown") << "what can't be read may ask for it";
}

TEST_F(PathOcsp, A115_AnAuthorityAsksForItOnBehalfOfThoseBelow) {
    const Minted strict_issuer =
        mint().authority("issuer").signed_by(root_).extension(kTlsFeature, false, "3003020105");
    const Minted leaf = mint().leaf("db.example").signed_by(strict_issuer);
    const std::vector<Certificate> presented{leaf.certificate(), strict_issuer.certificate()};
    const TrustAnchors anchors({root_.certificate()});
    const auto is_good = [&](const OcspResponse* stapled) {
        return std::holds_alternative<VerifiedPath>(
            validate_path({.presented = &presented, .anchors = &anchors, .now = kMintNow, .stapled = stapled}));
    };
    const OcspResponse good = mint_ocsp(strict_issuer).good(leaf).make();
    EXPECT_FALSE(is_good(nullptr));
    EXPECT_TRUE(is_good(&good));
}

TEST_F(PathOcsp, A112_ACrlOlderThanWhatWasSeenDoesNotCount) {
    const auto numbered = [&](long number, std::chrono::hours age) {
        return mint_crl(issuer_, {}, kMintNow - age, kMintNow + kDay, number);
    };
    const TrustAnchors anchors({root_.certificate()});
    const auto memory_of = [&](const CertificateRevocationList& crl) {
        CrlMemory memory;
        for (const CrlSighting& one : sightings({crl}, {issuer_.certificate()}, anchors, kMintNow))
            memory.emplace(one.scope, one.edition);
        return memory;
    };
    const CrlMemory memory = memory_of(numbered(5, kDay));
    ASSERT_EQ(memory.size(), 1U);
    const auto judged_with = [&](const CertificateRevocationList& crl) {
        return judged({.crls = {root_clean_, crl}, .remembered = &memory});
    };
    EXPECT_EQ(judged_with(numbered(5, kDay)), "");
    EXPECT_EQ(judged_with(numbered(6, kDay)), "");
    EXPECT_EQ(judged_with(numbered(300, std::chrono::hours(1))), "");
    EXPECT_EQ(judged_with(numbered(4, std::chrono::hours(1))), "stale_revocation") << "a lower number, issued later";
    EXPECT_EQ(judged_with(numbered(4, 2 * kDay)), "stale_revocation");
    EXPECT_EQ(judged_with(numbered(6, 2 * kDay)), "stale_revocation") << "a higher number, issued before";
    EXPECT_EQ(judged({.crls = {root_clean_, numbered(4, 2 * kDay), numbered(5, kDay)}, .remembered = &memory}), "");
    EXPECT_EQ(judged({.crls = {root_clean_, numbered(4, 2 * kDay)}, .answers = {leaf_good_}, .remembered = &memory}),
              "");

    // Of another issuer of that name, or forged, or not begun: nothing is to be remembered of it.
    const Minted impostor = mint().authority("issuer");
    EXPECT_TRUE(memory_of(mint_crl(impostor, {}, kMintNow - kDay, kMintNow + kDay, 9)).empty());
    EXPECT_TRUE(memory_of(mint_crl(issuer_, {}, kMintNow + kDay, kMintNow + 2 * kDay, 9)).empty());
    CrlMemory of_impostor;
    for (const CrlSighting& one : sightings({mint_crl(impostor, {}, kMintNow - kDay, kMintNow + kDay, 9)},
                                            {impostor.certificate()}, anchors, kMintNow)) {
        of_impostor.emplace(one.scope, one.edition);
    }
    ASSERT_EQ(of_impostor.size(), 1U);
    EXPECT_EQ(judged({.crls = {root_clean_, numbered(4, kDay)}, .remembered = &of_impostor}), "");
}

}  // namespace
}  // namespace cotter::x509
