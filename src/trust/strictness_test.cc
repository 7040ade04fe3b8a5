// Random policies on random evidence: asking for more never admits more, and report mode is never a way to be trusted.
// (Report mode itself is left out of the first: it lets pass what the pins alone refuse, so what is refused for the
// pins instead of for the path may pass.)
#include "trust/testing/cases.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests

constexpr unsigned kSeed = 20261124;
constexpr int kRounds = 1000;

using Random = std::mt19937;

template <class T>
const T& one_of(Random& random, const std::vector<T>& values) {
    return values[random() % values.size()];
}

bool happens(Random& random, unsigned in) {
    return random() % in == 0;
}

/// Every certificate that a round may present, trust or pin; the same for all rounds, since minting is slow.
const std::vector<Minted>& certificates_at_hand() {
    static const std::vector<Minted> kAll = [] {
        const World& w = world();
        return std::vector<Minted>{w.root,
                                   w.middle,
                                   w.leaf,
                                   w.neighbour,
                                   w.other_root,
                                   w.other_leaf,
                                   w.alone,
                                   mint().leaf("db.example").signed_by(w.middle).expired(),
                                   mint().leaf("db.example").signed_by(w.middle).extended_key_usage({"clientAuth"}),
                                   mint().leaf("db.example").key(MintKey::kRsa1024)};
    }();
    return kAll;
}

Evidence random_evidence(Random& random) {
    const auto& all = certificates_at_hand();
    const World& w = world();
    std::vector<Minted> chain{happens(random, 2) ? w.leaf : one_of(random, all)};
    if (!happens(random, 4)) chain.push_back(w.middle);
    if (happens(random, 3)) chain.push_back(one_of(random, all));
    std::vector<Minted> anchors;
    if (!happens(random, 4)) anchors.push_back(w.root);
    if (happens(random, 3)) anchors.push_back(w.other_root);
    Evidence evidence = live(chain, anchors, happens(random, 5) ? "shop.example:443" : "db.example:5432");
    if (happens(random, 6)) evidence.protocol = Protocol::kTls12;
    evidence.continuity.state =
        one_of(random, std::vector{ContinuityState::kUnknown, ContinuityState::kMatch, ContinuityState::kChanged});
    evidence.continuity.remembered = {spki(chain.front())};
    return evidence;
}

ServerPolicy random_policy(Random& random) {
    const auto& all = certificates_at_hand();
    std::vector<Pin> pins;
    while (!happens(random, 3)) {
        const Pin pin = happens(random, 3) ? whole(one_of(random, all)) : spki(one_of(random, all));
        if (std::ranges::find(pins, pin) == pins.end()) pins.push_back(pin);
    }
    ServerPolicy policy =
        policy_of(one_of(random, std::vector{TrustMode::kPins, TrustMode::kPins, TrustMode::kChainAndPins,
                                             TrustMode::kChain, TrustMode::kAcceptNew, TrustMode::kStrict}),
                  one_of(random, std::vector{Match::kLeaf, Match::kIssuer, Match::kAny}), pins);
    policy.minimum_protocol = Protocol::kTls12;
    if (happens(random, 12)) policy.mode = Mode::kOff;
    if (happens(random, 4)) policy.expires = kMintNow + std::chrono::hours(happens(random, 2) ? 1 : -1);
    if (happens(random, 2)) policy.on_expiry = OnExpiry::kChain;
    for (PolicyPin& pin : policy.pins) {
        if (happens(random, 5)) pin.expires = kMintNow + std::chrono::hours(happens(random, 2) ? 1 : -1);
    }
    return policy;
}

/// One thing more that is asked for, or one less that is offered.
using Stricter = std::function<void(Random&, ServerPolicy&)>;

const std::vector<Stricter>& stricter_ways() {
    static const std::vector<Stricter> kWays{
        [](Random& random, ServerPolicy& policy) { policy.deny.insert(spki(one_of(random, certificates_at_hand()))); },
        [](Random& random, ServerPolicy& policy) { policy.deny.insert(whole(one_of(random, certificates_at_hand()))); },
        [](Random&, ServerPolicy& policy) { policy.require_revocation = true; },
        [](Random&, ServerPolicy& policy) { policy.minimum_protocol = Protocol::kTls13; },
        [](Random&, ServerPolicy& policy) { policy.on_expiry = OnExpiry::kRefuse; },
        [](Random&, ServerPolicy& policy) {
            policy.expires = kMintNow - std::chrono::hours(2);
            policy.on_expiry = OnExpiry::kRefuse;
        },
        [](Random& random, ServerPolicy& policy) {
            if (!policy.pins.empty())
                policy.pins.erase(policy.pins.begin() + static_cast<long>(random() % policy.pins.size()));
        },
        [](Random& random, ServerPolicy& policy) {
            if (!policy.pins.empty())
                policy.pins[random() % policy.pins.size()].expires = kMintNow - std::chrono::hours(1);
        },
        [](Random& random, ServerPolicy& policy) {
            if (policy.match == Match::kAny) policy.match = happens(random, 2) ? Match::kLeaf : Match::kIssuer;
        },
        // Pins beside a chain that is asked for already.
        [](Random&, ServerPolicy& policy) {
            if (policy.trust == TrustMode::kChain) policy.trust = TrustMode::kChainAndPins;
        },
        [](Random&, ServerPolicy& policy) {
            if (policy.trust == TrustMode::kAcceptNew) policy.trust = TrustMode::kStrict;
        },
    };
    return kWays;
}

TEST(Strictness, AskingForMoreNeverAdmitsMore) {
    Random random(kSeed);
    int shrunk = 0;
    for (int round = 0; round < kRounds; ++round) {
        const Evidence evidence = random_evidence(random);
        const ServerPolicy policy = random_policy(random);
        ServerPolicy stricter = policy;
        for (auto left = 1 + random() % 3; left > 0; --left) one_of(random, stricter_ways())(random, stricter);
        const Verdict before = judge(evidence, policy, kMintNow);
        const Verdict after = judge(evidence, stricter, kMintNow);
        ASSERT_TRUE(before.lets_pass() || !after.lets_pass())
            << "round " << round << " under " << text_of(policy.trust) << ": " << told(before);
        ASSERT_TRUE(before.outcome == Outcome::kTrusted || after.outcome != Outcome::kTrusted)
            << "round " << round << " under " << text_of(policy.trust) << ": " << told(before);
        shrunk += before.lets_pass() && !after.lets_pass() ? 1 : 0;
    }
    EXPECT_GT(shrunk, kRounds / 50) << "the rounds hardly meet what they are about";
}

TEST(Strictness, A12_ReportModeNeverTrustsWhatEnforcingRefuses) {
    Random random(kSeed + 1);
    int reported = 0;
    for (int round = 0; round < kRounds; ++round) {
        const Evidence evidence = random_evidence(random);
        ServerPolicy policy = random_policy(random);
        policy.mode = Mode::kEnforce;
        const Verdict enforced = judge(evidence, policy, kMintNow);
        policy.mode = Mode::kReport;
        const Verdict in_report = judge(evidence, policy, kMintNow);
        ASSERT_EQ(enforced.outcome == Outcome::kTrusted, in_report.outcome == Outcome::kTrusted) << told(in_report);
        ASSERT_EQ(codes(enforced), codes(in_report)) << "a report tells all that enforcing would";
        reported += in_report.outcome == Outcome::kReported ? 1 : 0;
    }
    EXPECT_GT(reported, kRounds / 50);
}

}  // namespace
}  // namespace cotter::trust
