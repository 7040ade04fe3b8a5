// What every store must do for running servers: tell them of changes, and keep what they report.
#include "registry/registry.h"

#include "registry/testing/store.h"

#include <gtest/gtest.h>

namespace cotter::registry {
namespace {

using std::chrono::seconds;
using testing::by_admin;
using testing::key_of;
using testing::kNow;
using testing::name_of;

class RegistryServersTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    RegistryServersTest() { EXPECT_TRUE(registry_->add(web_, {key_of(1)}, std::nullopt, "", by_admin())); }

    [[nodiscard]] std::unique_ptr<Registry> another() const { return testing::open(url_); }

    void report(std::string server, Time now, std::uint64_t version, std::vector<ServerReport::Row> rows = {}) {
        const auto done = registry_->report({std::move(server), now, version, std::move(rows)});
        EXPECT_TRUE(done) << done.error().why;
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
    ClientName web_ = name_of("web");
};

TEST_P(RegistryServersTest, SeesEachCommitOnceWhoeverMadeIt) {
    const auto watcher = another();
    EXPECT_EQ(watcher->changed(), false) << "nothing since it was opened";
    ASSERT_TRUE(registry_->suspend(web_, "", by_admin()));
    EXPECT_TRUE(testing::sees_change(*watcher));
    EXPECT_EQ(watcher->changed(), false);
    EXPECT_EQ(registry_->changed(), true) << "its own commits count";
    EXPECT_EQ(registry_->changed(), false);
    ASSERT_TRUE(watcher->restore(web_, by_admin()));
    ASSERT_TRUE(registry_->suspend(web_, "", by_admin()));
    EXPECT_TRUE(testing::sees_change(*watcher));
    EXPECT_EQ(watcher->changed(), false);
}

TEST_P(RegistryServersTest, ReportsAndInvitationsAreNoChange) {
    const auto watcher = another();
    ASSERT_TRUE(registry_->changed());
    const auto version = registry_->version();
    report("s1", kNow, 1, {{.client = "web", .last_seen = kNow, .last_address = "192.0.2.1", .closed = 1}});
    ASSERT_TRUE(registry_->retire("s1"));
    ASSERT_TRUE(registry_->invite(name_of("db"), InvitationSecret::random(), kNow + seconds(60), {}, by_admin()));
    EXPECT_EQ(registry_->changed(), false);
    EXPECT_EQ(watcher->changed(), false);
    EXPECT_EQ(registry_->version(), version);
    EXPECT_FALSE(registry_->suspend(name_of("ghost"), "", by_admin()));
    EXPECT_EQ(registry_->changed(), false) << "what was refused is no change";
}

TEST_P(RegistryServersTest, WhoWasOnlyEverRefusedWasNeverSeen) {
    report("s1", kNow, 1, {{.client = "web", .last_seen = {}, .last_address = {}, .refused = 2}});
    EXPECT_EQ(registry_->activity_of(web_, kNow)->last_seen, std::nullopt);
    EXPECT_EQ(registry_->activity_of(web_, kNow)->refused, 2U);
    report("s1", kNow, 1, {{.client = "web", .last_seen = kNow, .last_address = "192.0.2.1"}});
    report("s1", kNow, 1, {{.client = "web", .last_seen = {}, .last_address = {}, .refused = 1}});
    EXPECT_EQ(registry_->activity_of(web_, kNow)->last_seen, kNow);
    EXPECT_EQ(registry_->activity_of(web_, kNow)->last_address, "192.0.2.1");
}

TEST_P(RegistryServersTest, SumsWhatServersSawOfAClient) {
    EXPECT_EQ(registry_->activity_of(web_, kNow)->last_seen, std::nullopt);
    report("s1", kNow, 1, {{"web", kNow - seconds(5), "192.0.2.1", 3, 100, 10, 1, 0}});
    report("s2", kNow, 1, {{"web", kNow - seconds(9), "192.0.2.2", 2, 200, 20, 0, 0}});
    report("s1", kNow + seconds(1), 1, {{"web", kNow, "192.0.2.3\n", 1, 7, 0, 0, 0}});
    const auto activity = registry_->activity_of(web_, kNow + seconds(1));
    ASSERT_TRUE(activity);
    EXPECT_EQ(activity->last_seen, kNow);
    EXPECT_EQ(activity->last_address, "192.0.2.3\\x0a") << "escaped";
    EXPECT_EQ(activity->open_streams, 3U);
    EXPECT_EQ(activity->bytes_in, 307U);
    EXPECT_EQ(activity->bytes_out, 30U);
    EXPECT_EQ(activity->refused, 1U);
}

TEST_P(RegistryServersTest, StreamsOfDeadAndRetiredServersArentOpen) {
    report("s1", kNow, 1, {{"web", kNow, "192.0.2.1", 3, 1, 1, 0, 0}});
    report("s2", kNow, 1, {{"web", kNow, "192.0.2.1", 2, 1, 1, 0, 0}});
    report("s2", kNow + seconds(2), 1);
    EXPECT_EQ(registry_->activity_of(web_, kNow + seconds(3))->open_streams, 5U);
    EXPECT_EQ(registry_->activity_of(web_, kNow + seconds(4))->open_streams, 2U);
    ASSERT_TRUE(registry_->retire("s2"));
    EXPECT_EQ(registry_->activity_of(web_, kNow + seconds(4))->open_streams, 0U);
    EXPECT_EQ(registry_->activity_of(web_, kNow + seconds(4))->bytes_in, 2U) << "totals stay";
}

TEST_P(RegistryServersTest, SaysWhatLiveServersDidAboutAChange) {
    report("s1", kNow, 1);
    report("s2", kNow, 1);
    report("dead", kNow - seconds(4), 9);
    const auto revoked = registry_->revoke(web_, "lost", by_admin());
    ASSERT_TRUE(revoked);
    auto enforcement = registry_->enforcement("web", *revoked, kNow);
    ASSERT_TRUE(enforcement);
    EXPECT_EQ(enforcement->servers, 2U);
    EXPECT_EQ(enforcement->servers_applied, 0U);
    EXPECT_EQ(enforcement->streams_closed, 0U);

    report("s1", kNow, *revoked, {{.client = "web", .last_seen = kNow, .last_address = {}, .closed = 2}});
    report("s2", kNow, *revoked + 1, {{.client = "web", .last_seen = kNow, .last_address = {}, .closed = 3}});
    ASSERT_TRUE(registry_->remove(web_, by_admin()));
    enforcement = registry_->enforcement("web", *revoked, kNow);
    ASSERT_TRUE(enforcement);
    EXPECT_EQ(enforcement->servers_applied, 2U);
    EXPECT_EQ(enforcement->streams_closed, 5U) << "also after the client was removed";
    EXPECT_EQ(registry_->enforcement("web", *revoked + 1, kNow)->servers_applied, 1U);
    EXPECT_EQ(registry_->enforcement("web", *revoked + 1, kNow)->streams_closed, 3U);
    EXPECT_EQ(registry_->enforcement("db", *revoked, kNow)->streams_closed, 0U);
}

TEST_P(RegistryServersTest, ANewClientInheritsNothingOfARemovedOneOfItsName) {
    report("s1", kNow, 1, {{"web", kNow, "192.0.2.1", 3, 1, 1, 0, 0}});
    ASSERT_TRUE(registry_->remove(web_, by_admin()));
    report("s1", kNow, 2, {{"web", kNow, "192.0.2.1", 0, 5, 5, 0, 3}});
    ASSERT_TRUE(registry_->add(web_, {key_of(2)}, std::nullopt, "", by_admin()));
    EXPECT_EQ(registry_->activity_of(web_, kNow)->last_seen, std::nullopt);
    EXPECT_EQ(registry_->activity_of(web_, kNow)->open_streams, 0U);
    EXPECT_EQ(registry_->activity_of(web_, kNow)->bytes_in, 0U);
}

INSTANTIATE_TEST_SUITE_P(Stores, RegistryServersTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
