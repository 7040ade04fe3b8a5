// What every store must do with clients and keys, asked of Registry only.
#include "registry/registry.h"

#include "registry/audit_check.h"
#include "registry/audit_log.h"
#include "registry/testing/store.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace cotter::registry {
namespace {

using testing::by_admin;
using testing::canonical_of;
using ::testing::HasSubstr;
using testing::key_of;
using testing::kNow;
using testing::name_of;
using testing::pin_of;

class RegistryTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    [[nodiscard]] std::unique_ptr<Registry> another() const { return testing::open(url_); }

    std::uint64_t add(std::string_view name, const NewKey& key) {
        const auto version = registry_->add(name_of(name), {key}, std::nullopt, "", by_admin());
        EXPECT_TRUE(version) << version.error().why;
        return version.value_or(0);
    }

    /// The code of the Error that adding gives, or "" where it worked.
    std::string refusal_of_add(std::string_view name, const NewKey& key) {
        const auto version = registry_->add(name_of(name), {key}, std::nullopt, "", by_admin());
        return version ? "" : version.error().code;
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
};

TEST_P(RegistryTest, KeepsAClientWithAllThatIsKnownOfIt) {
    const NewKey key{pin_of(1), canonical_of(1), x509::IssuerAndSerial{{std::byte{0x30}}, {std::byte{7}}}};
    const Time expires = kNow + std::chrono::hours(5);
    ASSERT_TRUE(registry_->add(name_of("web"), {key, {pin_of(2), {}, {}}}, expires, "rack 4", by_admin()));

    const auto client = another()->find(name_of("web"));
    ASSERT_TRUE(client);
    EXPECT_EQ(client->name, name_of("web"));
    EXPECT_EQ(client->state, ClientState::kActive);
    EXPECT_EQ(client->expires, expires);
    EXPECT_EQ(client->note, "rack 4");
    EXPECT_EQ(client->added, kNow);
    EXPECT_EQ(client->state_actor, "admin@host");
    ASSERT_EQ(client->keys.size(), 2U);
    EXPECT_EQ(client->keys[0].pin, key.pin);
    EXPECT_EQ(client->keys[0].canonical, key.canonical);
    EXPECT_EQ(client->keys[0].certificate, key.certificate);
    EXPECT_EQ(client->keys[1].canonical, std::nullopt);
    EXPECT_EQ(client->keys[1].certificate, std::nullopt);
}

TEST_P(RegistryTest, ListsByName) {
    add("b", key_of(1));
    add("a-z", key_of(2));
    add("a", key_of(3));
    const auto clients = registry_->list();
    ASSERT_TRUE(clients);
    std::vector<std::string> names;
    for (const Client& client : *clients) {
        names.push_back(client.name.text());
        EXPECT_EQ(client.keys.size(), 1U);
    }
    EXPECT_THAT(names, ::testing::ElementsAre("a", "a-z", "b"));
}

TEST_P(RegistryTest, RefusesWhatANonexistentClientCannotDo) {
    const ClientName ghost = name_of("ghost");
    EXPECT_EQ(registry_->find(ghost).error().code, "no_such_client");
    EXPECT_EQ(registry_->suspend(ghost, "", by_admin()).error().code, "no_such_client");
    EXPECT_EQ(registry_->restore(ghost, by_admin()).error().code, "no_such_client");
    EXPECT_EQ(registry_->revoke(ghost, "", by_admin()).error().code, "no_such_client");
    EXPECT_EQ(registry_->remove(ghost, by_admin()).error().code, "no_such_client");
    EXPECT_EQ(registry_->add_key(ghost, key_of(1), by_admin()).error().code, "no_such_client");
    EXPECT_EQ(registry_->drop_key(ghost, pin_of(1), by_admin()).error().code, "no_such_client");
    EXPECT_EQ(registry_->activity_of(ghost, kNow).error().code, "no_such_client");
    EXPECT_EQ(registry_->version(), 0U);
}

TEST_P(RegistryTest, ChangesStatesOnlyAsTheyFollowEachOther) {
    const ClientName web = name_of("web");
    add("web", key_of(1));
    EXPECT_EQ(registry_->restore(web, by_admin()).error().code, "client_active");
    ASSERT_TRUE(registry_->suspend(web, "on leave", by_admin(kNow + std::chrono::seconds(9))));
    const auto suspended = registry_->find(web);
    ASSERT_TRUE(suspended);
    EXPECT_EQ(suspended->state, ClientState::kSuspended);
    EXPECT_EQ(suspended->state_reason, "on leave");
    EXPECT_EQ(suspended->state_since, kNow + std::chrono::seconds(9));
    EXPECT_EQ(registry_->suspend(web, "", by_admin()).error().code, "client_suspended");
    ASSERT_TRUE(registry_->restore(web, by_admin()));
    EXPECT_EQ(registry_->find(web)->state_reason, "");
    ASSERT_TRUE(registry_->revoke(web, "lost", by_admin()));
    EXPECT_EQ(registry_->restore(web, by_admin()).error().code, "client_revoked");
    EXPECT_EQ(registry_->suspend(web, "", by_admin()).error().code, "client_revoked");
    EXPECT_EQ(registry_->revoke(web, "", by_admin()).error().code, "client_revoked");
    EXPECT_EQ(registry_->add_key(web, key_of(2), by_admin()).error().code, "client_revoked");
}

TEST_P(RegistryTest, KeepsTheLastKeyAndFreesADroppedOne) {
    const ClientName web = name_of("web");
    add("web", key_of(1));
    EXPECT_EQ(registry_->drop_key(web, pin_of(1), by_admin()).error().code, "last_key");
    ASSERT_TRUE(registry_->add_key(web, key_of(2), by_admin()));
    EXPECT_EQ(registry_->drop_key(web, pin_of(3), by_admin()).error().code, "no_such_key");
    ASSERT_TRUE(registry_->drop_key(web, pin_of(1), by_admin()));
    EXPECT_EQ(registry_->find(web)->keys.size(), 1U);
    EXPECT_EQ(refusal_of_add("db", key_of(1)), "");
}

TEST_P(RegistryTest, DroppingOneEncodingKeepsTheKeyItsClients) {
    const ClientName web = name_of("web");
    add("web", key_of(1));
    ASSERT_TRUE(registry_->add_key(web, key_of(1, 51), by_admin()));
    ASSERT_TRUE(registry_->drop_key(web, pin_of(1), by_admin()));
    EXPECT_EQ(refusal_of_add("db", key_of(1)), "key_taken");
}

TEST_P(RegistryTest, RefusesAClientWithoutKeysAndKeepsNothingOfAHalf) {
    EXPECT_EQ(registry_->add(name_of("web"), {}, std::nullopt, "", by_admin()).error().code, "no_key");
    add("db", key_of(1));
    const auto half = registry_->add(name_of("web"), {key_of(2), key_of(1)}, std::nullopt, "", by_admin());
    EXPECT_EQ(half.error().code, "key_taken");
    EXPECT_EQ(registry_->find(name_of("web")).error().code, "no_such_client");
    EXPECT_EQ(refusal_of_add("web", key_of(2)), "");
    EXPECT_EQ(registry_->audit("web", 10)->size(), 1U);
}

TEST_P(RegistryTest, A71_DenialGoesByKeyAndByIssuerAndSerial) {
    const x509::IssuerAndSerial certificate{{std::byte{0x30}}, {std::byte{7}}};
    add("web", {pin_of(1), canonical_of(1), certificate});
    ASSERT_TRUE(registry_->revoke(name_of("web"), "", by_admin()));
    EXPECT_EQ(refusal_of_add("new", key_of(1, 77)), "key_revoked");
    EXPECT_EQ(refusal_of_add("new", {pin_of(1), std::nullopt, std::nullopt}), "key_revoked");
    EXPECT_EQ(refusal_of_add("new", {pin_of(8), canonical_of(8), certificate}), "key_revoked");
    EXPECT_EQ(refusal_of_add("new", key_of(8)), "");
}

TEST_P(RegistryTest, A116_TombstonesOutliveTheClientAndTheProcess) {
    add("web", {pin_of(1), canonical_of(1), x509::IssuerAndSerial{{std::byte{0x30}}, {std::byte{7}}}});
    ASSERT_TRUE(registry_->revoke(name_of("web"), "lost", by_admin()));
    ASSERT_TRUE(registry_->remove(name_of("web"), by_admin()));
    registry_.reset();
    registry_ = another();
    const auto again = registry_->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "key_revoked");
    EXPECT_THAT(again.error().why, HasSubstr("web"));
    add("web", key_of(2));
    EXPECT_EQ(registry_->add_key(name_of("web"), key_of(1, 99), by_admin()).error().code, "key_revoked");
}

TEST_P(RegistryTest, RemovingAnActiveClientFreesItsKey) {
    add("web", key_of(1));
    ASSERT_TRUE(registry_->remove(name_of("web"), by_admin()));
    EXPECT_EQ(refusal_of_add("db", key_of(1)), "");
}

TEST_P(RegistryTest, A152_TextIsNeverPartOfAStatement) {
    const std::string hostile = "x'); DROP TABLE clients; --\" ?1 :a";
    ASSERT_TRUE(registry_->add(name_of("web"), {key_of(1)}, std::nullopt, hostile, Change{hostile, kNow}));
    ASSERT_TRUE(registry_->suspend(name_of("web"), hostile, Change{hostile, kNow}));
    const auto client = registry_->find(name_of("web"));
    ASSERT_TRUE(client);
    EXPECT_EQ(client->note, hostile);
    EXPECT_EQ(client->state_reason, hostile);
    EXPECT_EQ(client->state_actor, hostile);
    EXPECT_TRUE(registry_->audit("x' OR '1'='1", 10)->empty());
    EXPECT_EQ(registry_->withdraw("x' OR '1'='1", by_admin()).error().code, "no_such_invitation");
}

TEST_P(RegistryTest, A196_PinsCompareAsOctets) {
    // As letters these would be "AAAA…" and "aaaa…".
    add("upper", {pin_of(0x41), std::nullopt, std::nullopt});
    EXPECT_EQ(refusal_of_add("lower", {pin_of(0x61), std::nullopt, std::nullopt}), "");
    EXPECT_EQ(refusal_of_add("same", {pin_of(0x41), std::nullopt, std::nullopt}), "key_taken");
}

TEST_P(RegistryTest, A209_NamesThatFoldTogetherAreOne) {
    add("Web-1", key_of(1));
    EXPECT_EQ(refusal_of_add("wEB-1", key_of(2)), "name_taken");
    EXPECT_EQ(registry_->find(name_of("WEB-1"))->name.text(), "web-1");
}

TEST_P(RegistryTest, A210_OneKeyHasOneNameInWhateverEncoding) {
    add("web", key_of(1));
    const auto other = registry_->add(name_of("db"), {key_of(1, 55)}, std::nullopt, "", by_admin());
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, "key_taken");
    EXPECT_THAT(other.error().why, HasSubstr("web"));
    EXPECT_EQ(refusal_of_add("db", {pin_of(1), std::nullopt, std::nullopt}), "key_taken");
    EXPECT_TRUE(registry_->add_key(name_of("web"), key_of(1, 56), by_admin()));
    add("db", key_of(2));
    EXPECT_EQ(registry_->add_key(name_of("db"), key_of(1, 57), by_admin()).error().code, "key_taken");
}

TEST_P(RegistryTest, A210_AKeyLearntLaterIsHeldAgainstTheSameRule) {
    add("web", {pin_of(1), std::nullopt, std::nullopt});
    add("db", {pin_of(2), std::nullopt, std::nullopt});
    ASSERT_TRUE(registry_->learn(pin_of(1), canonical_of(9), by_admin()));
    EXPECT_EQ(registry_->find(name_of("web"))->keys[0].canonical, canonical_of(9));
    const auto conflict = registry_->learn(pin_of(2), canonical_of(9), by_admin());
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().code, "key_taken");
    EXPECT_EQ(registry_->find(name_of("db"))->keys[0].canonical, std::nullopt);

    const auto version = registry_->version();
    EXPECT_TRUE(registry_->learn(pin_of(1), canonical_of(9), by_admin()));
    EXPECT_EQ(registry_->version(), version) << "what was known already is no change";
    EXPECT_EQ(registry_->learn(pin_of(1), canonical_of(8), by_admin()).error().code, "key_taken");
    EXPECT_EQ(registry_->learn(pin_of(7), canonical_of(7), by_admin()).error().code, "no_such_key");
}

TEST_P(RegistryTest, A76_AKeyLearntOfARevokedClientIsATombstoneToo) {
    add("web", {pin_of(1), std::nullopt, std::nullopt});
    ASSERT_TRUE(registry_->revoke(name_of("web"), "", by_admin()));
    ASSERT_TRUE(registry_->learn(pin_of(1), canonical_of(1), by_admin()));
    ASSERT_TRUE(registry_->remove(name_of("web"), by_admin()));
    EXPECT_EQ(refusal_of_add("new", key_of(1, 66)), "key_revoked");
    // A revoked key behind somebody else's bare digest isn't recorded as that client's.
    add("db", {pin_of(2), std::nullopt, std::nullopt});
    EXPECT_EQ(registry_->learn(pin_of(2), canonical_of(1), by_admin()).error().code, "key_revoked");
}

TEST_P(RegistryTest, A202_TheAuditLogIsOneTreeInEveryStoreAndIsPrunedByItsOwnHandAlone) {
    add("web", key_of(1));
    const auto other = another();
    ASSERT_TRUE(other->suspend(name_of("web"), "", by_admin()));
    ASSERT_TRUE(registry_->restore(name_of("web"), by_admin(kNow + std::chrono::hours(48))));
    Store& store = registry_->store();
    EXPECT_FALSE(check_log(store, std::nullopt)->difference);
    for (const char* statement : {"UPDATE log_entries SET actor = 'nobody'", "DELETE FROM log_entries",
                                  "DELETE FROM log_tiles", "DELETE FROM log_head", "UPDATE log_head SET size = 1"}) {
        EXPECT_FALSE(store.write("rewriting it", [&]() -> Result<void> {
            Query(store, statement).run();
            return {};
        })) << statement;
    }
    EXPECT_EQ(AuditLog(store).prune(kNow + std::chrono::hours(24), by_admin()), 2U);
    EXPECT_EQ(AuditLog(store).entries({}, 10)->size(), 2U);
    EXPECT_EQ(AuditLog(store).head()->size, 4U);
    EXPECT_FALSE(check_log(other->store(), std::nullopt)->difference);
}

TEST_P(RegistryTest, EachChangeHasOneAuditRowAndTheNextVersion) {
    const ClientName web = name_of("web");
    EXPECT_EQ(registry_->version(), 0U);
    EXPECT_EQ(add("web", key_of(1)), 1U);
    EXPECT_EQ(registry_->add_key(web, key_of(2), by_admin()), 2U);
    EXPECT_EQ(registry_->drop_key(web, pin_of(1), by_admin()), 3U);
    EXPECT_EQ(registry_->suspend(web, "why not", by_admin()), 4U);
    EXPECT_EQ(registry_->restore(web, by_admin()), 5U);
    EXPECT_EQ(registry_->revoke(web, "lost", by_admin()), 6U);
    EXPECT_EQ(registry_->remove(web, by_admin()), 7U);
    EXPECT_FALSE(registry_->remove(web, by_admin()));
    EXPECT_EQ(registry_->version(), 7U);

    const auto entries = registry_->audit("web", 100);
    ASSERT_TRUE(entries);
    std::vector<std::string> actions;
    for (const audit::Entry& entry : *entries) {
        actions.push_back(entry.action);
        EXPECT_EQ(entry.actor, "admin@host");
        EXPECT_EQ(entry.at, kNow);
    }
    EXPECT_THAT(actions,
                ::testing::ElementsAre("remove", "revoke", "restore", "suspend", "drop-key", "add-key", "add"));
    EXPECT_EQ(entries->at(3).detail, "why not");
    EXPECT_EQ(registry_->audit("", 2)->size(), 2U);
    EXPECT_TRUE(registry_->audit("db", 100)->empty());
}

TEST_P(RegistryTest, A199_OfTwoThatAddOneNameAtOnceOneDoes) {
    const auto rival = another();
    std::latch start(2);
    Result<std::uint64_t> theirs = 0U;
    std::thread thread([&] {
        start.arrive_and_wait();
        theirs = rival->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin());
    });
    start.arrive_and_wait();
    const auto ours = registry_->add(name_of("web"), {key_of(2)}, std::nullopt, "", by_admin());
    thread.join();
    EXPECT_NE(ours.has_value(), theirs.has_value());
    EXPECT_EQ((ours ? theirs : ours).error().code, "name_taken");
    EXPECT_EQ(registry_->find(name_of("web"))->keys.size(), 1U);
    EXPECT_EQ(registry_->version(), 1U);
}

TEST_P(RegistryTest, ShowsOneVersionOfEverythingInASnapshot) {
    add("web", key_of(1));
    const auto before = registry_->snapshot();
    add("db", key_of(2));
    const auto after = registry_->snapshot();
    ASSERT_TRUE(before && after);
    EXPECT_EQ((*before)->version(), 1U);
    EXPECT_EQ((*before)->client_count(), 1U);
    EXPECT_EQ((*after)->version(), 2U);
    EXPECT_EQ((*after)->client_count(), 2U);
    EXPECT_FALSE((*before)->knows_canonical(canonical_of(2)));
    EXPECT_TRUE((*after)->knows_canonical(canonical_of(2)));
}

TEST_P(RegistryTest, A116_ItsSnapshotsFollowAClientToTheEndAndBeyond) {
    const x509::Certificate leaf = x509::testing::mint().leaf("web.example").make().certificate();
    const ClientName web = name_of("web");
    const auto state = [&] { return registry_->snapshot().value()->standing_of(leaf, kNow).state; };
    EXPECT_EQ(state(), trust::StandingState::kUnknown);
    add("web", new_key_of(leaf));
    EXPECT_EQ(state(), trust::StandingState::kActive);
    ASSERT_TRUE(registry_->suspend(web, "", by_admin()));
    EXPECT_EQ(state(), trust::StandingState::kSuspended);
    ASSERT_TRUE(registry_->restore(web, by_admin()));
    EXPECT_EQ(state(), trust::StandingState::kActive);
    ASSERT_TRUE(registry_->revoke(web, "", by_admin()));
    EXPECT_EQ(state(), trust::StandingState::kRevoked);
    ASSERT_TRUE(registry_->remove(web, by_admin()));
    EXPECT_EQ(state(), trust::StandingState::kRevoked);
}

TEST_P(RegistryTest, A73_ABareDigestAndTheKeyBehindItAreOneClientsOnly) {
    const x509::testing::Minted minted = x509::testing::mint().leaf("web.example").make();
    const x509::Certificate leaf = minted.certificate();
    const x509::Certificate renewed =
        x509::testing::mint().leaf("web.example").reuse_key(minted.shared_key()).make().certificate();
    const auto pin = renewed.pin(PinTarget::kCertificate, PinForm::kSha256);
    ASSERT_TRUE(pin);
    add("web", new_key_of(leaf));
    add("db", {*pin, std::nullopt, std::nullopt});
    EXPECT_EQ(registry_->learn(*pin, renewed.public_key().canonical(), by_admin()).error().code, "key_taken");
    const auto snapshot = registry_->snapshot().value();
    EXPECT_EQ(snapshot->standing_of(renewed, kNow).state, trust::StandingState::kUnknown);
    EXPECT_EQ(snapshot->standing_of(leaf, kNow).name, "web");
}

INSTANTIATE_TEST_SUITE_P(Stores, RegistryTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
