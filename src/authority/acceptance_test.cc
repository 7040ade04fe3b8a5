// A client takes the certificate that may follow its own, and no other.
#include "authority/acceptance.h"

#include "authority/authority.h"
#include "registry/testing/store.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::authority {
namespace {

using registry::testing::kNow;
using registry::testing::name_of;
using std::chrono::hours;
using ::testing::HasSubstr;
using x509::testing::mint;

constexpr hours kDay{24};
constexpr Time kLater = kNow + hours(12);

class Acceptance : public ::testing::Test {
  protected:
    static Authority make(Authority::Depth depth) {
        return *Authority::make_root(identity::KeyChoice::kP256, "Example", depth, kNow - kDay, kDay * 365);
    }
    [[nodiscard]] std::vector<x509::Certificate> chain_of(const x509::Certificate& leaf) const {
        std::vector chain{leaf};
        chain.insert(chain.end(), authority_.chain().begin(), authority_.chain().end());
        return chain;
    }
    [[nodiscard]] x509::Certificate certify(std::string_view name, Time now, std::chrono::seconds life = kDay) const {
        return *authority_.certify(name_of(name), key_, now, life);
    }
    std::string why_not(const std::vector<x509::Certificate>& chain) {
        const auto judged = see_that_it_may_follow(present_, key_, chain, kLater);
        return judged ? "" : judged.error().why;
    }

    Authority root_ = make(Authority::Depth::kWithIntermediate);
    Authority authority_ = *root_.make_intermediate(identity::KeyChoice::kP256, kNow, kDay * 365);
    x509::PublicKey key_ = mint().leaf("whoever").make().certificate().public_key();
    x509::Certificate present_ = certify("alice", kNow);
};

TEST_F(Acceptance, OfTheSameAuthorityForTheSameNameAndLonger) {
    EXPECT_EQ(why_not(chain_of(certify("alice", kLater))), "");
}

TEST_F(Acceptance, ASuccessorForANextKeyIsForThatKey) {
    const auto next = mint().leaf("next").make().certificate().public_key();
    const auto chain = chain_of(*authority_.certify(name_of("alice"), next, kLater, kDay));
    EXPECT_TRUE(see_that_it_may_follow(present_, next, chain, kLater));
    EXPECT_THAT(why_not(chain), HasSubstr("another key"));
}

TEST_F(Acceptance, WhatElseItMightBe) {
    EXPECT_THAT(why_not({}), HasSubstr("without its issuer"));
    EXPECT_THAT(why_not({certify("alice", kLater)}), HasSubstr("without its issuer"));
    EXPECT_THAT(why_not(chain_of(certify("mallory", kLater))), HasSubstr("another name"));
    EXPECT_THAT(why_not(chain_of(present_)), HasSubstr("no later"));
    EXPECT_THAT(why_not(chain_of(certify("alice", kLater, hours(1)))), HasSubstr("no later"));
    EXPECT_NE(why_not({certify("alice", kLater), root_.certificate()}), "") << "the issuer is left out";
}

TEST_F(Acceptance, ByAnotherAuthorityOfTheSameName) {
    const Authority stranger = make(Authority::Depth::kRootAlone);
    const auto leaf = *stranger.certify(name_of("alice"), key_, kLater, kDay);
    EXPECT_THAT(why_not({leaf, stranger.certificate()}), HasSubstr("not by the same authority"));
    EXPECT_NE(why_not(chain_of(leaf)), "");
}

TEST_F(Acceptance, A211_ForAnotherPurpose) {
    const auto signed_for = [&](std::vector<x509::Purpose> purposes) {
        const x509::NewCertificate content{.common_name = "alice",
                                           .not_before = kLater - hours(1),
                                           .not_after = kLater + kDay,
                                           .purposes = std::move(purposes),
                                           .uri = "cotter:alice"};
        return chain_of(*x509::signed_by(content, key_, authority_.certificate(), authority_.private_key()));
    };
    EXPECT_EQ(why_not(signed_for({x509::Purpose::kClient})), "");
    EXPECT_THAT(why_not(signed_for({x509::Purpose::kClient, x509::Purpose::kServer})), HasSubstr("another purpose"));
    EXPECT_THAT(why_not(signed_for({})), HasSubstr("another purpose"));
}

}  // namespace
}  // namespace cotter::authority
