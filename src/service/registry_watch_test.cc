// The watching thread with a real store: a change is noticed, a store that is away is noticed, and its return.
#include "service/registry_watch.h"

#include "registry/testing/store.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace cotter::service {
namespace {

using registry::testing::by_admin;
using registry::testing::Folder;
using registry::testing::key_of;
using registry::testing::name_of;

constexpr std::chrono::seconds kPatience{20};

/// A watch with somewhere to put what it publishes; answers for the threads of a server.
class Watched {
  public:
    explicit Watched(const std::string& url) : watch_(std::move(*RegistryWatch::open(url, ledger, log_))) {
        ledger.applied(0, watch_->first_snapshot()->version());
        watch_->start(
            [this](std::shared_ptr<const registry::Snapshot> snapshot) {
                const std::scoped_lock lock(mutex_);
                latest_ = std::move(snapshot);
                ledger.applied(0, latest_->version());
                changed_.notify_all();
            },
            [this](const Pin&, std::optional<registry::Rotation> rotation) {
                const std::scoped_lock lock(mutex_);
                heard_.push_back(std::move(rotation));
                changed_.notify_all();
            });
    }
    /// Everything that was said of a rotation, once it is as much as that.
    [[nodiscard]] std::vector<std::optional<registry::Rotation>> heard(std::size_t count) {
        std::unique_lock lock(mutex_);
        static_cast<void>(changed_.wait_for(lock, kPatience, [&] { return heard_.size() >= count; }));
        return heard_;
    }
    [[nodiscard]] bool sees_version(std::uint64_t version) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return latest_ && latest_->version() >= version; });
    }
    [[nodiscard]] RegistryWatch& watch() { return *watch_; }

    Ledger ledger{1};

  private:
    Log log_{LogFormat::kText, LogLevel::kError};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const registry::Snapshot> latest_;
    std::vector<std::optional<registry::Rotation>> heard_;
    std::unique_ptr<RegistryWatch> watch_;
};

/// Whether it becomes so; asked again and again, since nothing tells of it.
bool becomes(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

struct Watching : ::testing::TestWithParam<registry::testing::StoreKind> {
    Folder folder;
    std::string url = GetParam().url(folder.path());
    std::unique_ptr<registry::Registry> owner = registry::testing::open(url);
};

TEST_P(Watching, A198_AChangeByAnotherProcessIsPublished) {
    Watched watched(url);
    const auto added = owner->add(name_of("alice"), {key_of(1)}, std::nullopt, "", by_admin());
    ASSERT_TRUE(added);
    EXPECT_TRUE(watched.sees_version(*added));
    const auto revoked = owner->revoke(name_of("alice"), "", by_admin());
    ASSERT_TRUE(revoked);
    EXPECT_TRUE(watched.sees_version(*revoked));
}

TEST_P(Watching, A198_AChangeBetweenOpeningAndStartingIsNotLost) {
    std::atomic<std::uint64_t> seen{0};  // outlives the thread that writes it
    Ledger ledger(1);
    Log log(LogFormat::kText, LogLevel::kError);
    auto watch = RegistryWatch::open(url, ledger, log);
    ASSERT_TRUE(watch);
    const auto added = owner->add(name_of("alice"), {key_of(1)}, std::nullopt, "", by_admin());
    ASSERT_TRUE(added);
    (*watch)->start(
        [&](const std::shared_ptr<const registry::Snapshot>& snapshot) {
            ledger.applied(0, snapshot->version());
            seen = snapshot->version();
        },
        {});
    EXPECT_TRUE(becomes([&] { return seen >= *added; }));
}

TEST_P(Watching, TellsOfARotationOfTheKeyThatItFollowsAndOfNoOther) {
    registry::Rotations rotations(*owner);
    const Pin present = key_of(1).pin;
    const Pin next = key_of(2).pin;
    Watched watched(url);
    watched.watch().follow(present, std::nullopt);
    ASSERT_EQ(watched.heard(1), std::vector{std::optional<registry::Rotation>()}) << "that there is none is said, too";
    ASSERT_TRUE(rotations.prepare(key_of(3).pin, key_of(4).pin, by_admin()));
    ASSERT_TRUE(rotations.prepare(present, next, by_admin()));
    const auto prepared = rotations.from(present);
    ASSERT_TRUE(prepared && *prepared);
    ASSERT_EQ(watched.heard(2).back(), **prepared);
    ASSERT_TRUE(rotations.abort(**prepared, by_admin()));
    const auto heard = watched.heard(3);
    EXPECT_EQ(heard.size(), 3);
    EXPECT_FALSE(heard.back());
}

TEST_P(Watching, AJoinIsPublishedBeforeItIsAnswered) {
    Watched watched(url);
    const auto secret = registry::InvitationSecret(std::array<std::byte, 16>{std::byte{7}});
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    ASSERT_TRUE(owner->invite(name_of("alice"), secret, now + std::chrono::hours(1), std::nullopt, by_admin(now)));
    std::mutex mutex;
    std::condition_variable answered;
    std::vector<bool> answers;
    std::vector<std::uint64_t> applied;
    const auto on_joined = [&](const Result<registry::Client>& client) {
        const std::scoped_lock lock(mutex);
        answers.push_back(client.has_value());
        applied.push_back(watched.ledger.applied_by_all());
        answered.notify_all();
    };
    const auto before = watched.ledger.applied_by_all();
    ASSERT_TRUE(watched.watch().join(secret, key_of(1), "192.0.2.1:5000", on_joined));
    ASSERT_TRUE(watched.watch().join(secret, key_of(2), "192.0.2.1:5001", on_joined));
    std::unique_lock lock(mutex);
    ASSERT_TRUE(answered.wait_for(lock, kPatience, [&] { return answers.size() == 2; }));
    EXPECT_EQ(answers, (std::vector{true, false})) << "a code works once";
    EXPECT_GT(applied.front(), before);
}

INSTANTIATE_TEST_SUITE_P(Stores, Watching, ::testing::ValuesIn(registry::testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

/// A store that can be taken away by a word.
struct WatchingAFile : ::testing::Test {
    Folder folder;
    std::string url = "sqlite:" + (folder.path() / "registry.db").string();
    std::unique_ptr<registry::Registry> owner = registry::testing::open(url);
};

TEST_F(WatchingAFile, A194_AStoreThatIsAwayMakesNothingFreshUntilItIsBack) {
    Watched watched(url);
    const auto& freshness = watched.watch().freshness();
    const auto at_first = freshness.load();
    ASSERT_TRUE(becomes([&] { return freshness.load() > at_first; }));

    const auto away = folder.path().parent_path() / (folder.path().filename().string() + ".away");
    std::filesystem::rename(folder.path(), away);
    // Once it is noticed nothing moves any more: two looks of the thread without a step.
    auto last = freshness.load();
    auto since = std::chrono::steady_clock::now();
    EXPECT_TRUE(becomes([&] {
        if (const auto now = freshness.load(); now != last) {
            last = now;
            since = std::chrono::steady_clock::now();
        }
        return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(700);
    })) << "a store that is gone stays fresh";

    std::filesystem::rename(away, folder.path());
    EXPECT_TRUE(becomes([&] { return freshness.load() > last; }));
}

TEST_F(WatchingAFile, AServerWithoutARegistryDoesNotStart) {
    Ledger ledger(1);
    Log log(LogFormat::kText, LogLevel::kError);
    // The store itself is in the place of the folder.
    EXPECT_FALSE(RegistryWatch::open(url + "/registry.db", ledger, log));
    EXPECT_FALSE(RegistryWatch::open("nosuch:x", ledger, log));
}

}  // namespace
}  // namespace cotter::service
