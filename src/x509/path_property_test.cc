// What never changes a verdict: the order of what is presented above the leaf, and whatever has nothing to do with it.
#include "x509/path.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace cotter::x509 {
namespace {

using testing::kMintNow;
using testing::mint;
using testing::Mint;
using testing::Minted;

constexpr std::chrono::hours kDay{24};

/// The path as subjects joined by " < ", or the reason codes, each once and in alphabetical order.
std::string outcome(const Certificate& leaf, const std::vector<Certificate>& extras, const TrustAnchors& anchors,
                    Time now = kMintNow) {
    std::vector<Certificate> presented{leaf};
    presented.insert(presented.end(), extras.begin(), extras.end());
    const auto result = validate_path({&presented, &anchors, Purpose::kServer, now});
    std::string text;
    if (const auto* path = std::get_if<VerifiedPath>(&result)) {
        for (const Certificate& one : *path) text += (text.empty() ? "" : " < ") + one.subject_text();
        return text;
    }
    std::vector<std::string_view> codes;
    for (const PathFailure& failure : std::get<std::vector<PathFailure>>(result))
        codes.push_back(code_of(failure.problem));
    std::ranges::sort(codes);
    const auto repeated = std::ranges::unique(codes);
    codes.erase(repeated.begin(), repeated.end());
    for (const std::string_view code : codes) text += (text.empty() ? "" : " ") + std::string(code);
    return text;
}

struct Scene {
    const char* what;
    Certificate leaf;
    std::vector<Certificate> extras;
    TrustAnchors anchors;
    std::string expected;
};

/// root > middle > leaf, with what may stand beside them.
std::vector<Scene> scenes() {
    const auto of = [](const Minted& minted) { return minted.certificate(); };
    const auto with_key_of = [](const Minted& other, const char* name) {
        return mint().authority(name).reuse_key(other.shared_key());
    };
    const Minted root = mint().authority("root");
    const Minted old_root = mint().authority("old root").expired();
    const Minted elsewhere = mint().authority("elsewhere");
    const Minted middle = mint().authority("middle").signed_by(root);
    const Minted lower = mint().authority("lower").signed_by(middle);
    const Minted cross = with_key_of(root, "root").signed_by(old_root);
    const Minted astray =
        with_key_of(middle, "middle").signed_by(elsewhere).valid(kMintNow - kDay, kMintNow + 3000 * kDay);
    const Minted ended = with_key_of(middle, "middle").signed_by(root).expired();
    const Minted for_clients = with_key_of(middle, "middle").signed_by(root).extended_key_usage({"clientAuth"});
    const Minted renamed = mint().authority("middle").signed_by(root);  // the same name, another key
    const auto leaf = [&](const Minted& issuer) { return mint().leaf("db.example").signed_by(issuer); };
    const TrustAnchors trusted({of(root)});
    const TrustAnchors both({of(old_root), of(root)});
    const std::string path = "CN=db.example < CN=middle < CN=root";
    return {
        {"two levels",
         of(leaf(lower)),
         {of(lower), of(middle), of(root)},
         trusted,
         "CN=db.example < CN=lower < CN=middle < CN=root"},
        {"an expired cross-signature", of(leaf(middle)), {of(middle), of(cross), of(old_root)}, both, path},
        {"an issuer that leads astray", of(leaf(middle)), {of(middle), of(astray), of(elsewhere)}, trusted, path},
        {"four issuers of one name and key",
         of(leaf(middle)),
         {of(middle), of(astray), of(ended), of(for_clients)},
         trusted,
         path},
        {"another key under the issuer's name", of(leaf(middle)), {of(middle), of(renamed), of(astray)}, trusted, path},
        {"none of the ways leads home",
         of(leaf(middle)),
         {of(astray), of(elsewhere), of(cross)},
         trusted,
         "chain_untrusted"},
        {"every way has ended", of(leaf(middle)), {of(ended), of(root)}, trusted, "expired"},
        {"the leaf has ended", of(leaf(middle).expired()), {of(middle), of(ended), of(root)}, trusted, "expired"},
        {"the leaf is for clients",
         of(leaf(middle).extended_key_usage({"clientAuth"})),
         {of(middle), of(root), of(cross)},
         trusted,
         "wrong_purpose"},
        {"the one between is missing", of(leaf(lower)), {of(lower), of(root), of(cross)}, trusted, "chain_untrusted"},
    };
}

TEST(PathProperty, A79_TheOrderAboveTheLeafChangesNothing) {
    for (const Scene& scene : scenes()) {
        std::vector<std::size_t> order(scene.extras.size());
        std::iota(order.begin(), order.end(), 0);
        do {
            std::vector<Certificate> extras;
            for (const std::size_t at : order) extras.push_back(scene.extras.at(at));
            ASSERT_EQ(outcome(scene.leaf, extras, scene.anchors), scene.expected)
                << scene.what << ", in the order " << ::testing::PrintToString(order);
        } while (std::ranges::next_permutation(order).found);
    }
}

TEST(PathProperty, A79_WhatHasNothingToDoWithItChangesNothing) {
    const Minted stranger = mint().authority("stranger");
    const Minted weak = mint().authority("weak").key(testing::MintKey::kRsa1024);
    const std::vector<Certificate> irrelevant{
        stranger.certificate(),
        mint().leaf("shop.example").signed_by(stranger).make().certificate(),
        mint().authority("root").make().certificate(),   // of the same name as the anchor
        mint().leaf("db.example").make().certificate(),  // of the same name as the leaf
        weak.certificate(),
    };
    for (const Scene& scene : scenes()) {
        for (std::size_t place = 0; place <= scene.extras.size(); ++place) {
            std::vector<Certificate> extras = scene.extras;
            extras.insert(extras.begin() + static_cast<std::ptrdiff_t>(place), irrelevant.begin(), irrelevant.end());
            ASSERT_EQ(outcome(scene.leaf, extras, scene.anchors), scene.expected) << scene.what << ", at " << place;
        }
        std::vector<Certificate> twice = scene.extras;
        twice.insert(twice.end(), scene.extras.begin(), scene.extras.end());
        twice.push_back(scene.leaf);
        EXPECT_EQ(outcome(scene.leaf, twice, scene.anchors), scene.expected) << scene.what << ", doubled";
    }
}

TEST(PathProperty, A79_AnchorsThatLeadNowhereChangeNothing) {
    const Scene scene = scenes().front();
    std::vector<Certificate> anchors = scene.anchors.certificates();
    for (int i = 0; i < 3; ++i) anchors.insert(anchors.begin(), mint().authority("root").make().certificate());
    EXPECT_EQ(outcome(scene.leaf, scene.extras, TrustAnchors(anchors)), scene.expected);
}

TEST(PathProperty, A120_ALifeIsTheSecondsFromItsFirstToItsLast) {
    // Each certificate of the path by turns is the one whose life is short.
    const auto second = std::chrono::seconds(1);
    for (const auto& [from, until] : {std::pair(kMintNow, kMintNow), {kMintNow - 5 * second, kMintNow + 7 * second}}) {
        for (int short_one = 0; short_one < 3; ++short_one) {
            const auto lived = [&, begin = from, end = until](Mint made, int at) {
                return at == short_one ? made.valid(begin, end).make() : made.make();
            };
            const Minted root = lived(mint().authority("root"), 2);
            const Minted middle = lived(mint().authority("middle").signed_by(root), 1);
            const Minted leaf = lived(mint().leaf("db.example").signed_by(middle), 0);
            const TrustAnchors anchors({root.certificate()});
            for (Time now = from - 2 * second; now <= until + 2 * second; now += second) {
                const std::string expected = now < from    ? "not_yet_valid"
                                             : now > until ? "expired"
                                                           : "CN=db.example < CN=middle < CN=root";
                EXPECT_EQ(outcome(leaf.certificate(), {middle.certificate()}, anchors, now), expected) << short_one;
            }
        }
    }
}

TEST(PathProperty, A96_NamesAreComparedWithoutRegardToCaseAndBlanks) {
    const Minted root = mint().authority("Root  CA");
    const Minted spelt_otherwise = mint().authority("root ca").reuse_key(root.shared_key());
    const Certificate leaf = mint().leaf("db.example").signed_by(spelt_otherwise).make().certificate();
    EXPECT_EQ(outcome(leaf, {}, TrustAnchors({root.certificate()})), "CN=db.example < CN=Root  CA");
    const Minted another = mint().authority("rootca").reuse_key(root.shared_key());
    EXPECT_EQ(outcome(leaf, {}, TrustAnchors({another.certificate()})), "chain_untrusted");
}

TEST(PathProperty, A96_AKeyIdentifierAloneMakesNoIssuer) {
    const std::string identifier = "0102030405060708090a0b0c0d0e0f1011121314";
    const std::string subject_key = "0414" + identifier;
    const std::string authority_key = "30168014" + identifier;
    const Minted root = mint().authority("root").extension("2.5.29.14", false, subject_key);
    const Minted impostor = mint().authority("root").extension("2.5.29.14", false, subject_key);
    const Minted renamed =
        mint().authority("other").reuse_key(root.shared_key()).extension("2.5.29.14", false, subject_key);
    const Certificate leaf =
        mint().leaf("db.example").signed_by(root).extension("2.5.29.35", false, authority_key).make().certificate();
    EXPECT_EQ(outcome(leaf, {}, TrustAnchors({root.certificate()})), "CN=db.example < CN=root");
    EXPECT_EQ(outcome(leaf, {}, TrustAnchors({renamed.certificate()})), "chain_untrusted") << "the name is another";
    EXPECT_EQ(outcome(leaf, {}, TrustAnchors({impostor.certificate()})), "chain_untrusted") << "the key is another";
    EXPECT_EQ(outcome(leaf, {impostor.certificate()}, TrustAnchors({root.certificate()})), "CN=db.example < CN=root");
    EXPECT_EQ(outcome(leaf, {}, TrustAnchors({impostor.certificate(), root.certificate()})), "CN=db.example < CN=root");
}

}  // namespace
}  // namespace cotter::x509
