// What a changed key looks like: a table of old and new certificates.
#include "trust/change.h"

#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using std::chrono::days;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A leaf of that authority which ends so many days after kMintNow.
Minted ending(const Minted& issuer, int in_days, const std::string& name = "db.example") {
    return mint().leaf(name).signed_by(issuer).valid(kMintNow - days(60), kMintNow + days(in_days));
}

TEST(Sight, WritesDownTheEndAndTheIssuer) {
    const World& w = world();
    const Sight alone = sight_of(certificates({w.alone}), kMintNow);
    EXPECT_EQ(alone.not_after, w.alone.certificate().not_after());
    EXPECT_FALSE(alone.issuer_name || alone.issuer_key);
    const Sight proven = sight_of(certificates({w.leaf, w.middle}), kMintNow);
    EXPECT_TRUE(proven.issuer_name && proven.issuer_key);
    const Sight named = sight_of(certificates({w.leaf}), kMintNow);
    EXPECT_EQ(named.issuer_name, proven.issuer_name);
    EXPECT_FALSE(named.issuer_key) << "the issuer was not presented";
}

TEST(Sight, TakesNobodysWordForWhoIssuedIt) {
    const World& w = world();
    const Minted namesake = mint().authority("middle");  // the same name, another key
    EXPECT_FALSE(issuer_key_of(certificates({w.leaf, namesake}), kMintNow));
    EXPECT_TRUE(issuer_key_of(certificates({w.leaf, namesake, w.middle}), kMintNow));
    EXPECT_FALSE(issuer_key_of(certificates({w.leaf, w.root}), kMintNow)) << "not the one that issued it";
    const Minted no_authority = mint().leaf("middle");
    EXPECT_FALSE(
        issuer_key_of(certificates({mint().leaf("db.example").signed_by(no_authority), no_authority}), kMintNow));
}

TEST(Change, A127_IsToldApartAsFarAsTheEvidenceGoes) {
    const World& w = world();
    const Minted namesake = mint().authority("middle");
    const Minted next = ending(w.middle, 365);
    const auto seen = [](const std::vector<Minted>& chain) { return sight_of(certificates(chain), kMintNow); };
    const Sight due = seen({ending(w.middle, 20), w.middle});
    Sight past = due;
    past.not_after = kMintNow - days(3);
    struct Row {
        std::string_view why;
        Sight old;
        std::vector<Minted> presented;
        ChangeKind kind;
    };
    const std::vector<Row> rows{
        {"the same issuer, the old one near its end", due, {next, w.middle}, ChangeKind::kRenewal},
        {"the same issuer, the old one past its end", past, {next, w.middle}, ChangeKind::kRenewal},
        {"thirty days before the end", seen({ending(w.middle, 30), w.middle}), {next, w.middle}, ChangeKind::kRenewal},
        {"thirty-one days before the end",
         seen({ending(w.middle, 31), w.middle}),
         {next, w.middle},
         ChangeKind::kEarly},
        {"another host of the same issuer", due, {w.neighbour, w.middle}, ChangeKind::kOtherHost},
        {"another issuer", due, {w.other_leaf, w.other_root}, ChangeKind::kOtherIssuer},
        {"self-signed now", due, {w.alone}, ChangeKind::kOtherIssuer},
        {"only the name of the issuer", due, {next}, ChangeKind::kUnproven},
        {"a namesake of the issuer", due, {ending(namesake, 365), namesake}, ChangeKind::kUnproven},
        {"a namesake, and the true issuer beside it", due, {ending(namesake, 365), w.middle}, ChangeKind::kUnproven},
        {"the old issuer was never presented", seen({ending(w.middle, 20)}), {next, w.middle}, ChangeKind::kUnproven},
        {"the new one is past its end itself", due, {ending(w.middle, -1), w.middle}, ChangeKind::kUnproven},
        {"the old one was self-signed", seen({w.alone}), {next, w.middle}, ChangeKind::kSelfSigned},
        {"nothing was written down", {}, {next, w.middle}, ChangeKind::kUnrecorded},
    };
    for (const Row& row : rows) {
        Continuity continuity{.state = ContinuityState::kChanged, .remembered = {spki(w.other_leaf)}};
        continuity.sight = row.old;
        const Change change =
            classify_change(continuity, certificates(row.presented), *HostPort::parse("db.example:5432"), kMintNow);
        EXPECT_EQ(text_of(change.kind), text_of(row.kind)) << row.why;
        EXPECT_EQ(change.looks_like_renewal(), row.kind == ChangeKind::kRenewal);
        EXPECT_THAT(change.message(kMintNow), Not(HasSubstr("cotter"))) << "no command that would accept it";

        // Whatever it looks like, it is refused, in every mode.
        Evidence evidence = live(row.presented);
        evidence.continuity = continuity;
        for (const TrustMode mode : {TrustMode::kStrict, TrustMode::kAcceptNew, TrustMode::kAsk}) {
            const Verdict verdict = judge(evidence, policy_of(mode), kMintNow);
            EXPECT_FALSE(verdict.lets_pass()) << row.why;
            EXPECT_EQ(verdict.first_reason().code, ReasonCode::kContinuityChanged);
            ASSERT_TRUE(verdict.change);
            EXPECT_EQ(verdict.change->kind, row.kind);
            ASSERT_EQ(verdict.notes.size(), 1U);
            EXPECT_EQ(verdict.notes.front().message, change.message(kMintNow));
        }
    }
}

TEST(Change, TellsWhenTheOldCertificateEnds) {
    Change change;
    change.kind = ChangeKind::kRenewal;
    change.old_not_after = kMintNow + days(3);
    EXPECT_THAT(change.message(kMintNow), HasSubstr("ends at 2026-11-27T00:00:00Z"));
    EXPECT_THAT(change.message(kMintNow + days(9)), HasSubstr("ended at 2026-11-27T00:00:00Z"));
    change.kind = ChangeKind::kEarly;
    EXPECT_THAT(change.message(kMintNow), AllOf(HasSubstr("suspicious"), HasSubstr("2026-11-27")));
}

}  // namespace
}  // namespace cotter::trust
