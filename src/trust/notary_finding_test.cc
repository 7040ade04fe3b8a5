#include "trust/notary_finding.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using std::chrono::minutes;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

Pin seen_key_of(const Minted& minted) {
    return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

TEST(NotaryFinding, A233_SilenceNeverCountsAsAgreement) {
    const Minted leaf = mint().leaf("db.example").make();
    const Minted other = mint().leaf("db.example").make();
    const NotaryWord agrees{"a:1", {{seen_key_of(leaf), kMintNow - minutes(9)}}, {}};
    const NotaryWord agrees_too{"d:1", {{seen_key_of(other), kMintNow}, {seen_key_of(leaf), kMintNow}}, {}};
    const NotaryWord lies{"b:1", {{seen_key_of(other), kMintNow}}, {}};
    const NotaryWord silent{"c:1", {}, "it did not answer in time"};
    const struct {
        const char* why;
        std::vector<NotaryWord> words;
        std::size_t quorum;
        bool is_vouched_for;
        minutes since_heard{0};
    } cases[] = {
        {"nobody was named", {}, 0, true},
        {"a quorum of nobody", {}, 1, false},
        {"one, and it agrees", {agrees}, 1, true},
        {"one, and it is silent", {silent}, 1, false},
        {"one, and it disagrees", {lies}, 1, false},
        {"a quorum of none is one", {silent}, 0, false},
        {"two of three, one of which lies", {agrees, lies, agrees_too}, 2, true},
        {"two of three, one of which is silent", {agrees, silent, agrees_too}, 2, true},
        {"two of three, and only one agrees", {agrees, lies, silent}, 2, false},
        {"all of three, and one is silent", {agrees, silent, agrees_too}, 3, false},
        {"a word that counts just so", {agrees}, 1, true, minutes(15)},
        {"an old word", {agrees}, 1, false, minutes(16)},
        {"a word of tomorrow", {agrees}, 1, false, minutes(-1)},
    };
    for (const auto& one : cases) {
        const NotaryFindings findings{one.words, one.quorum, kMintNow - one.since_heard};
        EXPECT_EQ(is_vouched_for(findings, leaf.certificate(), kMintNow), one.is_vouched_for) << one.why;
    }
}

TEST(NotaryFinding, SaysEachOfItsThreeOutcomes) {
    const Minted leaf = mint().leaf("db.example").make();
    const Minted other = mint().leaf("db.example").make();
    const NotaryFindings findings{{{"a:1", {{seen_key_of(leaf), kMintNow}}, {}},
                                   {"b:1", {{seen_key_of(other), kMintNow}}, {}},
                                   {"c:1", {}, "it did not answer in time"}},
                                  2,
                                  kMintNow};
    const auto sentences = sentences_of(findings, leaf.certificate(), kMintNow);
    ASSERT_EQ(sentences.size(), 3U);
    EXPECT_EQ(sentences[0], "notary a:1 sees this key, and has since 2026-11-24T00:00:00Z");
    EXPECT_EQ(sentences[1], "notary b:1 sees another key: " + seen_key_of(other).to_string());
    EXPECT_EQ(sentences[2], "notary c:1 is silent: it did not answer in time");
    EXPECT_EQ(tally_of(findings, leaf.certificate(), kMintNow).text(2),
              "1 of 3 notaries sees this key, 1 sees another, 1 is silent; 2 must see it");
}

}  // namespace
}  // namespace cotter::trust
