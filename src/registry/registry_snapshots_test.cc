// The next snapshot out of the last one and of what changed since is the one that is read as a whole; and where that
// can't be told, all is read.
#include "registry/issued_certificates.h"
#include "registry/registry.h"
#include "registry/rule_book.h"
#include "registry/testing/store.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace cotter::registry {
namespace {

using testing::by_admin;
using testing::key_of;
using testing::kNow;
using testing::name_of;
using x509::Certificate;
using x509::testing::mint;

constexpr std::chrono::hours kHour{1};

/// Certificates that have something in common: issuer and serial number, or the key.
const std::vector<Certificate>& leaves() {
    static const std::vector<Certificate> minted = [] {
        const auto authority = mint().authority("ca").make();
        std::vector<Certificate> made;
        for (const int serial : {7, 7, 8, 9, 10}) {
            const auto leaf = mint().leaf("client.example").signed_by(authority).serial(serial).make();
            made.push_back(leaf.certificate());
            if (serial != 8) continue;
            made.push_back(mint().leaf("client.example").reuse_key(leaf.shared_key()).make().certificate());
        }
        return made;
    }();
    return minted;
}

/// All that a snapshot says, in words.
std::string told(const Snapshot& snapshot) {
    std::string text =
        "version " + std::to_string(snapshot.version()) + ", clients " + std::to_string(snapshot.client_count()) + '\n';
    for (const Certificate& leaf : leaves()) {
        for (const Time now : {kNow, kNow + 3 * kHour}) {
            const trust::Standing said = snapshot.standing_of(leaf, now);
            text += std::to_string(std::to_underlying(said.state)) + ' ' + said.name + ' ' +
                    (said.matched ? said.matched->to_string() : "-") + ' ' +
                    (said.expires ? std::to_string(said.expires->time_since_epoch().count()) : "-") + " (" +
                    said.detail + ") (" + said.farewell + ") (" + (said.rules ? said.rules->to_text() : "") + ") " +
                    std::to_string(said.disconnects) + '\n';
        }
        text += snapshot.knows_canonical(leaf.public_key().canonical()) ? "known\n" : "not known\n";
    }
    for (const auto& [name, at] : snapshot.ending(kNow, kNow + 9 * kHour, 3)) text += "ending " + name + '\n';
    return text;
}

class RegistrySnapshotsTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    void add(std::string_view name, const NewKey& key) {
        ASSERT_TRUE(registry_->add(name_of(name), {key}, std::nullopt, "", by_admin()));
    }
    /// Other hands in the tables.
    void tamper(const char* sql) {
        ASSERT_TRUE(registry_->store().write("tampering", [&]() -> Result<void> {
            Query(registry_->store(), sql).run();
            return {};
        }));
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
};

/// One change drawn at random; many of them are refused, and change nothing.
class RandomOwner {
  public:
    RandomOwner(Registry& registry, unsigned seed) : registry_(registry), random_(seed) {}

    void change() {
        const std::string text = "client-" + std::to_string(one_of(6));
        const ClientName name = name_of(text);
        const Certificate& leaf = leaves()[one_of(leaves().size())];
        RuleBook book(registry_);
        IssuedCertificates issued(registry_.store());
        trust::ClientRules rules;
        rules.max_streams = 1 + static_cast<std::uint32_t>(one_of(3));
        switch (one_of(14)) {
            case 0:
            case 1:
            case 2: ignore(registry_.add(name, {key_of(leaf)}, expiry(), "", by_admin())); break;
            case 3: ignore(registry_.suspend(name, "on leave", by_admin())); break;
            case 4: ignore(registry_.restore(name, by_admin())); break;
            case 5: ignore(registry_.revoke(name, "lost", by_admin())); break;
            case 6:
            case 7: ignore(registry_.remove(name, by_admin())); break;
            case 8: ignore(registry_.add_key(name, key_of(leaf), by_admin())); break;
            case 9: ignore(registry_.drop_key(name, key_of(leaf).pin, by_admin())); break;
            case 10: ignore(registry_.learn(key_of(leaf).pin, leaf.public_key().canonical(), by_admin())); break;
            case 11: ignore(book.set(name, rules, by_admin())); break;
            case 12: ignore(book.disconnect(name, by_admin())); break;
            case 13: ignore(book.revoke(name, "lost", "ask for another key", by_admin())); break;
        }
        if (one_of(8) != 0) return;
        // What "ca revoke" does to a certificate of somebody who may not be there.
        ignore(registry_.store().write("denying", [&]() -> Result<void> {
            ignore(issued.deny(leaf, name));
            if (one_of(2) == 0) ignore(issued.deny_key(leaf, name));
            registry_.touch(name);
            return {};
        }));
    }

    std::size_t one_of(std::size_t count) { return random_() % count; }

  private:
    template <class T>
    static void ignore(const Result<T>& /*refused or not*/) {}
    std::optional<Time> expiry() {
        return one_of(2) == 0 ? std::optional(kNow + kHour * static_cast<int>(1 + one_of(5))) : std::nullopt;
    }
    NewKey key_of(const Certificate& leaf) {
        constexpr std::array kTargets = {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey};
        constexpr std::array kForms = {PinForm::kSha256, PinForm::kSha512, PinForm::kDer};
        NewKey key = new_key_of(leaf);
        key.pin = *leaf.pin(kTargets.at(one_of(3)), kForms.at(one_of(3)));
        if (one_of(3) == 0) key.canonical.reset();
        if (one_of(3) == 0) key.certificate.reset();
        return key;
    }

    Registry& registry_;
    std::mt19937 random_;
};

TEST_P(RegistrySnapshotsTest, A116_TheNextIsTheOneThatIsReadAsAWhole) {
    for (const unsigned seed : {1U, 2U, 3U}) {
        RandomOwner owner(*registry_, seed);
        auto last = registry_->snapshot().value();
        for (int step = 0; step < 60; ++step) {
            const auto changes = 1 + owner.one_of(3);
            for (std::size_t change = 0; change < changes; ++change) owner.change();
            const auto next = registry_->snapshot(last);
            const auto whole = registry_->snapshot();
            ASSERT_TRUE(next && whole);
            ASSERT_EQ((*next)->edition(), (*whole)->edition());
            ASSERT_EQ(told(**next), told(**whole)) << "seed " << seed << ", step " << step;
            last = *next;
        }
        // Empty again, but for its tombstones.
        const auto clients = registry_->list().value();
        for (const Client& client : clients) ASSERT_TRUE(registry_->remove(client.name, by_admin()));
        EXPECT_EQ(told(*registry_->snapshot(last).value()), told(*registry_->snapshot().value()));
    }
}

TEST_P(RegistrySnapshotsTest, TheLastOneStaysAsItWas) {
    const Certificate& leaf = leaves().front();
    add("web", new_key_of(leaf));
    const auto before = registry_->snapshot().value();
    ASSERT_TRUE(registry_->suspend(name_of("web"), "", by_admin()));
    const auto after = registry_->snapshot(before).value();
    EXPECT_EQ(before->standing_of(leaf, kNow).state, trust::StandingState::kActive);
    EXPECT_EQ(after->standing_of(leaf, kNow).state, trust::StandingState::kSuspended);
    EXPECT_EQ(registry_->snapshot(after).value(), after) << "nothing has changed since";
}

TEST_P(RegistrySnapshotsTest, ReadsNoMoreThanWhatChanged) {
    add("db", key_of(1));
    add("web", key_of(2));
    const auto before = registry_->snapshot().value();
    tamper("INSERT INTO client_rules (client, rules) VALUES ('db', 'nonsense')");
    ASSERT_TRUE(registry_->suspend(name_of("web"), "", by_admin()));
    EXPECT_FALSE(registry_->snapshot());
    EXPECT_TRUE(registry_->snapshot(before));
    // What has changed and can't be read is no snapshot: the last one isn't taken for it (INVARIANT A194).
    ASSERT_TRUE(registry_->suspend(name_of("db"), "", by_admin()));
    EXPECT_FALSE(registry_->snapshot(before));
}

TEST_P(RegistrySnapshotsTest, ABackupWithTheSameVersionIsAnotherHistory) {
    const Certificate& leaf = leaves().front();
    add("web", new_key_of(leaf));
    const auto before = registry_->snapshot().value();
    // As a backup has it that was brought back, and changed as often since.
    tamper("UPDATE changes SET token = 'other' WHERE version = 1");
    tamper("UPDATE clients SET state = 'revoked' WHERE name = 'web'");
    const auto restored = registry_->snapshot(before).value();
    EXPECT_EQ(restored->version(), before->version());
    EXPECT_NE(restored->edition(), before->edition());
    EXPECT_EQ(restored->standing_of(leaf, kNow).state, trust::StandingState::kRevoked);
    add("db", key_of(2));
    EXPECT_EQ(registry_->snapshot(before).value()->client_count(), 2U);
}

TEST_P(RegistrySnapshotsTest, ReadsAllWhereItIsNotWrittenDownWhatChanged) {
    struct Row {
        const char* what;
        const char* sql;
    };
    for (const Row& row : {
             Row{"the version of before is forgotten", "DELETE FROM changes WHERE version <= 1"},
             Row{"so is one since", "DELETE FROM changes WHERE version = 2"},
             Row{"it is an older one", "UPDATE meta SET version = 0"},
             Row{"somebody counted and wrote nothing down", "UPDATE meta SET version = version + 1"},
             Row{"the name is none", "UPDATE changes SET client = '' WHERE version = 2"},
         }) {
        testing::Folder folder;
        registry_ = testing::open(GetParam().url(folder.path()));
        const Certificate& leaf = leaves().front();
        add("web", new_key_of(leaf));
        const auto before = registry_->snapshot().value();
        ASSERT_TRUE(registry_->suspend(name_of("web"), "", by_admin()));
        tamper(row.sql);
        const auto after = registry_->snapshot(before);
        ASSERT_TRUE(after) << row.what;
        EXPECT_EQ((*after)->standing_of(leaf, kNow).state, trust::StandingState::kSuspended) << row.what;
    }
}

TEST_P(RegistrySnapshotsTest, AChangeOfTheHistoryIsAChange) {
    add("web", key_of(1));
    const auto watcher = testing::open(url_);
    ASSERT_TRUE(watcher->changed());
    tamper("UPDATE changes SET token = 'other' WHERE version = 1");
    EXPECT_TRUE(testing::sees_change(*watcher));
}

INSTANTIATE_TEST_SUITE_P(Stores, RegistrySnapshotsTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
