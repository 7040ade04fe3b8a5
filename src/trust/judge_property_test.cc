// Whatever is asked for in addition only shrinks what is trusted.
#include "trust/testing/cases.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests

constexpr std::array kTrustModes{TrustMode::kPins,   TrustMode::kChainAndPins, TrustMode::kChain,
                                 TrustMode::kStrict, TrustMode::kAcceptNew,    TrustMode::kDane};

std::vector<Evidence> all_evidence() {
    const World& w = world();
    const std::vector<std::vector<Minted>> presented{
        {},
        {w.leaf, w.middle},
        {w.leaf, w.middle, w.root},
        {w.neighbour, w.middle},
        {w.other_leaf, w.other_root, w.middle},
        {w.alone},
        {mint().leaf("db.example").signed_by(w.middle).expired(), w.middle},
        {mint().leaf("db.example").key(MintKey::kRsa1024)},
    };
    std::vector<Evidence> all;
    const auto add = [&](const std::vector<Minted>& chain, const std::vector<Minted>& anchors, ContinuityState state) {
        Evidence evidence = live(chain, anchors);
        evidence.continuity.state = state;
        if (!chain.empty()) evidence.continuity.remembered = {spki(chain.front())};
        evidence.dane = {.state = DaneState::kSecure,
                         .records = {tlsa(3, 1, 2, w.leaf), tlsa(2, 0, 1, w.middle), tlsa(1, 1, 1, w.other_leaf)}};
        all.push_back(std::move(evidence));
    };
    for (const auto& chain : presented) {
        add(chain, {}, ContinuityState::kUnknown);
        for (const ContinuityState state :
             {ContinuityState::kUnknown, ContinuityState::kMatch, ContinuityState::kChanged}) {
            add(chain, {w.root, w.other_root}, state);
        }
    }
    return all;
}

std::vector<ServerPolicy> all_policies() {
    const World& w = world();
    const std::vector<std::vector<Pin>> pin_lists{
        {}, {spki(w.leaf)}, {spki(w.root), spki(w.neighbour), spki(w.middle)}};
    std::vector<ServerPolicy> all;
    for (const TrustMode trust : {TrustMode::kPins, TrustMode::kChainAndPins}) {
        for (const Match match : {Match::kLeaf, Match::kIssuer, Match::kAny}) {
            for (const auto& pins : pin_lists) all.push_back(policy_of(trust, match, pins));
        }
    }
    for (const TrustMode trust : {TrustMode::kChain, TrustMode::kStrict, TrustMode::kAcceptNew, TrustMode::kDane})
        all.push_back(policy_of(trust, Match::kAny, pin_lists.back()));
    for (const TrustMode trust : kTrustModes) {
        all.push_back(policy_of(trust, Match::kAny, pin_lists.back()));
        all.back().expires = kMintNow - std::chrono::seconds(1);
    }
    for (ServerPolicy& policy : all) {
        policy.on_expiry = OnExpiry::kChain;
        policy.minimum_protocol = Protocol::kTls12;
    }
    return all;
}

struct Stricter {
    std::string_view what;
    std::function<void(ServerPolicy&, Evidence&)> ask;
};

TEST(Judge, AStricterOptionOnlyShrinksWhatIsTrusted) {
    const World& w = world();
    const std::vector<Stricter> options{
        {"a denied pin", [&](auto& policy, auto&) { policy.deny.insert(spki(w.middle)); }},
        {"an end that refuses", [](auto& policy, auto&) { policy.on_expiry = OnExpiry::kRefuse; }},
        {"TLS 1.3 of a peer with 1.2",
         [](auto& policy, auto& evidence) {
             policy.minimum_protocol = Protocol::kTls13;
             evidence.protocol = Protocol::kTls12;
         }},
        {"CRLs that aren't there", [](auto& policy, auto&) { policy.require_revocation = true; }},
        {"a pin less",
         [](auto& policy, auto&) {
             if (!policy.pins.empty()) policy.pins.pop_back();
         }},
        {"pins that have ended",
         [](auto& policy, auto&) {
             for (PolicyPin& pin : policy.pins) pin.expires = kMintNow - std::chrono::seconds(1);
         }},
        {"leaves only where any counted",
         [](auto& policy, auto&) {
             if (policy.match == Match::kAny) policy.match = Match::kLeaf;
         }},
        {"issuers only where any counted",
         [](auto& policy, auto&) {
             if (policy.match == Match::kAny) policy.match = Match::kIssuer;
         }},
        {"pins beside the chain",
         [](auto& policy, auto&) {
             if (policy.trust == TrustMode::kChain) policy.trust = TrustMode::kChainAndPins;
         }},
        {"only remembered keys",
         [](auto& policy, auto&) {
             if (policy.trust == TrustMode::kAcceptNew) policy.trust = TrustMode::kStrict;
         }},
        {"no proof of the key", [](auto&, auto& evidence) { evidence.possession = Possession::kNotProven; }},
        {"no anchors", [](auto&, auto& evidence) { evidence.anchors = x509::TrustAnchors(); }},
        {"octets that can't be read", [](auto&, auto& evidence) { evidence.malformed = "not DER"; }},
        {"no host", [](auto&, auto& evidence) { evidence.host.reset(); }},
        {"an error in what is remembered",
         [](auto&, auto& evidence) { evidence.continuity.state = ContinuityState::kError; }},
        {"a TLSA record less", [](auto&, auto& evidence) { evidence.dane.records.pop_back(); }},
        {"TLSA records that were not validated",
         [](auto&, auto& evidence) { evidence.dane.state = DaneState::kInsecure; }},
        {"TLSA records of long ago",
         [](auto&, auto& evidence) { evidence.dane.expires = kMintNow - std::chrono::seconds(1); }},
    };
    const auto evidence = all_evidence();
    const auto policies = all_policies();
    std::vector<std::size_t> shrunk(options.size(), 0);
    for (const Evidence& one : evidence) {
        for (const ServerPolicy& policy : policies) {
            const bool is_trusted = judge(one, policy, kMintNow).lets_pass();
            for (std::size_t i = 0; i < options.size(); ++i) {
                ServerPolicy stricter_policy = policy;
                Evidence stricter_evidence = one;
                options[i].ask(stricter_policy, stricter_evidence);
                const Verdict verdict = judge(stricter_evidence, stricter_policy, kMintNow);
                ASSERT_TRUE(is_trusted || !verdict.lets_pass())
                    << options[i].what << " admits under " << text_of(policy.trust) << " and " << text_of(policy.match);
                ASSERT_EQ(verdict.reasons.empty(), verdict.outcome == Outcome::kTrusted);
                shrunk[i] += is_trusted && !verdict.lets_pass() ? 1U : 0U;
            }
        }
    }
    for (std::size_t i = 0; i < options.size(); ++i) EXPECT_GT(shrunk[i], 0U) << options[i].what << " refuses nobody";
}

TEST(Judge, A09_RemembersNothingOfWhatItJudgedBefore) {
    const auto evidence = all_evidence();
    const auto policies = all_policies();
    const std::size_t count = evidence.size() * policies.size();
    const auto judged = [&](std::size_t i) {
        const Verdict verdict = judge(evidence[i % evidence.size()], policies[i / evidence.size()], kMintNow);
        return std::pair(verdict.outcome, told(verdict));
    };
    std::vector<std::pair<Outcome, std::string>> first;
    first.reserve(count);
    for (std::size_t i = 0; i < count; ++i) first.push_back(judged(i));
    for (std::size_t i = count; i-- > 0;) ASSERT_EQ(judged(i), first[i]);

    // The same chain under other anchors, other dates, another host and another policy, by turns.
    const World& w = world();
    const ServerPolicy chain = policy_of(TrustMode::kChain);
    ServerPolicy denying = chain;
    denying.deny.insert(spki(w.root));
    const auto now_of = [](const Evidence& one, const ServerPolicy& policy, Time now = kMintNow) {
        return judge(one, policy, now).outcome;
    };
    for (int turn = 0; turn < 2; ++turn) {
        EXPECT_EQ(now_of(live({w.leaf, w.middle}, {w.root}), chain), Outcome::kTrusted);
        EXPECT_EQ(now_of(live({w.leaf, w.middle}, {w.other_root}), chain), Outcome::kRefused);
        EXPECT_EQ(now_of(live({w.leaf, w.middle}, {}), chain), Outcome::kRefused);
        EXPECT_EQ(now_of(live({w.leaf, w.middle}, {w.root}), denying), Outcome::kRefused);
        EXPECT_EQ(now_of(live({w.leaf, w.middle}, {w.root}, "shop.example:1"), chain), Outcome::kRefused);
        EXPECT_EQ(now_of(live({w.leaf, w.middle}, {w.root}), chain, kMintNow + std::chrono::days(4000)),
                  Outcome::kRefused);
    }
}

}  // namespace
}  // namespace cotter::trust
