// Paths: which certificates may stand in one, and what is said when none holds. Revocation is path_revocation_test.cc.
#include "x509/path.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using testing::kMintNow;
using testing::Mint;
using testing::mint;
using testing::Minted;
using testing::MintKey;
using Outcome = std::variant<VerifiedPath, std::vector<PathFailure>>;

std::vector<Certificate> certificates(const std::vector<Minted>& minted) {
    std::vector<Certificate> result;
    for (const Minted& one : minted) result.push_back(one.certificate());
    return result;
}

Outcome validate(const std::vector<Minted>& presented, const std::vector<Minted>& anchors,
                 Purpose purpose = Purpose::kServer, Time now = kMintNow) {
    const std::vector<Certificate> chain = certificates(presented);
    const TrustAnchors trusted(certificates(anchors));
    return validate_path({&chain, &trusted, purpose, now});
}

/// Whether a path was found and is exactly this one.
::testing::AssertionResult is_path(const Outcome& outcome, const std::vector<Minted>& expected) {
    if (const auto* failures = std::get_if<std::vector<PathFailure>>(&outcome)) {
        auto result = ::testing::AssertionFailure();
        for (const PathFailure& failure : *failures)
            result << code_of(failure.problem) << ": " << failure.message << "; ";
        return result;
    }
    if (std::get<VerifiedPath>(outcome) != certificates(expected))
        return ::testing::AssertionFailure() << "another path";
    return ::testing::AssertionSuccess();
}

/// Whether it was refused, for that problem among others.
::testing::AssertionResult is_refused(const Outcome& outcome, PathProblem problem) {
    const auto* failures = std::get_if<std::vector<PathFailure>>(&outcome);
    if (failures == nullptr) return ::testing::AssertionFailure() << "accepted";
    if (std::ranges::find(*failures, problem, &PathFailure::problem) != failures->end())
        return ::testing::AssertionSuccess();
    auto result = ::testing::AssertionFailure();
    for (const PathFailure& failure : *failures) result << code_of(failure.problem) << ": " << failure.message << "; ";
    return result;
}

class Path : public ::testing::Test {
  protected:
    static Mint leaf() { return mint().leaf("db.example"); }
    const Minted root_ = mint().authority("root");
    const Minted issuer_ = mint().authority("issuer").signed_by(root_);
    const Minted leaf_ = leaf().signed_by(issuer_);
};

TEST_F(Path, RunsFromTheLeafToTheAnchorWhateverTheOrderOfTheRest) {
    EXPECT_TRUE(is_path(validate({leaf_, issuer_}, {root_}), {leaf_, issuer_, root_}));
    const Minted stranger = mint().authority("stranger");
    EXPECT_TRUE(is_path(validate({leaf_, stranger, root_, issuer_}, {root_}), {leaf_, issuer_, root_}));
}

TEST_F(Path, MayEndAtAnIntermediateThatIsAnAnchor) {
    EXPECT_TRUE(is_path(validate({leaf_}, {issuer_}), {leaf_, issuer_}));
    EXPECT_TRUE(is_path(validate({leaf_, issuer_, root_}, {issuer_}), {leaf_, issuer_}));
}

TEST_F(Path, IsNotFoundWithoutAnAnchor) {
    EXPECT_TRUE(is_refused(validate({leaf_, issuer_, root_}, {}), PathProblem::kChainUntrusted));
    EXPECT_TRUE(
        is_refused(validate({leaf_, issuer_, root_}, {mint().authority("root")}), PathProblem::kChainUntrusted));
    EXPECT_TRUE(is_refused(validate({leaf_}, {root_}), PathProblem::kChainUntrusted));
    EXPECT_TRUE(is_refused(validate({}, {root_}), PathProblem::kChainUntrusted));
}

TEST_F(Path, A03_HasNoIssuerThatIsAnOrdinaryLeaf) {
    const Minted forged = leaf().signed_by(leaf_);
    EXPECT_TRUE(is_refused(validate({forged, leaf_, issuer_}, {root_}), PathProblem::kChainUntrusted));
    EXPECT_TRUE(is_refused(validate({forged}, {leaf_}), PathProblem::kChainUntrusted));
    const Minted without_constraints = mint().common_name("plain").signed_by(root_);
    EXPECT_TRUE(is_refused(validate({leaf().signed_by(without_constraints), without_constraints}, {root_}),
                           PathProblem::kChainUntrusted));
}

TEST_F(Path, A20_NeedsAnAnchorThatIsAnAuthorityOfVersion3) {
    const Minted version_1 = mint().common_name("old").version(1);
    EXPECT_TRUE(is_refused(validate({leaf().signed_by(version_1)}, {version_1}), PathProblem::kChainUntrusted));
    const Minted not_authority = mint().common_name("plain").is_ca(false).key_usage("digitalSignature");
    EXPECT_TRUE(is_refused(validate({leaf().signed_by(not_authority)}, {not_authority}), PathProblem::kChainUntrusted));
    EXPECT_TRUE(is_refused(validate({leaf_}, {leaf_}), PathProblem::kChainUntrusted));
    const Minted self_signed = leaf();
    EXPECT_TRUE(is_refused(validate({self_signed}, {self_signed}), PathProblem::kChainUntrusted));
}

TEST_F(Path, A21_AsksEveryQuestionAtOnce) {
    // Each certificate has one thing wrong, which no other check covers.
    const struct {
        const char* what;
        Minted leaf;
        PathProblem problem;
    } kCases[] = {
        {"date", leaf().signed_by(issuer_).expired(), PathProblem::kExpired},
        {"purpose", leaf().signed_by(issuer_).extended_key_usage({"emailProtection"}), PathProblem::kWrongPurpose},
        {"signature", leaf().signed_by(mint().authority("issuer")), PathProblem::kChainUntrusted},
        {"strength", leaf().signed_by(issuer_).key(MintKey::kRsa1024), PathProblem::kWeakKey},
        {"extension", leaf().signed_by(issuer_).extension("1.2.3.4", true, "0500"), PathProblem::kChainUntrusted},
    };
    for (const auto& one : kCases)
        EXPECT_TRUE(is_refused(validate({one.leaf, issuer_}, {root_}), one.problem)) << one.what;

    const Minted all = leaf().signed_by(issuer_).expired().extended_key_usage({"clientAuth"}).key(MintKey::kRsa1024);
    const Outcome outcome = validate({all, issuer_}, {root_});
    EXPECT_TRUE(is_refused(outcome, PathProblem::kExpired));
    EXPECT_TRUE(is_refused(outcome, PathProblem::kWrongPurpose));
    EXPECT_TRUE(is_refused(outcome, PathProblem::kWeakKey));
}

TEST_F(Path, A29_HoldsEachSideToItsPurpose) {
    const struct {
        const char* what;
        std::vector<std::string> usages;
        bool is_server;
        bool is_client;
    } kCases[] = {
        {"both", {"serverAuth", "clientAuth"}, true, true},
        {"none named", {}, true, true},
        {"server", {"serverAuth"}, true, false},
        {"client", {"clientAuth"}, false, true},
        {"e-mail", {"emailProtection"}, false, false},
    };
    for (const auto& one : kCases) {
        const Minted leaf_of = leaf().signed_by(issuer_).extended_key_usage(one.usages);
        const Minted narrow = mint().authority("narrow").signed_by(root_).extended_key_usage(one.usages);
        const Minted below = leaf().signed_by(narrow);
        for (const auto& [purpose, is_allowed] :
             {std::pair(Purpose::kServer, one.is_server), std::pair(Purpose::kClient, one.is_client)}) {
            if (is_allowed) {
                EXPECT_TRUE(is_path(validate({leaf_of, issuer_}, {root_}, purpose), {leaf_of, issuer_, root_}))
                    << one.what;
                EXPECT_TRUE(is_path(validate({below, narrow}, {root_}, purpose), {below, narrow, root_})) << one.what;
            } else {
                EXPECT_TRUE(is_refused(validate({leaf_of, issuer_}, {root_}, purpose), PathProblem::kWrongPurpose))
                    << one.what;
                EXPECT_TRUE(is_refused(validate({below, narrow}, {root_}, purpose), PathProblem::kWrongPurpose))
                    << one.what;
            }
        }
    }
}

TEST_F(Path, A92_HoldsPathLengthsAndKeyUsage) {
    const Minted short_root = mint().authority("short", 0);
    const Minted between = mint().authority("between").signed_by(short_root);
    const Minted deep = leaf().signed_by(between);
    EXPECT_TRUE(is_refused(validate({deep, between}, {short_root}), PathProblem::kChainUntrusted));
    const Minted direct = leaf().signed_by(short_root);
    EXPECT_TRUE(is_path(validate({direct}, {short_root}), {direct, short_root}));

    const Minted no_signing = mint().authority("no signing").key_usage("digitalSignature,cRLSign").signed_by(root_);
    EXPECT_TRUE(
        is_refused(validate({leaf().signed_by(no_signing), no_signing}, {root_}), PathProblem::kChainUntrusted));
    const Minted no_signing_root = mint().authority("no signing root").key_usage("cRLSign");
    EXPECT_TRUE(
        is_refused(validate({leaf().signed_by(no_signing_root)}, {no_signing_root}), PathProblem::kChainUntrusted));
}

TEST_F(Path, HoldsNameConstraints) {
    const Minted narrow = mint().authority("narrow").signed_by(root_).name_constraints("permitted;DNS:db.example");
    const Minted inside = mint().leaf("a.db.example").signed_by(narrow);
    EXPECT_TRUE(is_path(validate({inside, narrow}, {root_}), {inside, narrow, root_}));
    const Minted outside = mint().leaf("a.other.example").signed_by(narrow);
    EXPECT_TRUE(is_refused(validate({outside, narrow}, {root_}), PathProblem::kChainUntrusted));
}

TEST_F(Path, A94_RefusesCriticalExtensionsThatItDoesNotKnow) {
    const Minted critical = leaf().signed_by(issuer_).extension("1.2.3.4", true, "0500");
    EXPECT_TRUE(is_refused(validate({critical, issuer_}, {root_}), PathProblem::kChainUntrusted));
    const Minted above = mint().authority("odd").signed_by(root_).extension("1.2.3.4", true, "0500");
    EXPECT_TRUE(is_refused(validate({leaf().signed_by(above), above}, {root_}), PathProblem::kChainUntrusted));
    const Minted harmless = leaf().signed_by(issuer_).extension("1.2.3.4", false, "0500");
    EXPECT_TRUE(is_path(validate({harmless, issuer_}, {root_}), {harmless, issuer_, root_}));
}

TEST_F(Path, A95_TakesTheGoodOneOfTwoCrossSignedWays) {
    const Minted old_root = mint().authority("old root").expired();
    const Minted cross = mint().authority("root").reuse_key(root_.shared_key()).signed_by(old_root);
    for (const auto& presented : {std::vector<Minted>{leaf_, issuer_, cross}, {leaf_, cross, issuer_}}) {
        EXPECT_TRUE(is_path(validate(presented, {root_, old_root}), {leaf_, issuer_, root_}));
        EXPECT_TRUE(is_path(validate(presented, {old_root, root_}), {leaf_, issuer_, root_}));
        EXPECT_TRUE(is_refused(validate(presented, {old_root}), PathProblem::kExpired));
    }
    // A second way to an issuer of the same name and key, itself expired, takes nothing away.
    const Minted expired_issuer = mint().authority("issuer").reuse_key(issuer_.shared_key()).signed_by(root_).expired();
    EXPECT_TRUE(is_path(validate({leaf_, expired_issuer, issuer_}, {root_}), {leaf_, issuer_, root_}));
    EXPECT_TRUE(is_path(validate({leaf_, issuer_, expired_issuer}, {root_}), {leaf_, issuer_, root_}));
}

TEST_F(Path, A97_RefusesSha1AndMd5Signatures) {
    for (const char* digest : {"SHA1", "MD5"}) {
        const Minted authority = mint().authority("rsa").key(MintKey::kRsa2048);
        const Minted weak = leaf().signed_by(authority).digest(digest);
        EXPECT_TRUE(is_refused(validate({weak}, {authority}), PathProblem::kWeakSignature)) << digest;
        const Minted weak_issuer = mint().authority("weak").signed_by(authority).digest(digest);
        EXPECT_TRUE(is_refused(validate({leaf().signed_by(weak_issuer), weak_issuer}, {authority}),
                               PathProblem::kWeakSignature))
            << digest;
        // An anchor is trusted as it is, not for what it says of itself.
        const Minted anchor = mint().authority("anchor").key(MintKey::kRsa2048).digest(digest);
        const Minted below = leaf().signed_by(anchor);
        EXPECT_TRUE(is_path(validate({below}, {anchor}), {below, anchor})) << digest;
    }
}

TEST_F(Path, A101_RefusesWeakKeysAnywhereInThePath) {
    for (const MintKey kind : {MintKey::kRsa1024, MintKey::kP192, MintKey::kDsa}) {
        EXPECT_TRUE(
            is_refused(validate({leaf().key(kind).signed_by(issuer_), issuer_}, {root_}), PathProblem::kWeakKey));
        const Minted weak_issuer = mint().authority("weak").key(kind).signed_by(root_);
        EXPECT_TRUE(is_refused(validate({leaf().signed_by(weak_issuer), weak_issuer}, {root_}), PathProblem::kWeakKey));
        const Minted weak_root = mint().authority("weak root").key(kind);
        EXPECT_TRUE(is_refused(validate({leaf().signed_by(weak_root)}, {weak_root}), PathProblem::kWeakKey));
    }
}

TEST_F(Path, A120_CountsTheFirstAndTheLastSecondOfALife) {
    const auto from = kMintNow - std::chrono::hours(1);
    const auto until = kMintNow + std::chrono::hours(1);
    const auto second = std::chrono::seconds(1);
    const Minted short_leaf = leaf().signed_by(issuer_).valid(from, until);
    const Minted short_root = mint().authority("short root").valid(from, until);
    const Minted below = leaf().signed_by(short_root);
    for (const auto& [presented, anchor, path] :
         {std::tuple(std::vector<Minted>{short_leaf, issuer_}, root_, std::vector<Minted>{short_leaf, issuer_, root_}),
          std::tuple(std::vector<Minted>{below}, short_root, std::vector<Minted>{below, short_root})}) {
        EXPECT_TRUE(is_path(validate(presented, {anchor}, Purpose::kServer, from), path));
        EXPECT_TRUE(is_path(validate(presented, {anchor}, Purpose::kServer, until), path));
        EXPECT_TRUE(
            is_refused(validate(presented, {anchor}, Purpose::kServer, from - second), PathProblem::kNotYetValid));
        EXPECT_TRUE(is_refused(validate(presented, {anchor}, Purpose::kServer, until + second), PathProblem::kExpired));
    }
}

TEST_F(Path, A162_IsBoundedInLengthAndInWork) {
    std::vector<Minted> presented{leaf_, issuer_};
    for (int i = 0; i < 8; ++i) presented.push_back(mint().authority("filler"));
    EXPECT_TRUE(is_path(validate(presented, {root_}), {leaf_, issuer_, root_}));
    presented.push_back(mint().authority("one more"));
    EXPECT_TRUE(is_refused(validate(presented, {root_}), PathProblem::kChainUntrusted));

    // Authorities of one name and key that sign each other in a circle.
    const Minted first = mint().authority("circle");
    std::vector<Minted> circle{leaf().signed_by(first)};
    for (int i = 0; i < 9; ++i)
        circle.push_back(mint().authority("circle").reuse_key(first.shared_key()).signed_by(first));
    EXPECT_TRUE(is_refused(validate(circle, {root_}), PathProblem::kChainUntrusted));
}

TEST_F(Path, A163_ManyConstraintsTimesManyNamesAreRefusedAndNotWeighed) {
    std::string constraints;
    Mint leaf = mint().leaf("db.example");
    constexpr int kMany = 1100;
    for (int i = 0; i < kMany; ++i) {
        const std::string number = std::to_string(i);
        constraints += (i == 0 ? "excluded;DNS:x" : ",excluded;DNS:x") + number + ".invalid";
        leaf.san_dns("n" + number + ".example");
    }
    const Minted narrow = mint().authority("narrow").signed_by(root_).name_constraints(constraints);
    EXPECT_FALSE(std::holds_alternative<VerifiedPath>(validate({leaf.signed_by(narrow), narrow}, {root_})));
    const Minted free = leaf.signed_by(root_);
    EXPECT_TRUE(is_path(validate({free}, {root_}), {free, root_})) << "the names alone are no fault";
    const Minted few = mint().leaf("db.example").signed_by(narrow);
    EXPECT_TRUE(is_path(validate({few, narrow}, {root_}), {few, narrow, root_}))
        << "the constraints alone are no fault";
}

TEST_F(Path, A164_PoliciesAreNotProcessedSoTheirTreesCantGrow) {
    // requireExplicitPolicy 0: no path would satisfy it if policies were looked at.
    const Minted strict = mint().authority("strict").signed_by(root_).extension("2.5.29.36", true, "3003800100");
    const Minted leaf = mint().leaf("db.example").signed_by(strict);
    EXPECT_TRUE(is_path(validate({leaf, strict}, {root_}), {leaf, strict, root_}));
}

TEST_F(Path, A19_HasNoAnchorsThatNobodyGave) {
    EXPECT_TRUE(TrustAnchors().empty());
    const std::vector<Certificate> chain = certificates({leaf_, issuer_, root_});
    const TrustAnchors none;
    EXPECT_TRUE(is_refused(validate_path({&chain, &none, Purpose::kServer, kMintNow}), PathProblem::kChainUntrusted));
}

TEST(TrustAnchors, ComeFromTheSystemOnlyWhenItHasAny) {
    const auto system = TrustAnchors::system();
    if (system) {
        EXPECT_FALSE(system->empty());
    } else {
        EXPECT_EQ(system.error().code, "no_system_roots");
    }
}

}  // namespace
}  // namespace cotter::x509
