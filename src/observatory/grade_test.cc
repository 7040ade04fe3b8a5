#include "observatory/grade.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::observatory {
namespace {

using std::chrono::days;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

using Chain = std::vector<x509::Certificate>;

const HostPort kHost = *HostPort::parse("db.example:443");
const x509::Time kThen = kMintNow - std::chrono::hours(12);

Chain chain_of(const Minted& leaf) {
    return {leaf.certificate()};
}
Chain chain_of(const Minted& leaf, const Minted& issuer) {
    return {leaf.certificate(), issuer.certificate()};
}

std::string graded(const Chain& before, const Chain& after, bool is_announced = false) {
    const auto grade = grade_of({before, kThen, after, is_announced, kHost}, kMintNow);
    return grade ? std::string(text_of(grade->grade)) : "same";
}

Minted leaf_by(const Minted& issuer, x509::Time from, x509::Time until) {
    return mint().leaf("db.example").valid(from, until).signed_by(issuer).make();
}

TEST(Grade, SaysWhatAChangeLooksLike) {
    const Minted ca = mint().authority("ca").make();
    const Minted other_ca = mint().authority("other").make();
    const Minted ending = leaf_by(ca, kMintNow - days(80), kMintNow + days(5));
    const Minted lasting = leaf_by(ca, kMintNow - days(80), kMintNow + days(300));
    const Minted next = leaf_by(ca, kMintNow - days(1), kMintNow + days(89));
    const Minted foreign = leaf_by(other_ca, kMintNow - days(1), kMintNow + days(89));
    const Minted renewed = mint()
                               .leaf("db.example")
                               .reuse_key(ending.shared_key())
                               .valid(kMintNow - days(1), kMintNow + days(89))
                               .signed_by(other_ca)
                               .make();
    const Minted self = mint().leaf("db.example").valid(kMintNow - days(50), kMintNow + days(50)).make();
    const Minted other_self = mint().leaf("db.example").make();
    const struct {
        const char* why;
        const char* grade;
        Chain before;
        Chain after;
        bool is_announced = false;
    } cases[] = {
        {"the same certificate", "same", chain_of(ending, ca), chain_of(ending)},
        {"the same key, whoever issued it", "renewed", chain_of(ending, ca), chain_of(renewed, other_ca)},
        {"announced", "announced", chain_of(lasting, ca), chain_of(foreign, other_ca), true},
        {"same issuer, near the old one's end", "rotated", chain_of(ending, ca), chain_of(next, ca)},
        {"same issuer, long before the old one's end", "new-key", chain_of(lasting, ca), chain_of(next, ca)},
        {"the issuer's name without the issuer", "new-key", chain_of(ending, ca), chain_of(next)},
        {"self-signed", "new-key", chain_of(self), chain_of(other_self)},
        {"another issuer, near the end or not", "other-issuer", chain_of(ending, ca), chain_of(foreign, other_ca)},
        {"older than before", "weaker", chain_of(next, ca), chain_of(lasting, ca)},
        {"older, though announced: a backup may have lain ready", "announced", chain_of(next, ca),
         chain_of(lasting, ca), true},
    };
    for (const auto& one : cases) EXPECT_EQ(graded(one.before, one.after, one.is_announced), one.grade) << one.why;
}

TEST(Grade, AWeakerKeyOrSignatureIsWeakerWhateverElseHolds) {
    const auto leaf = [](MintKey kind) { return mint().leaf("db.example").key(kind).make(); };
    const struct {
        MintKey before;
        MintKey after;
        const char* grade;
    } cases[] = {
        {MintKey::kP384, MintKey::kP256, "weaker"},     {MintKey::kRsa3072, MintKey::kRsa2048, "weaker"},
        {MintKey::kP256, MintKey::kRsa2048, "weaker"},  {MintKey::kP256, MintKey::kRsa1024, "weaker"},
        {MintKey::kRsa2048, MintKey::kP256, "new-key"}, {MintKey::kP256, MintKey::kEd25519, "new-key"},
        {MintKey::kRsa3072, MintKey::kP256, "new-key"},
    };
    for (const auto& [before, after, grade] : cases) {
        const bool is_weaker = std::string(grade) == "weaker";
        EXPECT_EQ(graded(chain_of(leaf(before)), chain_of(leaf(after))), grade);
        EXPECT_EQ(graded(chain_of(leaf(before)), chain_of(leaf(after)), true), is_weaker ? "weaker" : "announced");
    }
    const Minted ca = mint().authority("ca").make();
    const Minted good = mint().leaf("db.example").signed_by(ca).make();
    const Minted bad = mint().leaf("db.example").reuse_key(good.shared_key()).digest("SHA1").signed_by(ca).make();
    EXPECT_EQ(graded(chain_of(good, ca), chain_of(bad, ca)), "weaker") << "even with the same key";
}

TEST(Grade, IsReadFromItsName) {
    for (const Grade grade : kGrades) EXPECT_EQ(grade_from(text_of(grade)), grade);
    for (const char* other : {"", "same", "New-Key", "new_key", "splits"}) EXPECT_FALSE(grade_from(other)) << other;
}

}  // namespace
}  // namespace cotter::observatory
