// A server's judge of clients: snapshot, freshness, rules, and what becomes of open streams. And the clock it asks.
#include "service/admission.h"

#include "registry/testing/store.h"
#include "service/wall_clock.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

using registry::Client;
using registry::ClientState;
using registry::Snapshot;
using registry::SnapshotRows;
using x509::testing::mint;
using x509::testing::Minted;

constexpr std::chrono::minutes kGrace{5};

Client client_of(const Minted& minted, ClientState state = ClientState::kActive) {
    const registry::NewKey key = registry::new_key_of(minted.certificate());
    return {.name = registry::testing::name_of("alice"),
            .state = state,
            .state_reason = {},
            .state_since = {},
            .state_actor = {},
            .expires = std::nullopt,
            .note = {},
            .added = {},
            .keys = {{key.pin, key.canonical, key.certificate, {}}}};
}

std::shared_ptr<const Snapshot> snapshot_of(std::vector<Client> clients, std::uint64_t version = 1) {
    SnapshotRows rows;
    rows.version = version;
    rows.clients = std::move(clients);
    return std::make_shared<const Snapshot>(std::move(rows));
}

tls::Peer peer_of(const Minted& minted) {
    tls::Peer peer;
    peer.presented = {minted.certificate()};
    peer.possession = trust::Possession::kProven;
    peer.protocol = trust::Protocol::kTls13;
    return peer;
}

std::shared_ptr<const AdmissionRules> rules(bool by_authority = false,
                                            const std::vector<x509::Certificate>& anchors = {}) {
    auto made = std::make_shared<AdmissionRules>();
    made->policy.by_authority = by_authority;
    made->anchors = x509::TrustAnchors(anchors);
    return made;
}

struct Admission : ::testing::Test {
    Minted alice = mint().leaf("alice.example");
    SnapshotFreshness freshness{std::chrono::steady_clock::now()};
    AdmissionJudge judge{rules(), snapshot_of({client_of(alice)}), freshness, kGrace};

    [[nodiscard]] bool still_admits(const Minted& peer, const trust::Verdict& verdict, bool rules_changed) const {
        return judge.still_admits(peer_of(peer), std::nullopt, verdict, {}, rules_changed).has_value();
    }
};

TEST_F(Admission, AdmitsWhoIsInTheSnapshot) {
    const auto verdict = judge.judge(peer_of(alice));
    EXPECT_EQ(verdict.outcome, trust::Outcome::kTrusted);
    EXPECT_EQ(verdict.client_name, "alice");
    EXPECT_FALSE(judge.judge(peer_of(mint().leaf("stranger.example"))).lets_pass());
}

TEST_F(Admission, A194_AnOldSnapshotAdmitsNobodyAfterItsGrace) {
    freshness = std::chrono::steady_clock::now() - kGrace + std::chrono::minutes(1);
    EXPECT_TRUE(judge.judge(peer_of(alice)).lets_pass());
    freshness = std::chrono::steady_clock::now() - kGrace - std::chrono::seconds(1);
    const auto refused = judge.judge(peer_of(alice));
    ASSERT_FALSE(refused.lets_pass());
    EXPECT_EQ(refused.first_reason().code, trust::ReasonCode::kNotAdmitted);
    freshness = std::chrono::steady_clock::now();
    EXPECT_TRUE(judge.judge(peer_of(alice)).lets_pass());
}

TEST_F(Admission, A194_NorDoesAnAuthorityAdmitWhileTheDenialsAreUnknown) {
    const Minted authority = mint().authority("clients").valid(x509::Time{}, x509::Time(std::chrono::years(200)));
    const Minted leaf =
        mint().leaf("bob.example").signed_by(authority).valid(x509::Time{}, x509::Time(std::chrono::years(200)));
    judge.replace(rules(true, {authority.certificate()}));
    const auto admitted = judge.judge(peer_of(leaf));
    ASSERT_TRUE(admitted.lets_pass());
    EXPECT_TRUE(admitted.by_authority);
    EXPECT_EQ(admitted.client_name, "ca:DNS:bob.example");
    freshness = std::chrono::steady_clock::now() - kGrace - std::chrono::seconds(1);
    EXPECT_FALSE(judge.judge(peer_of(leaf)).lets_pass());
}

TEST_F(Admission, A194_ARegistryThatIsAwayClosesNoOpenStream) {
    const auto verdict = judge.judge(peer_of(alice));
    freshness = std::chrono::steady_clock::now() - 10 * kGrace;
    EXPECT_TRUE(still_admits(alice, verdict, false));
}

TEST_F(Admission, A43_EveryReplacementMovesTheGeneration) {
    const auto before = judge.generation();
    judge.replace(snapshot_of({}, 2));
    EXPECT_NE(judge.generation(), before);
    const auto between = judge.generation();
    judge.replace(rules());
    EXPECT_NE(judge.generation(), between);
}

TEST_F(Admission, A44_WhatAChangeOfTheRegistryMeansForAnOpenStream) {
    const auto verdict = judge.judge(peer_of(alice));
    struct Case {
        const char* why;
        std::vector<Client> clients;
        bool still;
    };
    const Case cases[] = {
        {"as before", {client_of(alice)}, true},
        {"suspended", {client_of(alice, ClientState::kSuspended)}, false},
        {"revoked", {client_of(alice, ClientState::kRevoked)}, false},
        {"removed", {}, false},
    };
    for (const Case& c : cases) {
        judge.replace(snapshot_of(c.clients, 2));
        for (const bool rules_changed : {false, true}) {
            EXPECT_EQ(still_admits(alice, verdict, rules_changed), c.still) << c.why;
        }
    }
    EXPECT_FALSE(judge.still_admits({}, std::nullopt, verdict, {}, false)) << "a peer without a certificate";
}

std::shared_ptr<const trust::ClientRules> bounds(const trust::RuleTexts& texts) {
    return std::make_shared<const trust::ClientRules>(*trust::ClientRules::parse(texts));
}

TEST_F(Admission, A44_AnOpenStreamIsHeldToTheRulesThatHoldNow) {
    const auto source = *IpAddress::parse("192.0.2.1");
    const auto verdict = judge.judge(peer_of(alice), {source, nullptr});
    ASSERT_TRUE(verdict.lets_pass());
    const auto terms_with = [&](const trust::RuleTexts& texts, std::uint64_t disconnects = 0) {
        Client client = client_of(alice);
        client.rules = bounds(texts);
        client.disconnects = disconnects;
        judge.replace(snapshot_of({client}, 2));
        return judge.still_admits(peer_of(alice), source, verdict, {}, false);
    };
    EXPECT_TRUE(terms_with({.from = {"192.0.2.0/24"}}));
    EXPECT_FALSE(terms_with({.from = {"192.0.3.0/24"}})) << "it may not come from there any more";
    EXPECT_FALSE(terms_with({.services = {"db"}})) << "nor use this service";
    EXPECT_TRUE(terms_with({.hours = {"daily 00:00-24:00"}}));
    const auto terms = terms_with({.max_streams = "2", .rate = "1M"}, 3);
    ASSERT_TRUE(terms && terms->rules);
    EXPECT_EQ(terms->rules->rate, 1U << 20U);
    EXPECT_EQ(terms->disconnects, 3U);
    EXPECT_EQ(judge.caps_of(terms->rules.get()).at_all, 2U);
}

TEST_F(Admission, A44_AKeyThatIsAnotherClientsNowIsNotLetInAsTheOneThatItWas) {
    const auto verdict = judge.judge(peer_of(alice));
    Client bob = client_of(alice);
    bob.name = registry::testing::name_of("bob");
    judge.replace(snapshot_of({bob}, 2));
    EXPECT_FALSE(still_admits(alice, verdict, false));
}

TEST_F(Admission, AsManyStreamsAsMayBeAreCountedBeforeTheNextIsLetIn) {
    Client client = client_of(alice);
    client.rules = bounds({.max_streams = "1"});
    judge.replace(snapshot_of({client}, 2));
    Ledger ledger(1);
    EXPECT_TRUE(judge.judge(peer_of(alice), {std::nullopt, &ledger}).lets_pass());
    EXPECT_FALSE(ledger.opened("alice", "", "192.0.2.1:5000", {}));
    const auto refused = judge.judge(peer_of(alice), {std::nullopt, &ledger});
    ASSERT_FALSE(refused.lets_pass());
    EXPECT_EQ(refused.first_reason().code, trust::ReasonCode::kNotAdmitted);
    EXPECT_EQ(refused.client_name, "alice") << "the owner's log says who";
}

TEST_F(Admission, A44_WhomAnAuthorityAdmittedTheRegistryDenies) {
    const Minted authority = mint().authority("clients").valid(x509::Time{}, x509::Time(std::chrono::years(200)));
    const Minted bob =
        mint().leaf("bob.example").signed_by(authority).valid(x509::Time{}, x509::Time(std::chrono::years(200)));
    judge.replace(rules(true, {authority.certificate()}));
    const auto verdict = judge.judge(peer_of(bob));
    ASSERT_TRUE(verdict.by_authority && verdict.lets_pass());
    EXPECT_TRUE(still_admits(bob, verdict, false));
    judge.replace(snapshot_of({client_of(bob, ClientState::kRevoked)}, 2));
    EXPECT_FALSE(still_admits(bob, verdict, false));
    judge.replace(snapshot_of({}, 3));
    EXPECT_TRUE(still_admits(bob, verdict, false));
    judge.replace(rules(true, {}));
    EXPECT_FALSE(still_admits(bob, verdict, true)) << "the authority is no longer one";
}

TEST_F(Admission, A208_MayJoinOnlyWithASoundKeyThatItProved) {
    const tls::Peer sound = peer_of(mint().leaf("stranger.example"));
    EXPECT_TRUE(judge.may_join(sound));
    tls::Peer unproven = sound;
    unproven.possession = trust::Possession::kNotProven;
    EXPECT_FALSE(judge.may_join(unproven));
    tls::Peer malformed = sound;
    malformed.malformed = "not DER";
    EXPECT_FALSE(judge.may_join(malformed));
    EXPECT_FALSE(judge.may_join({}));
    EXPECT_FALSE(judge.may_join(peer_of(mint().leaf("weak.example").key(x509::testing::MintKey::kRsa1024))));
}

TEST(WallClock, A122_NeverGoesBack) {
    const x509::Time noon{std::chrono::sys_days{std::chrono::year{2026} / 5 / 4} + std::chrono::hours(12)};
    ForwardClock clock;
    EXPECT_EQ(clock.at(noon), noon);
    EXPECT_EQ(clock.at(noon - std::chrono::hours(24)), noon);
    EXPECT_EQ(clock.at(noon + std::chrono::seconds(1)), noon + std::chrono::seconds(1));
    EXPECT_EQ(clock.at(x509::Time{}), noon + std::chrono::seconds(1));
    EXPECT_GT(wall_clock_now(), x509::Time(std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}));
}

}  // namespace
}  // namespace cotter::service
