// What a client's wish for another certificate brings it, and what it never does.
#include "authority/renewal.h"

#include "authority/issuance.h"
#include "registry/renewals.h"
#include "registry/testing/store.h"
#include "x509/testing/lint.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::authority {
namespace {

using registry::IssuedCertificates;
using registry::Renewals;
using registry::testing::by_admin;
using registry::testing::kNow;
using registry::testing::name_of;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using x509::testing::mint;
using x509::testing::Minted;

constexpr std::chrono::days kYear{365};
constexpr hours kDay{24};
/// Half of a day's certificate has passed.
constexpr Time kDue = kNow + hours(12);

class Renewing : public ::testing::TestWithParam<registry::testing::StoreKind> {
  protected:
    static x509::PublicKey key_of(const Minted& minted) { return minted.certificate().public_key(); }
    static Pin pin_of(const x509::PublicKey& key) { return registry::new_key_of(key).pin; }

    x509::Certificate must_give(std::string_view name, const x509::PublicKey& key, seconds life = kDay,
                                NameTaken taken = NameTaken::kRefuse) {
        auto given = issue(*registry_, authority_, name_of(name), key, life, taken, by_admin());
        EXPECT_TRUE(given) << given.error().why;
        return given->certificate;
    }
    Result<Renewed> wish(const x509::Certificate& present, Time now,
                         const std::optional<x509::PublicKey>& next = std::nullopt, std::string_view name = "alice") {
        return renew_at_its_wish(*registry_, authority_, {name_of(name), pin_of(present.public_key()), present, next},
                                 by_admin(now));
    }
    x509::Certificate must_renew(const x509::Certificate& present, Time now,
                                 const std::optional<x509::PublicKey>& next = std::nullopt) {
        auto renewed = wish(present, now, next);
        EXPECT_TRUE(renewed) << renewed.error().code << ": " << renewed.error().why;
        return renewed ? renewed->chain.front() : present;
    }
    std::string code_of(const x509::Certificate& present, Time now,
                        const std::optional<x509::PublicKey>& next = std::nullopt, std::string_view name = "alice") {
        const auto renewed = wish(present, now, next, name);
        return renewed ? "renewed" : renewed.error().code;
    }
    std::size_t count_of_certificates() { return IssuedCertificates(registry_->store()).list()->size(); }
    registry::Client client() { return *registry_->find(name_of("alice")); }

    registry::testing::Folder folder_;
    std::unique_ptr<Registry> registry_ = registry::testing::open(GetParam().url(folder_.path()));
    Authority authority_ = *Authority::make_root(identity::KeyChoice::kP256, "Example", Authority::Depth::kRootAlone,
                                                 kNow - kDay, kYear * 10);
    Minted alice_ = mint().leaf("whoever").make();
    Minted other_ = mint().leaf("whoever").make();
};

TEST_P(Renewing, A211_TheNextOneIsForTheSameNameKeyAndPurposeAndNoLonger) {
    const auto first = must_give("alice", key_of(alice_));
    const auto renewed = wish(first, kDue);
    ASSERT_TRUE(renewed) << renewed.error().why;
    EXPECT_TRUE(renewed->is_new);
    ASSERT_THAT(renewed->chain, SizeIs(2));
    EXPECT_EQ(renewed->chain.back(), authority_.certificate());
    const auto& next = renewed->chain.front();
    EXPECT_EQ(next.public_key(), first.public_key());
    EXPECT_EQ(next.not_after(), kDue + kDay);
    EXPECT_EQ(next.subject_alternative_names(), first.subject_alternative_names());
    EXPECT_NE(next.serial_text(), first.serial_text());
    EXPECT_THAT(x509::testing::lint_certificate(next.der(), x509::testing::Role::kClient, authority_.certificate()),
                IsEmpty());
    EXPECT_EQ(client().expires, next.not_after());
    const auto entries = registry_->audit("alice", 1);
    ASSERT_THAT(*entries, SizeIs(1));
    EXPECT_EQ(entries->front().action, "ca-issue");
}

TEST_P(Renewing, NotBeforeHalfOfItsLifeHasPassed) {
    const auto first = must_give("alice", key_of(alice_));
    EXPECT_EQ(code_of(first, kDue - seconds(1)), "too_early");
    EXPECT_EQ(code_of(first, kNow - hours(1)), "too_early") << "a clock that was put back";
    EXPECT_EQ(count_of_certificates(), 1U);
    must_renew(first, kDue);
    EXPECT_EQ(count_of_certificates(), 2U);
}

TEST_P(Renewing, AnAnswerThatWasLostIsGivenOnceMore) {
    const auto first = must_give("alice", key_of(alice_));
    const auto second = must_renew(first, kDue);
    const auto again = wish(first, kDue + hours(1));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->is_new);
    EXPECT_EQ(again->chain.front(), second);
    EXPECT_EQ(code_of(second, kDue + hours(1)), "too_early");
    EXPECT_EQ(count_of_certificates(), 2U);
}

TEST_P(Renewing, A32_OnlyWithACertificateThatThisAuthorityHasIssuedToThisClient) {
    const auto first = must_give("alice", key_of(alice_));
    must_give("bob", key_of(other_));
    EXPECT_EQ(code_of(first, kDue, std::nullopt, "bob"), "not_ours") << "another's";
    EXPECT_EQ(code_of(alice_.certificate(), kDue), "not_ours") << "the same key in a certificate of nobody's";
    const auto unknown = authority_.certify(name_of("alice"), key_of(alice_), kNow, kDay);
    EXPECT_EQ(code_of(*unknown, kDue), "not_ours") << "signed, and not recorded";
    EXPECT_EQ(code_of(first, first.not_after() + seconds(1)), "not_ours") << "past";
    const auto elsewhere =
        *Authority::make_root(identity::KeyChoice::kP256, "Other", Authority::Depth::kRootAlone, kNow - kDay, kYear);
    EXPECT_EQ(
        renew_at_its_wish(*registry_, elsewhere, {name_of("alice"), pin_of(key_of(alice_)), first}, by_admin(kDue))
            .error()
            .code,
        "not_ours")
        << "of another authority";
    EXPECT_EQ(count_of_certificates(), 2U);
}

TEST_P(Renewing, A116_NothingThatIsRevokedIsRenewed) {
    const auto first = must_give("alice", key_of(alice_));
    ASSERT_TRUE(revoke(*registry_, first.serial_text(), x509::RevocationReason::kSuperseded, by_admin()));
    EXPECT_EQ(code_of(first, kDue), "not_ours");
    EXPECT_EQ(count_of_certificates(), 1U);
}

TEST_P(Renewing, ASuspendedRevokedOrRemovedClientRenewsNothing) {
    const auto first = must_give("alice", key_of(alice_));
    ASSERT_TRUE(registry_->suspend(name_of("alice"), "", by_admin()));
    EXPECT_EQ(code_of(first, kDue), "not_ours");
    ASSERT_TRUE(registry_->restore(name_of("alice"), by_admin()));
    must_renew(first, kDue);
    ASSERT_TRUE(registry_->revoke(name_of("alice"), "", by_admin()));
    EXPECT_EQ(code_of(first, kDue + hours(1)), "not_ours");
    ASSERT_TRUE(registry_->remove(name_of("alice"), by_admin()));
    EXPECT_EQ(code_of(first, kDue + hours(1)), "no_such_client");
    EXPECT_EQ(count_of_certificates(), 2U);
}

TEST_P(Renewing, NorDoesAKeyThatWasDropped) {
    const auto first = must_give("alice", key_of(alice_));
    must_give("alice", key_of(other_), kDay, NameTaken::kAddKey);
    ASSERT_TRUE(registry_->drop_key(name_of("alice"), pin_of(key_of(alice_)), by_admin()));
    EXPECT_EQ(code_of(first, kDue), "not_ours");
}

TEST_P(Renewing, ANextKeyIsRegisteredAndCertifiedTogether) {
    const auto first = must_give("alice", key_of(alice_));
    EXPECT_EQ(code_of(first, kNow, key_of(other_)), "too_early");
    EXPECT_THAT(client().keys, SizeIs(1)) << "what is refused leaves nothing";
    const auto second = must_renew(first, kDue, key_of(other_));
    EXPECT_EQ(second.public_key(), key_of(other_));
    EXPECT_THAT(client().keys, SizeIs(2));
    EXPECT_EQ(must_renew(first, kDue + hours(1), key_of(other_)), second);
    ASSERT_TRUE(Renewals(*registry_).finish(name_of("alice"), second.public_key().canonical(), by_admin(kDue)));
    ASSERT_THAT(client().keys, SizeIs(1));
    EXPECT_EQ(client().keys.front().pin, pin_of(key_of(other_)));
    EXPECT_EQ(count_of_certificates(), 2U);
}

TEST_P(Renewing, A210_AKeyOfAnotherClientIsNotCertified) {
    const auto first = must_give("alice", key_of(alice_));
    must_give("bob", key_of(other_));
    EXPECT_EQ(code_of(first, kDue, key_of(other_)), "key_taken");
    EXPECT_EQ(count_of_certificates(), 2U);
}

TEST_P(Renewing, NobodyFillsTheTableWithOneNextKeyAfterAnother) {
    const auto first = must_give("alice", key_of(alice_));
    std::string code;
    std::size_t count = 0;
    for (; count < 20; ++count) {
        code = code_of(first, kDue, key_of(mint().leaf("next").make()));
        if (code != "renewed") break;
    }
    EXPECT_EQ(code, "too_many_certificates");
    EXPECT_EQ(count, Renewals::kMostKeys);
}

TEST_P(Renewing, ItNeverLastsLongerThanThePresentOneNorThanTheLastOfItsKey) {
    const auto first = must_give("alice", key_of(alice_), kYear);
    const Time later = kNow + kYear / 2;
    const auto shorter = renew(*registry_, authority_, name_of("alice"), kDay, by_admin(later));
    ASSERT_TRUE(shorter);
    const Time due = later + hours(12);
    EXPECT_EQ(must_renew(shorter->certificate, due).not_after(), due + kDay);
    EXPECT_EQ(code_of(first, due), "not_later") << "the year's has been shortened by the owner";
}

TEST_P(Renewing, TheEndThatTheOwnerGaveAnAdmissionStays) {
    const Time end = kNow + hours(30);
    ASSERT_TRUE(registry_->add(name_of("alice"), {registry::new_key_of(key_of(other_))}, end, "", by_admin()));
    const auto first = must_give("alice", key_of(alice_), kDay, NameTaken::kAddKey);
    const auto second = must_renew(first, kDue);
    EXPECT_EQ(second.not_after(), end - seconds(1));
    EXPECT_EQ(client().expires, end);
    EXPECT_EQ(code_of(second, end - seconds(2)), "not_later");
    EXPECT_EQ(client().expires, end);
}

TEST_P(Renewing, NorDoesItOutliveTheAuthority) {
    authority_ = *Authority::make_root(identity::KeyChoice::kP256, "Short", Authority::Depth::kRootAlone, kNow - kDay,
                                       kDay + kDay);
    const auto first = must_give("alice", key_of(alice_));
    EXPECT_EQ(first.not_after(), authority_.certificate().not_after());
    EXPECT_EQ(code_of(first, kDue), "not_later");
}

TEST_P(Renewing, ACertificateTellsWhenItWasIssued) {
    const auto first = must_give("alice", key_of(alice_));
    EXPECT_EQ(issued_by_its_dates(first), kNow);
    EXPECT_EQ(renewable_from(kNow, first), kDue);
}

INSTANTIATE_TEST_SUITE_P(Stores, Renewing, ::testing::ValuesIn(registry::testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::authority
