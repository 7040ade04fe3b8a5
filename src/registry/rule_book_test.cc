// Rules, disconnections and those who wait, in every store.
#include "registry/rule_book.h"
#include "registry/pending_clients.h"

#include "registry/testing/store.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::registry {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::by_admin;
using testing::key_of;
using testing::kNow;
using testing::name_of;
using testing::pin_of;

trust::ClientRules rules_of(const trust::RuleTexts& texts) {
    return *trust::ClientRules::parse(texts);
}

class RuleBookTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    RuleBookTest() {
        EXPECT_TRUE(registry_->add(alice_, {key_of(1)}, std::nullopt, "", by_admin()));
        EXPECT_TRUE(registry_->add(name_of("zoe"), {key_of(2)}, std::nullopt, "", by_admin()));
    }
    [[nodiscard]] std::string rules_of_alice() {
        const auto client = registry_->find(alice_);
        return client && client->rules ? client->rules->to_text() : "none";
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
    ClientName alice_ = name_of("alice");
};

TEST_P(RuleBookTest, RulesTakeThePlaceOfThoseThatThereWereAndMoveTheVersion) {
    RuleBook book(*registry_);
    const auto before = registry_->version();
    const auto first = book.set(alice_, rules_of({.from = {"192.0.2.0/24"}, .max_streams = "3"}), by_admin());
    ASSERT_TRUE(first && before) << first.error().why;
    EXPECT_GT(*first, *before);
    EXPECT_EQ(rules_of_alice(), "from 192.0.2.0/24\nmax-streams 3\n");
    ASSERT_TRUE(book.set(alice_, rules_of({.rate = "1M"}), by_admin()));
    EXPECT_EQ(rules_of_alice(), "rate 1M\n");
    ASSERT_TRUE(book.set(alice_, {}, by_admin()));
    EXPECT_EQ(rules_of_alice(), "none");
    EXPECT_EQ(book.set(name_of("ghost"), rules_of({.rate = "1M"}), by_admin()).error().code, "no_such_client");
    EXPECT_EQ(book.disconnect(name_of("ghost"), by_admin()).error().code, "no_such_client");
}

TEST_P(RuleBookTest, TheyGoWithTheirClient) {
    RuleBook book(*registry_);
    ASSERT_TRUE(book.set(alice_, rules_of({.rate = "1M"}), by_admin()));
    ASSERT_TRUE(book.disconnect(alice_, by_admin()));
    ASSERT_TRUE(registry_->remove(alice_, by_admin()));
    ASSERT_TRUE(registry_->snapshot());
    ASSERT_TRUE(registry_->add(alice_, {key_of(3)}, std::nullopt, "", by_admin()));
    EXPECT_EQ(rules_of_alice(), "none");
    EXPECT_EQ(registry_->find(alice_)->disconnects, 0U);
}

TEST_P(RuleBookTest, ASnapshotCarriesThemToTheJudge) {
    const x509::testing::Minted minted = x509::testing::mint().leaf("bob.example");
    ASSERT_TRUE(registry_->add(name_of("bob"), {new_key_of(minted.certificate())}, std::nullopt, "", by_admin()));
    const auto standing = [&] { return (*registry_->snapshot())->standing_of(minted.certificate(), kNow); };
    EXPECT_EQ(standing().rules, nullptr);
    EXPECT_EQ(standing().disconnects, 0U);
    RuleBook book(*registry_);
    ASSERT_TRUE(book.set(name_of("bob"), rules_of({.services = {"db"}}), by_admin()));
    ASSERT_TRUE(book.disconnect(name_of("bob"), by_admin()));
    ASSERT_TRUE(book.disconnect(name_of("bob"), by_admin()));
    ASSERT_NE(standing().rules, nullptr);
    EXPECT_EQ(standing().rules->to_text(), "service db\n");
    EXPECT_EQ(standing().disconnects, 2U);
}

TEST_P(RuleBookTest, A19_RulesThatCantBeReadAreNotLeftOut) {
    ASSERT_TRUE(registry_->store().write("writing what a newer program would", [&]() -> Result<void> {
        Query(registry_->store(), "INSERT INTO client_rules (client, rules) VALUES ($1, $2)", "alice", "colour red\n")
            .run();
        return {};
    }));
    EXPECT_FALSE(registry_->find(alice_));
    EXPECT_FALSE(registry_->snapshot());
    EXPECT_TRUE(registry_->find(name_of("zoe")));
}

TEST_P(RuleBookTest, ARevokedClientsHolderIsToldWhatTheOwnerSays) {
    const x509::testing::Minted minted = x509::testing::mint().leaf("bob.example");
    ASSERT_TRUE(registry_->add(name_of("bob"), {new_key_of(minted.certificate())}, std::nullopt, "", by_admin()));
    const auto standing = [&] { return (*registry_->snapshot())->standing_of(minted.certificate(), kNow); };
    RuleBook book(*registry_);
    ASSERT_TRUE(book.revoke(name_of("bob"), "left", "thank you, and goodbye", by_admin()));
    EXPECT_EQ(standing().state, trust::StandingState::kRevoked);
    EXPECT_EQ(standing().detail, "left");
    EXPECT_EQ(standing().farewell, "thank you, and goodbye");
    EXPECT_EQ(registry_->find(name_of("bob"))->farewell, "thank you, and goodbye");
    ASSERT_TRUE(registry_->remove(name_of("bob"), by_admin()));
    EXPECT_EQ(standing().state, trust::StandingState::kRevoked);
    EXPECT_EQ(standing().farewell, "");
}

TEST_P(RuleBookTest, WhatIsNoLineOfTextRevokesNobody) {
    RuleBook book(*registry_);
    const auto before = registry_->version();
    for (const std::string& words : {std::string(), std::string("two\nlines"), std::string("\x1b[31mred"),
                                     std::string(kMostFarewell + 1, 'x'), std::string("\xff")}) {
        EXPECT_EQ(book.revoke(alice_, "", words, by_admin()).error().code, "bad_farewell") << words;
    }
    EXPECT_EQ(registry_->version(), before);
    ASSERT_TRUE(book.revoke(alice_, "", "once", by_admin()));
    EXPECT_EQ(book.revoke(alice_, "", "twice", by_admin()).error().code, "client_revoked");
    EXPECT_EQ(registry_->find(alice_)->farewell, "once") << "an Error undoes the message, too";
}

TEST_P(RuleBookTest, ASnapshotSaysWhoseAdmissionEndsSoonestFirst) {
    for (const auto& [name, days] : {std::pair{"late", 40}, std::pair{"soon", 1}, std::pair{"next", 2}}) {
        const auto octet = static_cast<std::uint8_t>(10 + days);
        ASSERT_TRUE(registry_->add(name_of(name), {key_of(octet)}, kNow + std::chrono::days(days), "", by_admin()));
    }
    const auto snapshot = *registry_->snapshot();
    const auto names = [&](Time until, std::size_t most) {
        std::string text;
        for (const auto& [name, at] : snapshot->ending(kNow, until, most)) text += name + " ";
        return text;
    };
    EXPECT_EQ(names(kNow + std::chrono::days(30), 10), "soon next ");
    EXPECT_EQ(names(kNow + std::chrono::days(30), 1), "soon ");
    EXPECT_EQ(names(kNow + std::chrono::days(90), 10), "soon next late ");
    EXPECT_EQ(names(kNow, 10), "");
}

class PendingClientsTest : public RuleBookTest {
  protected:
    void note(std::uint8_t octet, const std::string& network = "192.0.2.1", Time now = kNow) {
        const auto noted = PendingClients(registry_->store()).note(pin_of(octet), network + ":5000", network, now);
        EXPECT_TRUE(noted) << noted.error().why;
    }
    [[nodiscard]] std::vector<PendingClient> list(Time now = kNow) {
        return *PendingClients(registry_->store()).list(now);
    }
    [[nodiscard]] Result<std::uint64_t> approve(std::uint8_t octet, std::string_view name) {
        return PendingClients::approve(*registry_, pin_of(octet), name_of(name), std::nullopt, "", by_admin());
    }
};

TEST_P(PendingClientsTest, KeepPinSourceTimesAndCountAndMoveNoVersion) {
    const auto before = registry_->version();
    note(50);
    note(51, "192.0.2.2", kNow + seconds(5));
    note(50, "192.0.2.3", kNow + seconds(9));
    const auto waiting = list();
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_EQ(waiting[0].pin, pin_of(50));
    EXPECT_EQ(waiting[0].source, "192.0.2.3:5000");
    EXPECT_EQ(waiting[0].first_seen, kNow);
    EXPECT_EQ(waiting[0].last_seen, kNow + seconds(9));
    EXPECT_EQ(waiting[0].count, 2U);
    EXPECT_EQ(waiting[1].pin, pin_of(51));
    EXPECT_EQ(registry_->version(), before);
}

TEST_P(PendingClientsTest, A172_OneNetworkHasFewPlacesAndTheListIsShort) {
    for (std::uint8_t i = 0; i < 10; ++i) note(static_cast<std::uint8_t>(100 + i), "192.0.2.1", kNow + seconds(i));
    EXPECT_EQ(list().size(), kMostPendingOfNetwork);
    EXPECT_EQ(list().front().pin, pin_of(109));
    EXPECT_EQ(list().back().pin, pin_of(106)) << "those who came last stay";
    for (std::uint8_t i = 0; i < 100; ++i)
        note(static_cast<std::uint8_t>(110 + i), "198.51.100." + std::to_string(i), kNow + seconds(100 + i));
    EXPECT_EQ(list().size(), kMostPending);
    EXPECT_EQ(list().front().pin, pin_of(209));
}

TEST_P(PendingClientsTest, OldOnesDropOut) {
    note(50);
    EXPECT_EQ(list(kNow + kPendingKept).size(), 1U);
    EXPECT_EQ(list(kNow + kPendingKept + seconds(1)).size(), 0U);
    note(51, "192.0.2.2", kNow + kPendingKept + seconds(1));
    EXPECT_EQ(list().size(), 1U) << "and are gone with the next";
}

TEST_P(PendingClientsTest, AClientsKeyDoesntWait) {
    note(1);
    EXPECT_TRUE(list().empty());
}

TEST_P(PendingClientsTest, WhoIsApprovedIsAClientAndWaitsNoMore) {
    note(50);
    ASSERT_TRUE(approve(50, "carol"));
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(registry_->find(name_of("carol"))->keys.front().pin, pin_of(50));
    EXPECT_EQ(approve(50, "dave").error().code, "not_pending");
    EXPECT_EQ(approve(60, "dave").error().code, "not_pending");
    EXPECT_FALSE(registry_->find(name_of("dave")));
}

TEST_P(PendingClientsTest, WhoCantBeAddedWaitsOn) {
    note(50);
    EXPECT_EQ(approve(50, "alice").error().code, "name_taken");
    EXPECT_EQ(list().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Stores, RuleBookTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });
INSTANTIATE_TEST_SUITE_P(Stores, PendingClientsTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
