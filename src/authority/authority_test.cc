// What an authority makes: its own certificates, those of clients, and lists; all without findings of the lint.
#include "authority/authority.h"

#include "x509/crl_memory.h"
#include "x509/testing/lint.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::authority {
namespace {

using identity::KeyChoice;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using x509::testing::kMintNow;
using x509::testing::lint_certificate;
using x509::testing::lint_crl;
using x509::testing::mint;
using x509::testing::MintKey;
using x509::testing::Role;

constexpr std::chrono::days kYear{365};

registry::ClientName name_of(std::string_view text) {
    return *registry::ClientName::parse(text);
}

Authority root_of(KeyChoice choice, Authority::Depth depth, std::chrono::seconds life = kYear * 10) {
    auto root = Authority::make_root(choice, "Example clients", depth, kMintNow, life);
    EXPECT_TRUE(root) << root.error().why;
    return std::move(*root);
}

x509::PublicKey key_of(MintKey kind) {
    return mint().leaf("alice").key(kind).make().certificate().public_key();
}

class EachChoice : public ::testing::TestWithParam<KeyChoice> {};

TEST_P(EachChoice, EverythingThatItMakesIsWithoutFindings) {
    const Authority root = root_of(GetParam(), Authority::Depth::kWithIntermediate);
    EXPECT_THAT(lint_certificate(root.certificate().der(), Role::kRoot, root.certificate()), IsEmpty());
    const auto intermediate = root.make_intermediate(GetParam(), kMintNow, kYear * 5);
    ASSERT_TRUE(intermediate) << intermediate.error().why;
    EXPECT_THAT(lint_certificate(intermediate->certificate().der(), Role::kIntermediate, root.certificate()),
                IsEmpty());
    EXPECT_EQ(intermediate->chain().size(), 2U);
    EXPECT_EQ(intermediate->root(), root.certificate());
    const auto again = root.certify_again(intermediate->certificate(), kMintNow + kYear, kYear * 5);
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_THAT(lint_certificate(again->der(), Role::kIntermediate, root.certificate()), IsEmpty());
    EXPECT_EQ(again->public_key(), intermediate->certificate().public_key());
    EXPECT_TRUE(std::ranges::equal(again->subject(), intermediate->certificate().subject()));

    for (const MintKey kind : {MintKey::kP256, MintKey::kP384, MintKey::kEd25519, MintKey::kRsa2048}) {
        const auto client = intermediate->certify(name_of("alice"), key_of(kind), kMintNow, kYear);
        ASSERT_TRUE(client) << client.error().why;
        EXPECT_THAT(lint_certificate(client->der(), Role::kClient, intermediate->certificate()), IsEmpty());
    }
    const auto list =
        intermediate->sign_list({.number = 7, .this_update = kMintNow, .next_update = kMintNow + kYear, .revoked = {}});
    ASSERT_TRUE(list) << list.error().why;
    EXPECT_THAT(lint_crl(list->der(), intermediate->certificate()), IsEmpty());
    EXPECT_EQ(x509::next_update_of(*list), kMintNow + kYear);
}

INSTANTIATE_TEST_SUITE_P(Choices, EachChoice,
                         ::testing::Values(KeyChoice::kP256, KeyChoice::kEd25519, KeyChoice::kRsa3072),
                         [](const auto& choice) { return std::to_string(static_cast<int>(choice.param)); });

TEST(Authority, A29_ClientsAreForClientAuthenticationAlone) {
    const Authority root = root_of(KeyChoice::kP256, Authority::Depth::kRootAlone);
    const auto client = root.certify(name_of("alice"), key_of(MintKey::kP256), kMintNow, kYear);
    ASSERT_TRUE(client);
    const std::vector<x509::Certificate> presented{*client};
    const x509::TrustAnchors anchors({root.certificate()});
    const auto path_for = [&](x509::Purpose purpose) {
        return x509::validate_path({.presented = &presented, .anchors = &anchors, .purpose = purpose, .now = kMintNow});
    };
    EXPECT_TRUE(std::holds_alternative<x509::VerifiedPath>(path_for(x509::Purpose::kClient)));
    const auto as_server = path_for(x509::Purpose::kServer);
    ASSERT_FALSE(std::holds_alternative<x509::VerifiedPath>(as_server));
    EXPECT_EQ(std::get<1>(as_server).front().problem, x509::PathProblem::kWrongPurpose);
}

TEST(Authority, ARootThatIsAloneCannotHaveAnotherBelow) {
    const Authority root = root_of(KeyChoice::kP256, Authority::Depth::kRootAlone);
    const auto below = root.make_intermediate(KeyChoice::kP256, kMintNow, kYear);
    ASSERT_TRUE(below);
    const auto client = below->certify(name_of("alice"), key_of(MintKey::kP256), kMintNow, kYear);
    ASSERT_TRUE(client);
    const std::vector<x509::Certificate> presented{*client, below->certificate()};
    const x509::TrustAnchors anchors({root.certificate()});
    EXPECT_FALSE(std::holds_alternative<x509::VerifiedPath>(x509::validate_path(
        {.presented = &presented, .anchors = &anchors, .purpose = x509::Purpose::kClient, .now = kMintNow})));
}

TEST(Authority, CertifiesNobodyForLongerThanItLives) {
    const Authority root = root_of(KeyChoice::kP256, Authority::Depth::kRootAlone, kYear);
    const auto longer = root.certify(name_of("alice"), key_of(MintKey::kP256), kMintNow, kYear * 2);
    ASSERT_TRUE(longer) << longer.error().why;
    EXPECT_EQ(longer->not_after(), kMintNow + kYear);
    EXPECT_EQ(longer->not_before(), kMintNow - std::chrono::hours(1));
    const auto shorter = root.certify(name_of("alice"), key_of(MintKey::kP256), kMintNow, std::chrono::hours(24));
    ASSERT_TRUE(shorter);
    EXPECT_EQ(shorter->not_after(), kMintNow + std::chrono::hours(24));
    const auto late = root.certify(name_of("alice"), key_of(MintKey::kP256), kMintNow + kYear, kYear);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, "ca_expired");
}

TEST(Authority, IsOfItsOwnKeyAndACas) {
    const Authority root = root_of(KeyChoice::kP256, Authority::Depth::kRootAlone);
    const auto other = identity::make_key(KeyChoice::kP256);
    ASSERT_TRUE(other);
    EXPECT_EQ(Authority::from(*other, {root.certificate()}).error().code, "identity_mismatch");
    const auto leaf = mint().leaf("db.example").make();
    EXPECT_EQ(Authority::from(leaf.shared_key(), {leaf.certificate()}).error().code, "no_ca");
}

TEST(Authority, HasANameOfItsOwnUnlessItIsGivenOne) {
    const auto one = Authority::fresh_name();
    const auto other = Authority::fresh_name();
    ASSERT_TRUE(one && other);
    EXPECT_NE(*one, *other);
    EXPECT_THAT(*one, StartsWith("cotter CA "));
    for (const std::string& name : {std::string("a"), std::string(40, 'a'), std::string("Bäckerei \"Süß\" <1>")})
        EXPECT_EQ(Authority::name_from(name).value_or(""), name);
    for (const std::string& name : {std::string(), std::string(41, 'a'), std::string("a\nb"), std::string("a\0b", 3),
                                    std::string("\xff"), std::string("\u202e")})
        EXPECT_FALSE(Authority::name_from(name)) << name;
}

}  // namespace
}  // namespace cotter::authority
