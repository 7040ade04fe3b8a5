// How a server follows the rotation of its key: what it announces, when it switches, and what it does when it can't.
#include "service/server_keys.h"

#include "files/testing/scratch_folder.h"
#include "identity/succession.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

using identity::KeyChoice;
using identity::KeyRole;
using identity::Succession;
using registry::Rotation;
using x509::testing::kMintNow;
using Outcome = ServerKeys::Outcome;

class ServerKeysTest : public ::testing::Test {
  protected:
    [[nodiscard]] identity::StateFolder folder() const {
        return *identity::StateFolder::open((scratch_ / "state").string());
    }
    [[nodiscard]] identity::Identity own() const { return folder().own_identity(KeyChoice::kP256, kMintNow)->identity; }
    [[nodiscard]] Succession succession() const { return {folder(), KeyRole::kServer}; }
    [[nodiscard]] Pin make_next() const { return succession().make(KeyChoice::kP256, kMintNow)->identity.pin(); }
    [[nodiscard]] Rotation rotation(const Pin& next, Rotation::State state = Rotation::State::kPrepared) const {
        return {own().pin(), next, state, kMintNow};
    }

    files::testing::ScratchFolder scratch_;
    Log log_{LogFormat::kText, LogLevel::kError};
};

TEST_F(ServerKeysTest, SaysNothingUntilItHasHeardAndThenThatThereIsNone) {
    ServerKeys keys(folder(), log_);
    keys.present(own());
    EXPECT_EQ(keys.announcer(), nullptr);
    EXPECT_EQ(keys.hear(std::nullopt), Outcome::kAnnouncement);
    ASSERT_TRUE(keys.announcer());
    EXPECT_FALSE(keys.announcer()->next());
    EXPECT_EQ(keys.hear(std::nullopt), Outcome::kNothing);
}

TEST_F(ServerKeysTest, AnnouncesTheKeyOfTheRotationOnceItHasIt) {
    ServerKeys keys(folder(), log_);
    keys.present(own());
    EXPECT_EQ(keys.hear(std::nullopt), Outcome::kAnnouncement);
    const Pin awaited = make_next();
    ASSERT_TRUE(succession().discard_next());
    EXPECT_EQ(keys.hear(rotation(awaited)), Outcome::kAnnouncement);
    EXPECT_EQ(keys.announcer(), nullptr) << "that there is none would have clients forget it";
    EXPECT_TRUE(keys.is_waiting());
    const Pin other = make_next();
    EXPECT_EQ(keys.look(), Outcome::kNothing) << "another key than the registry's is not announced";
    EXPECT_EQ(keys.hear(rotation(other)), Outcome::kAnnouncement);
    EXPECT_EQ(keys.next_pin(), other);
    EXPECT_FALSE(keys.is_waiting());
    EXPECT_EQ(keys.look(), Outcome::kNothing);
}

TEST_F(ServerKeysTest, SwitchesWhenItIsCommittedAndWaitsWhereItCannot) {
    ServerKeys keys(folder(), log_);
    const identity::Identity before = own();
    keys.present(before);
    const Pin next = make_next();
    EXPECT_EQ(keys.hear(rotation(next)), Outcome::kAnnouncement);
    EXPECT_EQ(keys.hear(Rotation{before.pin(), next, Rotation::State::kCommitted, kMintNow}), Outcome::kSwitched);
    EXPECT_EQ(own().pin(), next);

    const identity::Identity now = own();
    keys.present(now);
    EXPECT_EQ(keys.announcer(), nullptr);
    EXPECT_EQ(keys.hear(Rotation{now.pin(), before.pin(), Rotation::State::kCommitted, kMintNow}), Outcome::kNothing);
    EXPECT_TRUE(keys.is_waiting());
    EXPECT_EQ(own().pin(), next);
}

TEST_F(ServerKeysTest, AWithdrawnKeyIsRemovedAndOneThatWasNotAnnouncedStays) {
    ServerKeys keys(folder(), log_);
    keys.present(own());
    const Pin next = make_next();
    EXPECT_EQ(keys.hear(rotation(next)), Outcome::kAnnouncement);
    EXPECT_EQ(keys.hear(std::nullopt), Outcome::kAnnouncement);
    EXPECT_FALSE(succession().is_begun());
    EXPECT_FALSE(keys.next_pin());
    static_cast<void>(make_next());
    EXPECT_EQ(keys.hear(std::nullopt), Outcome::kNothing);
    EXPECT_TRUE(succession().is_begun()) << "prepare has just made it, and its row is still to come";
}

TEST_F(ServerKeysTest, AKeyFromElsewhereIsNotTouched) {
    ServerKeys keys(std::nullopt, log_);
    const Pin next = make_next();
    keys.present(own());
    EXPECT_EQ(keys.hear(rotation(next)), Outcome::kNothing);
    EXPECT_EQ(keys.announcer(), nullptr);
    EXPECT_EQ(keys.hear(rotation(next, Rotation::State::kCommitted)), Outcome::kNothing);
    EXPECT_NE(own().pin(), next);
}

}  // namespace
}  // namespace cotter::service
