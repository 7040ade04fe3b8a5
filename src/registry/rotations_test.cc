// What every store must do with rotations of a server's key and renewals of a client's.
#include "registry/rotations.h"

#include "registry/renewals.h"
#include "registry/testing/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::registry {
namespace {

using testing::by_admin;
using testing::canonical_of;
using testing::key_of;
using testing::kNow;
using testing::name_of;
using testing::pin_of;

class RotationsTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    [[nodiscard]] Rotation prepared(std::uint8_t present = 101, std::uint8_t next = 102) {
        const auto done = rotations_.prepare(pin_of(present), pin_of(next), by_admin());
        if (!done) throw std::runtime_error(done.error().why);
        return **rotations_.from(pin_of(present));
    }
    void add(std::string_view name, std::uint8_t key) {
        ASSERT_TRUE(registry_->add(name_of(name), {key_of(key)}, std::nullopt, "", by_admin()));
    }
    void answer(std::uint8_t key, KeyAnswer answer, std::string_view client = "x") {
        ASSERT_TRUE(rotations_.note_answer(pin_of(102), canonical_of(key), client, answer, kNow));
    }
    [[nodiscard]] RotationStatus status(const Rotation& rotation, Time now = kNow) {
        return *rotations_.status(rotation, now);
    }
    void serves(const std::string& id, std::uint8_t present, std::optional<std::uint8_t> next, Time now = kNow) {
        ASSERT_TRUE(registry_->report({.server_id = id, .now = now, .applied_version = 0, .rows = {}}));
        ASSERT_TRUE(
            rotations_.note_server(id, {"host", pin_of(present), next ? std::optional(pin_of(*next)) : std::nullopt}));
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
    Rotations rotations_{*registry_};
    Renewals renewals_{*registry_};
};

TEST_P(RotationsTest, OneRotationAtATimeLeadsFromAKey) {
    EXPECT_FALSE(*rotations_.from(pin_of(101)));
    const Rotation rotation = prepared();
    EXPECT_EQ(rotation, (Rotation{pin_of(101), pin_of(102), Rotation::State::kPrepared, kNow}));
    EXPECT_EQ(rotations_.prepare(pin_of(101), pin_of(103), by_admin()).error().code, "rotation_under_way");
    EXPECT_FALSE(*rotations_.from(pin_of(105))) << "another server's key has nothing to do with it";
    EXPECT_TRUE(rotations_.prepare(pin_of(105), pin_of(106), by_admin()));
    EXPECT_EQ(registry_->audit("", 1)->front().action, "rotate-prepare");
}

TEST_P(RotationsTest, IsReadyOnceEachKeyOfEachActiveClientIs) {
    add("alice", 1);
    ASSERT_TRUE(registry_->add_key(name_of("alice"), key_of(2), by_admin()));
    add("suspended", 3);
    ASSERT_TRUE(registry_->suspend(name_of("suspended"), "", by_admin()));
    add("revoked", 4);
    ASSERT_TRUE(registry_->revoke(name_of("revoked"), "", by_admin()));
    ASSERT_TRUE(registry_->add(name_of("ended"), {key_of(5)}, kNow + std::chrono::hours(1), "", by_admin()));
    const Rotation rotation = prepared();
    const Time later = kNow + std::chrono::hours(2);
    EXPECT_EQ(status(rotation).holders.size(), 3U);
    EXPECT_EQ(status(rotation, later).holders.size(), 2U) << "an ended client holds nothing up";
    EXPECT_EQ(status(rotation, later).ready(), 0U);
    answer(1, KeyAnswer::kReady);
    answer(2, KeyAnswer::kPinnedByHand);
    EXPECT_EQ(status(rotation, later).ready(), 1U);
    EXPECT_FALSE(status(rotation, later).is_ready());
    EXPECT_EQ(rotations_.commit(rotation, Rotations::Insist::kNo, by_admin(later)).error().code, "rotation_not_ready");
    EXPECT_EQ(rotations_.from(pin_of(101)).value()->state, Rotation::State::kPrepared);
    answer(2, KeyAnswer::kReady);
    EXPECT_TRUE(status(rotation, later).is_ready());
    ASSERT_TRUE(rotations_.commit(rotation, Rotations::Insist::kNo, by_admin(later)));
    EXPECT_EQ(rotations_.from(pin_of(101)).value()->state, Rotation::State::kCommitted);
    EXPECT_EQ(rotations_.to(pin_of(102)).value()->present, pin_of(101));
    EXPECT_EQ(rotations_.commit(rotation, Rotations::Insist::kNo, by_admin(later)).error().code, "no_rotation");
    EXPECT_EQ(rotations_.abort(rotation, by_admin(later)).error().code, "no_rotation");
    EXPECT_EQ(rotations_.prepare(pin_of(101), pin_of(103), by_admin()).error().code, "rotation_done");
}

TEST_P(RotationsTest, AKeyOfWhichOnlyADigestIsKnownIsNotReady) {
    ASSERT_TRUE(
        registry_->add(name_of("alice"), {{pin_of(1), std::nullopt, std::nullopt}}, std::nullopt, "", by_admin()));
    const Rotation rotation = prepared();
    answer(1, KeyAnswer::kReady);
    EXPECT_EQ(status(rotation).ready(), 0U);
    ASSERT_TRUE(registry_->learn(pin_of(1), canonical_of(1), by_admin()));
    EXPECT_EQ(status(rotation).ready(), 1U);
}

TEST_P(RotationsTest, WhoInsistsLeavesBehind) {
    add("alice", 1);
    ASSERT_TRUE(rotations_.commit(prepared(), Rotations::Insist::kYes, by_admin()));
}

TEST_P(RotationsTest, EveryLiveServerOfTheKeyMustHoldTheNextOne) {
    const Rotation rotation = prepared();
    serves("one", 101, 102);
    serves("two", 101, std::nullopt);
    serves("three", 101, 109);
    serves("of another key", 105, std::nullopt);
    EXPECT_EQ(status(rotation).servers.size(), 3U);
    EXPECT_EQ(status(rotation).servers_holding(), 1U);
    EXPECT_EQ(rotations_.commit(rotation, Rotations::Insist::kNo, by_admin()).error().code, "rotation_not_ready");
    serves("two", 102, std::nullopt);
    serves("three", 101, 102);
    EXPECT_TRUE(status(rotation).is_ready());
    EXPECT_TRUE(status(rotation, kNow + std::chrono::seconds(10)).servers.empty()) << "dead ones hold nothing up";
    ASSERT_TRUE(registry_->retire("two"));
    EXPECT_EQ(status(rotation).servers.size(), 2U);
}

TEST_P(RotationsTest, AnAbortedKeyNeverComesBackAndItsAnswersAreForgotten) {
    add("alice", 1);
    const Rotation rotation = prepared();
    answer(1, KeyAnswer::kReady);
    ASSERT_TRUE(rotations_.abort(rotation, by_admin()));
    EXPECT_FALSE(*rotations_.from(pin_of(101)));
    EXPECT_FALSE(*rotations_.to(pin_of(102)));
    EXPECT_TRUE(*rotations_.was_aborted(pin_of(102)));
    EXPECT_FALSE(*rotations_.was_aborted(pin_of(103)));
    EXPECT_EQ(rotations_.prepare(pin_of(101), pin_of(102), by_admin()).error().code, "key_withdrawn");
    answer(1, KeyAnswer::kReady);  // late: to nobody's key
    EXPECT_EQ(status(prepared(101, 103)).ready(), 0U);
}

TEST_P(RotationsTest, WhoIsOnNoListIsHeardButNotCounted) {
    const Rotation rotation = prepared();
    answer(9, KeyAnswer::kReady, "ca:DNS:carol.example");
    EXPECT_TRUE(status(rotation).holders.empty());
    ASSERT_EQ(status(rotation).uncounted.size(), 1U);
    EXPECT_EQ(status(rotation).uncounted.front().client, "ca:DNS:carol.example");
}

TEST_P(RotationsTest, InvitationsThatWaitAreCounted) {
    ASSERT_TRUE(registry_->invite(name_of("alice"), InvitationSecret::random(), kNow + std::chrono::hours(1),
                                  std::nullopt, by_admin()));
    EXPECT_EQ(status(prepared()).invitations, 1U);
}

TEST_P(RotationsTest, A32_ARenewedKeyStandsUnderTheSameNameAndTheFormerGoesByItsWordAlone) {
    add("alice", 1);
    add("bob", 2);
    ASSERT_TRUE(renewals_.begin(name_of("alice"), pin_of(1), key_of(11), by_admin()));
    ASSERT_TRUE(renewals_.begin(name_of("alice"), pin_of(1), key_of(11), by_admin())) << "once more changes nothing";
    EXPECT_EQ(registry_->find(name_of("alice"))->keys.size(), 2U);
    // Nobody else finishes it: not the former key, not another client's.
    ASSERT_TRUE(renewals_.finish(name_of("alice"), canonical_of(1), by_admin()));
    ASSERT_TRUE(renewals_.finish(name_of("bob"), canonical_of(2), by_admin()));
    ASSERT_TRUE(renewals_.finish(name_of("bob"), canonical_of(11), by_admin()));
    EXPECT_EQ(registry_->find(name_of("alice"))->keys.size(), 2U);
    ASSERT_TRUE(renewals_.finish(name_of("alice"), canonical_of(11), by_admin()));
    ASSERT_TRUE(renewals_.finish(name_of("alice"), canonical_of(11), by_admin()));
    const auto keys = registry_->find(name_of("alice"))->keys;
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_EQ(keys.front().pin, pin_of(11));
}

TEST_P(RotationsTest, A210_ARenewalTakesNobodyElsesKeyAndNoRevokedOne) {
    add("alice", 1);
    add("bob", 2);
    add("eve", 3);
    ASSERT_TRUE(registry_->revoke(name_of("eve"), "", by_admin()));
    EXPECT_EQ(renewals_.begin(name_of("alice"), pin_of(1), key_of(2), by_admin()).error().code, "key_taken");
    EXPECT_EQ(renewals_.begin(name_of("alice"), pin_of(1), key_of(3), by_admin()).error().code, "key_revoked");
    EXPECT_EQ(renewals_.begin(name_of("alice"), pin_of(2), key_of(11), by_admin()).error().code, "no_such_key");
    EXPECT_EQ(renewals_.begin(name_of("eve"), pin_of(3), key_of(11), by_admin()).error().code, "client_revoked");
    ASSERT_TRUE(registry_->suspend(name_of("bob"), "", by_admin()));
    EXPECT_EQ(renewals_.begin(name_of("bob"), pin_of(2), key_of(11), by_admin()).error().code, "client_suspended");
    EXPECT_EQ(registry_->find(name_of("alice"))->keys.size(), 1U);
}

TEST_P(RotationsTest, ANextKeyThatWasLostGivesWayToAnotherAndTheirNumberIsBounded) {
    add("alice", 1);
    for (std::uint8_t lost = 11; lost < 31; ++lost)
        ASSERT_TRUE(renewals_.begin(name_of("alice"), pin_of(1), key_of(lost), by_admin())) << int{lost};
    EXPECT_EQ(registry_->find(name_of("alice"))->keys.size(), 2U);
    for (std::uint8_t own = 41; own < 47; ++own)
        ASSERT_TRUE(registry_->add_key(name_of("alice"), key_of(own), by_admin()));
    EXPECT_EQ(renewals_.begin(name_of("alice"), pin_of(41), key_of(51), by_admin()).error().code, "too_many_keys");
}

TEST_P(RotationsTest, WhatTheFormerKeyHasSaidHoldsForTheNext) {
    add("alice", 1);
    const Rotation rotation = prepared();
    answer(1, KeyAnswer::kReady);
    ASSERT_TRUE(renewals_.begin(name_of("alice"), pin_of(1), key_of(11), by_admin()));
    EXPECT_TRUE(status(rotation).is_ready());
    ASSERT_TRUE(renewals_.finish(name_of("alice"), canonical_of(11), by_admin()));
    EXPECT_TRUE(status(rotation).is_ready());
}

INSTANTIATE_TEST_SUITE_P(Stores, RotationsTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
