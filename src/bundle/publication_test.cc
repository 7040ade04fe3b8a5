#include "bundle/publication.h"

#include "bundle/testing/owner.h"
#include "bundle/updater.h"
#include "files/testing/scratch_folder.h"

#include <gtest/gtest.h>

namespace cotter::bundle {
namespace {

using files::testing::content_of;
using files::testing::ScratchFolder;
using testing::kNow;
using testing::kPolicy;
using testing::make_signing_key;
using testing::must;

/// An owner whose keys are at hand, and a client of the folder.
class PublicationTest : public ::testing::Test {
  protected:
    PublicationTest() {
        for (const Role role : kRoles) keys_[role] = {make_signing_key()};
    }

    Publication publication(x509::Time now = kNow) {
        return {PublishedFolder(folder_.path()),
                [this](Role role) -> Result<std::vector<SigningKey>> { return keys_.at(role); }, Lives{}, now};
    }

    void begin(std::uint64_t threshold = 1, std::vector<Key> more = {}) {
        std::map<Role, std::vector<Key>> halves;
        for (const auto& [role, keys] : keys_) halves[role] = {keys.front().half};
        halves[Role::kRoot].insert(halves[Role::kRoot].end(), more.begin(), more.end());
        const Published done = must(publication().begin(halves, threshold));
        EXPECT_EQ(done.is_complete, threshold == 1);
        if (done.is_complete) trusted_ = must(begin_with(content_of(folder_ / "metadata/1.root.json")));
    }

    std::string fetch(x509::Time now = kNow) {
        const auto repository = must(Location::parse(folder_.path().string())).open(std::chrono::seconds(10));
        const auto take_all = [](const std::string&, const std::string&) -> Result<void> { return {}; };
        Update done = update(trusted_, *repository, "policy.toml", take_all, now);
        trusted_ = std::move(done.trusted);
        return done.failure ? done.failure->code : must(in_use(trusted_, now)).files.at("policy.toml");
    }

    ScratchFolder folder_;
    std::map<Role, std::vector<SigningKey>> keys_;
    Trusted trusted_;
};

TEST_F(PublicationTest, WhatIsPublishedIsFetched) {
    begin();
    EXPECT_EQ(must(publication().publish({{"policy.toml", std::string(kPolicy)}}, {})).version, 1U);
    EXPECT_EQ(fetch(), kPolicy);
    EXPECT_EQ(must(publication().publish({{"policy.toml", "version = 1\n"}, {"b.toml", "b"}}, {})).version, 2U);
    EXPECT_EQ(fetch(), "version = 1\n");
    EXPECT_EQ(must(publication().publish({}, {"policy.toml"})).version, 3U);
    EXPECT_EQ(fetch(), "bundle_no_target");
    EXPECT_FALSE(publication().publish({}, {"policy.toml"})) << "it isn't in it any more";
    EXPECT_FALSE(publication().begin({}, 1)) << "there is one";
}

TEST_F(PublicationTest, ARefreshSaysThatNothingHasChanged) {
    begin();
    EXPECT_FALSE(publication().refresh()) << "nothing is published";
    must(publication().publish({{"policy.toml", std::string(kPolicy)}}, {}));
    const x509::Time later = kNow + std::chrono::days(8);
    EXPECT_EQ(fetch(later), "policy_expired");
    EXPECT_EQ(must(publication(later).refresh()).version, 2U);
    EXPECT_EQ(fetch(later), kPolicy);
    EXPECT_EQ(must(in_use(trusted_, later)).versions.targets, 1U);
}

TEST_F(PublicationTest, ARootOfTwoSignersWaitsForBoth) {
    const SigningKey other = make_signing_key(identity::KeyChoice::kP256);
    begin(2, {other.half});
    EXPECT_FALSE(publication().publish({{"policy.toml", std::string(kPolicy)}}, {})) << "there is no root yet";
    EXPECT_FALSE(publication().sign(Role::kRoot, make_signing_key())) << "anybody's key";
    EXPECT_FALSE(publication().sign(Role::kTargets, other)) << "nothing waits there";
    EXPECT_TRUE(must(publication().sign(Role::kRoot, other)).is_complete);
    EXPECT_FALSE(publication().sign(Role::kRoot, other)) << "nothing waits any more";
    trusted_ = must(begin_with(content_of(folder_ / "metadata/1.root.json")));
    must(publication().publish({{"policy.toml", std::string(kPolicy)}}, {}));
    EXPECT_EQ(fetch(), kPolicy);
}

TEST_F(PublicationTest, TargetsOfTwoSignersAreAnnouncedOnceBothHaveSigned) {
    begin();
    const SigningKey other = make_signing_key();
    must(publication().publish({{"policy.toml", std::string(kPolicy)}}, {}));
    ASSERT_TRUE(
        must(publication().change_keys({.role = Role::kTargets, .added = {other.half}, .threshold = 2})).is_complete);
    const Published waits = must(publication().publish({{"policy.toml", "version = 1\n"}}, {}));
    EXPECT_FALSE(waits.is_complete);
    EXPECT_EQ(waits.missing, 1U);
    EXPECT_TRUE(must(publication().sign(Role::kTargets, other)).is_complete);
    EXPECT_EQ(fetch(), "version = 1\n");
}

TEST_F(PublicationTest, ADroppedKeyIsFollowedAndWhatItSignedIsSignedAnew) {
    begin();
    must(publication().publish({{"policy.toml", std::string(kPolicy)}}, {}));
    ASSERT_EQ(fetch(), kPolicy);
    const SigningKey fresh = make_signing_key();
    const std::string old_id = keys_[Role::kTargets].front().half.digest();
    must(publication().change_keys({.role = Role::kTargets, .added = {fresh.half}}));
    keys_[Role::kTargets] = {fresh};
    EXPECT_TRUE(
        must(publication().change_keys({.role = Role::kTargets, .dropped = {old_id.substr(0, 12)}})).is_complete);
    EXPECT_EQ(fetch(), kPolicy);
    EXPECT_EQ(must(in_use(trusted_, kNow)).versions, (Versions{3, 2, 2, 2}));
    EXPECT_FALSE(publication().change_keys({.role = Role::kTargets, .dropped = {fresh.half.digest()}}))
        << "nobody would be left to sign";
    EXPECT_FALSE(publication().change_keys({.role = Role::kTargets, .dropped = {"zz"}}));
    EXPECT_FALSE(publication().change_keys({.role = Role::kTargets, .threshold = 3}));
}

TEST_F(PublicationTest, A139_TheSameKeyAddedTwiceIsOneKey) {
    begin();
    const Key own = keys_[Role::kTargets].front().half;
    EXPECT_FALSE(publication().change_keys({.role = Role::kTargets, .added = {own}, .threshold = 2}));
}

TEST_F(PublicationTest, NothingIsAnnouncedWithoutTheOnlineKeys) {
    begin();
    const auto snapshot_keys = std::exchange(keys_[Role::kSnapshot], {make_signing_key()});
    const auto done = publication().publish({{"policy.toml", std::string(kPolicy)}}, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "bundle_keys_missing");
    keys_[Role::kSnapshot].clear();
    EXPECT_FALSE(std::filesystem::exists(folder_ / "metadata/timestamp.json"));
    const Published signed_only = must(publication().publish({}, {}));
    EXPECT_FALSE(signed_only.is_complete);
    EXPECT_EQ(signed_only.missing, 0U);
    keys_[Role::kSnapshot] = snapshot_keys;
    EXPECT_TRUE(must(publication().publish({}, {})).is_complete);
    EXPECT_EQ(fetch(), kPolicy);
}

}  // namespace
}  // namespace cotter::bundle
