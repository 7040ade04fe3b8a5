// The workflow against everything that a repository, or somebody before it, can do.
#include "bundle/updater.h"

#include "bundle/testing/client.h"

#include <gtest/gtest.h>

#include <functional>

namespace cotter::bundle {
namespace {

using testing::Client;
using testing::kNow;
using testing::kOtherPolicy;
using testing::kPolicy;
using testing::make_signing_key;
using testing::must;
using testing::Owner;

TEST(Updater, FetchesWhatWasPublishedAndThenOnlyWhatIsNew) {
    Owner owner;
    Client client(owner);
    EXPECT_EQ(client.used(), "bundle_never_fetched");
    EXPECT_EQ(client.fetch(owner), "");
    EXPECT_EQ(client.used(), kPolicy);
    owner.repository.asked.clear();
    EXPECT_EQ(client.fetch(owner), "");
    EXPECT_EQ(owner.repository.asked, (std::vector<std::string>{"metadata/2.root.json", "metadata/timestamp.json"}));
    owner.next(std::string(kOtherPolicy));
    EXPECT_EQ(client.fetch(owner), "");
    EXPECT_EQ(client.used(), kOtherPolicy);
    EXPECT_EQ(must(in_use(client.trusted, kNow)).versions, (Versions{1, 2, 2, 2}));
}

TEST(Updater, FollowsAChainOfRootsToKeysThatItNeverSaw) {
    Owner owner;
    Client client(owner);
    for (int i = 0; i < 3; ++i) {
        for (const Role role : kRoles) owner.keys[role] = {make_signing_key(identity::KeyChoice::kP256)};
        owner.rotate();
    }
    owner.next(std::string(kOtherPolicy));
    EXPECT_EQ(client.fetch(owner), "");
    EXPECT_EQ(client.used(), kOtherPolicy);
    EXPECT_EQ(must(in_use(client.trusted, kNow)).versions.root, 4U);
}

TEST(Updater, FollowsLongChainsOfRootsInParts) {
    Owner owner;
    Client client(owner);
    for (unsigned i = 0; i < kMostRoots + 1; ++i) owner.rotate();
    EXPECT_EQ(client.fetch(owner), "");
    EXPECT_EQ(must(in_use(client.trusted, kNow)).versions.root, kMostRoots + 1);
    EXPECT_EQ(client.fetch(owner), "");
    EXPECT_EQ(must(in_use(client.trusted, kNow)).versions.root, kMostRoots + 2);
}

// A134: old versions.

/// What an owner had published before.
struct Old {
    Targets targets;
    std::map<std::string, std::string> contents;
    std::map<std::string, std::string> files;
};

TEST(Updater, A134_RefusesAnythingOlderThanWasTrusted) {
    const struct {
        std::string_view what;
        std::function<void(Owner&, const Old& old)> attack;
    } kRows[] = {
        {"the old timestamp", [](Owner& owner, const Old& old) { owner.repository.files = old.files; }},
        {"a fresh timestamp that names the old snapshot",
         [](Owner& owner, const Old&) {
             ++owner.timestamp.version;
             owner.timestamp.snapshot = describe(owner.repository.files.at("metadata/1.snapshot.json"), 1);
             owner.publish_timestamp();
         }},
        {"a fresh snapshot that names the old targets",
         [](Owner& owner, const Old& old) {
             ++owner.timestamp.version;
             ++owner.snapshot.version;
             owner.targets = old.targets;
             owner.contents = old.contents;
             owner.publish();
         }},
        {"a fresh snapshot that lacks a role that was there",
         [](Owner& owner, const Old&) {
             ++owner.timestamp.version;
             ++owner.snapshot.version;
             owner.snapshot.files.erase("delegated.json");
             owner.publish();
         }},
    };
    for (const auto& row : kRows) {
        Owner owner;
        owner.snapshot.files["delegated.json"] = FileDescription{3, {}, {}};
        owner.publish();
        const Old old{owner.targets, owner.contents, owner.repository.files};
        Client client(owner);
        owner.next(std::string(kOtherPolicy));
        ASSERT_EQ(client.fetch(owner), "") << row.what;
        row.attack(owner, old);
        EXPECT_EQ(client.fetch(owner), "bundle_rolled_back") << row.what;
        EXPECT_EQ(client.used(), kOtherPolicy) << row.what;
    }
}

TEST(Updater, A134_RefusesAnOlderTimestampAlsoOfTheSameSnapshot) {
    Owner owner;
    Client client(owner);
    const std::string old = owner.repository.files.at("metadata/timestamp.json");
    ++owner.timestamp.version;
    owner.publish_timestamp();
    ASSERT_EQ(client.fetch(owner), "");
    owner.repository.files["metadata/timestamp.json"] = old;
    EXPECT_EQ(client.fetch(owner), "bundle_rolled_back");
}

TEST(Updater, A134_RefusesAnOldRootUnderTheNextName) {
    Owner owner;
    Client client(owner);
    owner.repository.files["metadata/2.root.json"] = owner.first_root();
    EXPECT_EQ(client.fetch(owner), "bundle_rolled_back");
    EXPECT_EQ(client.used(), "bundle_never_fetched");
}

TEST(Updater, A134_RemembersTheNewestTimestampAlsoWhereItsRestNeverCame) {
    Owner owner;
    Client client(owner);
    ASSERT_EQ(client.fetch(owner), "");
    const auto old = owner.repository.files;
    owner.next(std::string(kOtherPolicy));
    owner.repository.unreachable.insert("metadata/2.snapshot.json");
    EXPECT_EQ(client.fetch(owner), "fetch_failed");
    EXPECT_EQ(client.used(), kPolicy) << "what was good stays in use";
    owner.repository.files = old;
    EXPECT_EQ(client.fetch(owner), "bundle_rolled_back");
}

// A135: nothing new.

TEST(Updater, A135_WhatNobodyRenewsEnds) {
    const struct {
        std::string_view what;
        std::function<Dated&(Owner&)> part;
    } kRows[] = {{"root", [](Owner& owner) -> Dated& { return owner.root; }},
                 {"timestamp", [](Owner& owner) -> Dated& { return owner.timestamp; }},
                 {"snapshot", [](Owner& owner) -> Dated& { return owner.snapshot; }},
                 {"targets", [](Owner& owner) -> Dated& { return owner.targets; }}};
    for (const auto& row : kRows) {
        Owner owner;
        row.part(owner).expires = kNow + std::chrono::hours(1);
        owner.old_root.reset();
        owner.publish_root();
        owner.publish();
        Client client(owner);
        const x509::Time end = kNow + std::chrono::hours(1);
        EXPECT_EQ(client.fetch(owner, end - std::chrono::seconds(1)), "") << row.what;
        EXPECT_EQ(client.used(end - std::chrono::seconds(1)), kPolicy) << row.what;
        EXPECT_EQ(must(in_use(client.trusted, kNow)).until, end) << row.what;
        EXPECT_EQ(client.fetch(owner, end), "policy_expired") << row.what;
        EXPECT_EQ(client.used(end), "policy_expired") << row.what;
        Client fresh(owner);
        EXPECT_EQ(fresh.fetch(owner, end), "policy_expired") << row.what << ", the first time";
    }
}

// A136: parts of different versions.

TEST(Updater, A136_RefusesPartsOfDifferentVersions) {
    const struct {
        std::string_view what;
        std::string_view code;
        std::function<void(Owner&)> attack;
    } kRows[] = {
        {"an old snapshot under the new name", "bundle_mixed",
         [](Owner& owner) {
             owner.repository.files["metadata/2.snapshot.json"] = owner.repository.files["metadata/1.snapshot.json"];
         }},
        {"old targets under the new name", "bundle_mixed",
         [](Owner& owner) {
             owner.repository.files["metadata/2.targets.json"] = owner.repository.files["metadata/1.targets.json"];
         }},
        {"old targets, named without a hash", "bundle_mixed",
         [](Owner& owner) {
             owner.repository.files["metadata/2.targets.json"] = owner.repository.files["metadata/1.targets.json"];
             owner.snapshot.files["targets.json"] = FileDescription{2, {}, {}};
             const std::string text = owner.signed_text(owner.snapshot, {&owner.root}, owner.keys[Role::kSnapshot]);
             owner.repository.files["metadata/2.snapshot.json"] = text;
             owner.timestamp.snapshot = describe(text, 2);
             owner.publish_timestamp();
         }},
        {"the old policy under the new name", "bundle_wrong_content",
         [](Owner& owner) {
             for (auto& [name, content] : owner.repository.files) {
                 if (content == kOtherPolicy) content = kPolicy;
             }
         }},
    };
    for (const auto& row : kRows) {
        Owner owner;
        owner.next(std::string(kOtherPolicy));
        row.attack(owner);
        Client client(owner);
        EXPECT_EQ(client.fetch(owner), row.code) << row.what;
        EXPECT_EQ(client.used(), "bundle_never_fetched") << row.what;
    }
}

// A137: fast-forward, and the way out of it.

TEST(Updater, A137_RotatedKeysBringVersionsBackThatAThiefHadRunUp) {
    constexpr std::uint64_t kTop = 9223372036854775807U;
    const struct {
        std::string_view what;
        std::function<void(Owner&)> attack;
        std::vector<Role> stolen;
    } kRows[] = {
        {"timestamp", [](Owner& owner) { owner.timestamp.version = kTop; }, {Role::kTimestamp}},
        {"snapshot",
         [](Owner& owner) {
             owner.snapshot.version = kTop;
             ++owner.timestamp.version;
         },
         {Role::kSnapshot, Role::kTimestamp}},
        {"targets",
         [](Owner& owner) {
             owner.targets.version = kTop;
             ++owner.snapshot.version;
             ++owner.timestamp.version;
         },
         {Role::kTargets, Role::kSnapshot, Role::kTimestamp}},
        {"targets, where theirs alone is rotated",
         [](Owner& owner) {
             owner.targets.version = kTop;
             ++owner.snapshot.version;
             ++owner.timestamp.version;
         },
         {Role::kTargets}},
    };
    for (const auto& row : kRows) {
        Owner owner;
        Client client(owner);
        const Targets targets = owner.targets;
        const Snapshot snapshot = owner.snapshot;
        const Timestamp timestamp = owner.timestamp;
        row.attack(owner);
        owner.publish();
        ASSERT_EQ(client.fetch(owner), "") << row.what;
        owner.targets = targets;
        owner.snapshot = snapshot;
        owner.timestamp = timestamp;
        // The versions go on from where the owner was, beyond what the thief had to raise besides.
        owner.targets.version += 1;
        owner.snapshot.version += 2;
        owner.timestamp.version += 2;
        owner.contents["policy.toml"] = kOtherPolicy;
        owner.publish();
        EXPECT_EQ(client.fetch(owner), "bundle_rolled_back") << row.what << ": so the thief holds the owner off";
        for (const Role role : row.stolen) owner.keys[role] = {make_signing_key()};
        owner.rotate();
        ++owner.snapshot.version;
        ++owner.timestamp.version;
        owner.publish();
        EXPECT_EQ(client.fetch(owner), "") << row.what;
        EXPECT_EQ(client.used(), kOtherPolicy) << row.what;
    }
}

TEST(Updater, A137_WhatOnlyLostKeysSignedIsNotUsedAnyMore) {
    Owner owner;
    Client client(owner);
    ASSERT_EQ(client.fetch(owner), "");
    owner.keys[Role::kTargets] = {make_signing_key()};
    owner.rotate();
    owner.repository.unreachable.insert("metadata/timestamp.json");
    EXPECT_EQ(client.fetch(owner), "fetch_failed");
    EXPECT_EQ(client.used(), "bundle_under_signed");
}

TEST(Updater, A137_ARotationOfTheRootsKeysAloneForgetsNothing) {
    Owner owner;
    Client client(owner);
    const auto old = owner.repository.files;
    owner.next(std::string(kOtherPolicy));
    ASSERT_EQ(client.fetch(owner), "");
    owner.keys[Role::kRoot] = {make_signing_key()};
    owner.rotate();
    const std::string second = owner.repository.files.at("metadata/2.root.json");
    owner.repository.files = old;
    owner.repository.files["metadata/2.root.json"] = second;
    EXPECT_EQ(client.fetch(owner), "bundle_rolled_back");
}

// A138: endless data.

TEST(Updater, A138_NothingIsReadBeyondItsBounds) {
    const struct {
        std::string_view name;
        std::size_t octets;
        std::string_view code;
    } kRows[] = {
        {"metadata/2.root.json", kMostRoot + 1, "bundle_too_large"},
        {"metadata/timestamp.json", kMostTimestamp + 1, "bundle_too_large"},
        {"metadata/1.snapshot.json", kMostSnapshot + 1, "bundle_too_large"},
        {"metadata/1.targets.json", kMostTargets + 1, "bundle_too_large"},
    };
    for (const auto& row : kRows) {
        Owner owner;
        Client client(owner);
        owner.repository.files[std::string(row.name)] = std::string(row.octets, ' ');
        EXPECT_EQ(client.fetch(owner), row.code) << row.name;
    }
    Owner owner;
    Client client(owner);
    for (auto& [name, content] : owner.repository.files) {
        if (name.starts_with("targets/")) content += "x";
    }
    EXPECT_EQ(client.fetch(owner), "bundle_too_large") << "one octet more than was signed for is not even read";
}

TEST(Updater, A138_RefusesATargetThatIsSignedAndTooLarge) {
    Owner owner;
    owner.contents["policy.toml"] = std::string(kMostTargetFile + 1, '#');
    owner.publish();
    Client client(owner);
    EXPECT_EQ(client.fetch(owner), "bundle_too_large");
}

// A139, as the workflow sees it.

TEST(Updater, A139_ARootNeedsTheThresholdOfTheOneBeforeAndOfItself) {
    for (const bool is_stolen_key_alone : {true, false}) {
        Owner owner;
        owner.keys[Role::kRoot] = {make_signing_key(), make_signing_key()};
        owner.root.roles[Role::kRoot].threshold = 2;
        owner.root.keys.clear();
        owner.old_root.reset();
        owner.publish_root();
        owner.publish();
        Client client(owner);
        if (is_stolen_key_alone) owner.old_root_keys.pop_back();
        owner.keys[Role::kRoot] = {make_signing_key(), make_signing_key()};
        owner.rotate();
        owner.next(std::string(kOtherPolicy));
        EXPECT_EQ(client.fetch(owner), is_stolen_key_alone ? "bundle_under_signed" : "");
    }
}

TEST(Updater, ATargetThatIsNoPolicyDoesNotTakeTheGoodOnesPlace) {
    Owner owner;
    Client client(owner);
    ASSERT_EQ(client.fetch(owner), "");
    owner.next("version = 7\n");
    EXPECT_EQ(client.fetch(owner, kNow,
                           [](const std::string&, const std::string&) -> Result<void> {
                               return refused(Refusal::kUnusable, "reading", "no");
                           }),
              "bundle_unusable");
    EXPECT_EQ(client.used(), kPolicy);
}

TEST(Updater, SaysThatATargetIsNotThere) {
    Owner owner;
    owner.contents = {{"other.toml", std::string(kPolicy)}};
    owner.publish();
    Client client(owner);
    EXPECT_EQ(client.fetch(owner), "bundle_no_target");
}

TEST(Updater, ARootThatItsOwnKeysDidNotSignBeginsNothing) {
    Owner owner;
    EXPECT_TRUE(begin_with(owner.first_root()));
    owner.keys[Role::kRoot] = {make_signing_key()};
    const std::string unsigned_root = unsigned_file(to_sign(owner.root));
    ASSERT_FALSE(begin_with(unsigned_root));
    EXPECT_EQ(begin_with(unsigned_root).error().code, "bundle_under_signed");
}

TEST(Updater, WhatIsKeptIsCheckedAnewWhenItIsUsed) {
    Owner owner;
    Client client(owner);
    ASSERT_EQ(client.fetch(owner), "");
    client.trusted.accepted.files["policy.toml"] = kOtherPolicy;
    EXPECT_EQ(client.used(), "bundle_wrong_content");
    client.trusted.accepted.files = {{"another.toml", std::string(kPolicy)}};
    EXPECT_FALSE(in_use(client.trusted, kNow));
}

}  // namespace
}  // namespace cotter::bundle
