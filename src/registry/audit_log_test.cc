// The audit log in its store: that every change and its entry are one, that the tree is that of the entries whatever is
// appended, dropped or undone, and that what is changed behind its back is found.
#include "audit/examination.h"
#include "registry/audit_check.h"
#include "registry/log_memory.h"
#include "registry/migrations.h"
#include "registry/testing/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <thread>

namespace cotter::registry {
namespace {

using testing::by_admin;
using ::testing::HasSubstr;
using testing::key_of;
using testing::kNow;
using testing::name_of;

class AuditLogTest : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(::chmod(folder_.path().c_str(), 0700), 0); }

    /// So many entries, one a transaction of `batch`.
    void record(std::uint64_t count, std::size_t batch = 1, Time at = kNow) {
        for (std::uint64_t done = 0; done < count; done += batch) {
            std::vector<audit::Event> events(std::min<std::size_t>(batch, count - done));
            for (audit::Event& event : events) {
                event.client = "c" + std::to_string(recorded_ % 7);
                event.detail = std::to_string(recorded_++);
            }
            ASSERT_TRUE(store().write("recording", [&]() -> Result<void> {
                log().append(by_admin(at), events);
                return {};
            }));
        }
    }
    [[nodiscard]] Store& store() const { return registry_->store(); }
    [[nodiscard]] AuditLog log() const { return AuditLog(store()); }

    /// Changes the file as somebody would who may write it and knows SQL: without the triggers.
    void tamper(const std::string& sql) const {
        SQLite::Database file((folder_.path() / "registry.db").string(), SQLite::OPEN_READWRITE);
        for (const char* trigger : {"log_entries_stay_as_they_are", "log_entries_stay", "log_head_grows",
                                    "log_head_stays", "log_tiles_stay"}) {
            file.exec(std::string("DROP TRIGGER IF EXISTS ") + trigger);
        }
        file.exec(sql);
    }
    [[nodiscard]] std::string difference(const std::optional<audit::SeenHead>& seen = std::nullopt) const {
        const auto checked = check_log(store(), seen).value();
        return checked.difference ? checked.difference->code + " " + std::to_string(checked.difference->sequence) +
                                        "-" + std::to_string(checked.difference->last)
                                  : std::string();
    }
    [[nodiscard]] audit::SeenHead seen_now() const {
        const auto checked = check_log(store(), std::nullopt).value();
        return {checked.frontier, memory().keep(checked.head, checked.frontier).value()};
    }
    [[nodiscard]] identity::StateFolder state() const {
        return identity::StateFolder::open(folder_.path().string()).value();
    }
    [[nodiscard]] LogMemory memory() const { return {state(), store()}; }
    /// What attest() says: nothing where it signed.
    [[nodiscard]] std::string refusal_to_attest() const {
        const auto attested = memory().attest(store()).value();
        const auto* found = std::get_if<LogDifference>(&attested);
        return found == nullptr ? "" : found->code;
    }

    testing::Folder folder_;
    std::string url_ = "sqlite:" + (folder_.path() / "registry.db").string();
    std::unique_ptr<Registry> registry_ = testing::open(url_);
    std::uint64_t recorded_ = 0;
};

TEST_F(AuditLogTest, EveryChangeIsALeafInItsOwnTransaction) {
    const ClientName web = name_of("web");
    ASSERT_TRUE(registry_->add(web, {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry_->suspend(web, "why \"not\"\n", by_admin()));
    EXPECT_FALSE(registry_->suspend(web, "again", by_admin()));
    const auto entries = log().entries({}, 10).value();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(audit::canonical_text(entries[0]),
              R"({"action":"add","actor":"admin@host","at":"2026-05-04T00:00:00Z","client":"web","pin":")" +
                  testing::pin_of(1).to_string() + R"(","sequence":0})");
    EXPECT_EQ(entries[1].detail, "why \"not\"\\x0a");
    const LogHead head = log().head().value();
    EXPECT_EQ(head.size, 2U);
    EXPECT_EQ(head.root, audit::node_hash(audit::leaf_hash(entries[0]), audit::leaf_hash(entries[1])));
    EXPECT_EQ(difference(), "");
}

TEST_F(AuditLogTest, WhatIsUndoneLeavesNoTrace) {
    record(300, 7);
    const LogHead before = log().head().value();
    const auto undone = store().write("trying", [&]() -> Result<void> {
        log().append(by_admin(), {.action = audit::Action::kAdd, .client = "x"});
        return failed("no", "trying", "it is undone");
    });
    EXPECT_FALSE(undone);
    EXPECT_EQ(log().head()->root, before.root);
    EXPECT_EQ(difference(), "");
    record(300);
    EXPECT_EQ(difference(), "");
    EXPECT_EQ(log().head()->size, 600U);
}

TEST_F(AuditLogTest, ShowsWhatIsAskedFor) {
    record(20);
    const auto third = kNow + std::chrono::hours(1);
    record(10, 1, third);
    EXPECT_EQ(log().entries({.client = "c3"}, 100)->size(), 4U);
    EXPECT_EQ(log().entries({.since = third}, 100)->size(), 10U);
    EXPECT_EQ(log().entries({.action = "remove"}, 100)->size(), 0U);
    EXPECT_EQ(log().entries({.from = 25}, 3)->front().sequence, 25U);
    EXPECT_EQ(log().entries({.from = 25}, 3)->size(), 3U);
    EXPECT_EQ(log().newest({.client = "c1"}, 2)->front().sequence, 29U);
    EXPECT_EQ(log().newest({}, 1'000'000)->size(), 30U);
    ASSERT_TRUE(store().write("recording", [&]() -> Result<void> {
        log().append(by_admin(), {.action = audit::Action::kRefuse, .client = "c1"});
        log().append(by_admin(), {.action = audit::Action::kLearnKey, .client = "c1"});
        return {};
    }));
    EXPECT_EQ(log().newest({.client = "c1"}, 2)->back().action, "refuse");
    EXPECT_EQ(registry_->audit("c1", 1)->front().sequence, 29U) << "a client's history is what was decided";
}

TEST_F(AuditLogTest, ProvesEveryEntryAndEveryGrowth) {
    record(40, 3);
    const LogHead early = log().head().value();
    record(300, 50);
    for (const std::uint64_t sequence : {0U, 39U, 255U, 256U, 339U}) {
        const auto proof = log().prove(sequence).value();
        EXPECT_TRUE(
            audit::is_included(audit::leaf_hash(proof.entry), sequence, proof.head.size, proof.hashes, proof.head.root))
            << sequence;
    }
    const auto growth = log().prove_growth(early.size).value();
    EXPECT_EQ(growth.old_root, early.root);
    EXPECT_TRUE(audit::is_consistent(early.size, early.root, growth.head.size, growth.head.root, growth.hashes));
    EXPECT_EQ(log().prove(340).error().code, "no_such_entry");
    EXPECT_EQ(log().prove_growth(341).error().code, "log_shorter");
}

TEST_F(AuditLogTest, A202_PrunesFromTheOldestOnAndProvesWhatRemains) {
    record(300, 10);
    const LogHead early = log().head().value();
    const auto later = kNow + std::chrono::days(30);
    record(100, 1, later);
    EXPECT_EQ(log().prune(kNow, by_admin(later)).value(), 0U);
    EXPECT_EQ(log().head()->size, 400U);
    EXPECT_EQ(log().prune(later, by_admin(later)).value(), 300U);
    const LogHead head = log().head().value();
    EXPECT_EQ(head.size, 401U);
    EXPECT_EQ(head.pruned, 300U);
    EXPECT_EQ(log().entries({}, 1000)->front().sequence, 300U);
    EXPECT_EQ(log().newest({}, 1)->front().action, "prune");
    EXPECT_EQ(log().newest({}, 1)->front().detail, "entries before 300");
    EXPECT_EQ(log().prove(299).error().code, "entry_pruned");
    const auto proof = log().prove(300).value();
    EXPECT_TRUE(audit::is_included(audit::leaf_hash(proof.entry), 300, head.size, proof.hashes, head.root));
    const auto growth = log().prove_growth(early.size).value();
    EXPECT_TRUE(audit::is_consistent(early.size, early.root, head.size, head.root, growth.hashes));
    EXPECT_EQ(difference(), "");
}

TEST_F(AuditLogTest, A202_DropsTheOldestTenthBeyondAMillion) {
    record(10);
    // As if a million had been appended: the first are pruned, and the head says so many.
    tamper("UPDATE log_head SET size = 1000000");
    tamper(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3905) "
        "INSERT OR REPLACE INTO log_tiles SELECT 0, i, zeroblob(8192) FROM n;"
        "INSERT INTO log_tiles VALUES (0, 3906, zeroblob(2048));"
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 14) "
        "INSERT INTO log_tiles SELECT 1, i, zeroblob(8192) FROM n;"
        "INSERT INTO log_tiles VALUES (1, 15, zeroblob(2112)), (2, 0, zeroblob(480))");
    record(1);
    const LogHead head = log().head().value();
    EXPECT_EQ(head.size, 1'000'002U);
    EXPECT_EQ(head.pruned, 100'001U);
    EXPECT_EQ(log().entries({}, 100)->front().sequence, 1'000'000U);
}

TEST_F(AuditLogTest, TheStoreItselfRefusesToRewriteIt) {
    record(3);
    SQLite::Database file((folder_.path() / "registry.db").string(), SQLite::OPEN_READWRITE);
    for (const char* wrong :
         {"UPDATE log_entries SET client = 'x' WHERE sequence = 1", "DELETE FROM log_entries WHERE sequence = 2",
          "DELETE FROM log_entries", "UPDATE log_head SET size = 2", "UPDATE log_head SET origin = 'x'",
          "DELETE FROM log_head", "DELETE FROM log_tiles", "UPDATE log_head SET pruned = 4"}) {
        EXPECT_THROW(file.exec(wrong), SQLite::Exception) << wrong;
    }
    EXPECT_EQ(difference(), "");
}

TEST_F(AuditLogTest, FindsTheFirstEntryThatIsNotAsItWasRecorded) {
    record(600, 10);
    struct Row {
        const char* sql;
        const char* found;
    };
    for (const Row& row : {
             Row{"UPDATE log_entries SET detail = 'x' WHERE sequence = 300", "entry_changed 300-300"},
             Row{"UPDATE log_entries SET at = at + 1 WHERE sequence IN (7, 300)", "entry_changed 7-7"},
             Row{"UPDATE log_entries SET at = 9223372036854775807 WHERE sequence = 9", "entry_changed 9-9"},
             Row{"UPDATE log_entries SET actor = CAST(x'ff00fe' AS TEXT) WHERE sequence = 9", "entry_changed 9-9"},
             Row{"DELETE FROM log_entries WHERE sequence = 599", "entry_missing 599-599"},
             Row{"DELETE FROM log_entries WHERE sequence = 0", "entry_missing 0-0"},
             Row{"UPDATE log_entries SET sequence = -sequence - 1000 WHERE sequence IN (4, 5)", ""},  // constraint
             Row{"UPDATE log_entries SET sequence = 10000 WHERE sequence = 4;"
                 "UPDATE log_entries SET sequence = 4 WHERE sequence = 5;"
                 "UPDATE log_entries SET sequence = 5 WHERE sequence = 10000",
                 "entry_changed 4-4"},
             Row{"INSERT INTO log_entries SELECT 600, at, actor, action, client, pin, peer, connection, count, detail "
                 "FROM log_entries WHERE sequence = 1",
                 "entry_unhashed 600-600"},
             Row{"UPDATE log_head SET size = 500", "tree_changed 0-255"},
             Row{"UPDATE log_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND place = 1", "entry_changed 256-256"},
             Row{"UPDATE log_tiles SET hashes = zeroblob(64) WHERE level = 1", "tree_changed 0-255"},
             Row{"DELETE FROM log_tiles WHERE level = 0 AND place = 0", "tree_changed 0-0"},
             Row{"UPDATE log_head SET root = zeroblob(32)", "head_changed 0-599"},
             Row{"UPDATE log_head SET pruned = 10", "entry_reappeared 0-0"},
         }) {
        const auto saved = folder_.path() / "saved.db";
        const auto path = folder_.path() / "registry.db";
        registry_.reset();  // and with it the write-ahead log
        std::filesystem::copy_file(path, saved);
        try {
            tamper(row.sql);
        } catch (const SQLite::Exception&) {
            EXPECT_STREQ(row.found, "") << row.sql;
        }
        registry_ = testing::open(url_);
        EXPECT_EQ(difference(), row.found) << row.sql;
        registry_.reset();
        std::filesystem::rename(saved, path);
        registry_ = testing::open(url_);
    }
    EXPECT_EQ(difference(), "");
}

TEST_F(AuditLogTest, AHistoryThatWasWrittenAnewIsFoundByWhatWasSeen) {
    record(300, 10);
    const audit::SeenHead seen = seen_now();
    EXPECT_EQ(difference(seen), "");
    record(50, 10);
    EXPECT_EQ(difference(seen), "");
    // A forger who knows how: the same log with one other entry, every hash made anew.
    auto entries = log().entries({}, 1000).value();
    const std::string origin = log().head()->origin;
    const auto forge = [&](std::size_t changed, std::size_t size) {
        entries[changed].detail = "forged";
        tamper("DELETE FROM log_entries; DELETE FROM log_tiles; UPDATE log_head SET size = 0, pruned = 0");
        ASSERT_TRUE(store().write("forging", [&]() -> Result<void> {
            for (std::size_t i = 0; i < size; ++i) {
                log().append({entries[i].actor, entries[i].at},
                             {.client = entries[i].client, .detail = entries[i].detail});
            }
            return {};
        }));
    };
    forge(270, 350);
    EXPECT_EQ(difference(), "") << "without anything to compare with, it is a log like any other";
    EXPECT_EQ(difference(seen), "history_rewritten 256-287");
    forge(10, 350);
    EXPECT_EQ(difference(seen), "history_rewritten 0-255");
    entries[10].detail = "10";
    entries[270].detail = "270";
    forge(340, 350);
    EXPECT_EQ(difference(seen), "") << "nobody had seen that entry";
    forge(340, 299);
    EXPECT_EQ(difference(seen), "log_cut_off 299-299");
    tamper("UPDATE log_head SET origin = 'cotter-audit/another'");
    EXPECT_EQ(difference(seen), "log_replaced 0-0");
}

TEST_F(AuditLogTest, AStateFolderRemembersTheNewestHeadAndItsKey) {
    EXPECT_FALSE(memory().seen().value());
    record(5);
    const auto checked = check_log(store(), std::nullopt).value();
    ASSERT_TRUE(memory().keep(checked.head, checked.frontier));
    ASSERT_TRUE(memory().seen().value());
    EXPECT_EQ(memory().seen().value()->frontier.size(), 5U);
    ASSERT_TRUE(memory().keep({checked.head.origin, 0, audit::empty_root(), 0}, {}));
    EXPECT_EQ(memory().seen().value()->frontier.size(), 5U) << "never an older one";
    struct stat status{};
    ASSERT_EQ(::stat((folder_.path() / "audit.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const auto key = audit::ed25519_public_key(audit_key(state())->get()).value();
    EXPECT_EQ(audit::ed25519_public_key(audit_key(state())->get()).value(), key);
    // Without its key, what was seen is nobody's any more; and no other key takes its place unseen.
    std::filesystem::rename(folder_.path() / "audit.key", folder_.path() / "gone.key");
    ASSERT_FALSE(memory().seen());
    EXPECT_EQ(memory().seen().error().code, "audit_seen");
    EXPECT_THAT(memory().seen().error().why, HasSubstr("gone"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "audit.key"));
    ASSERT_TRUE(audit_key(state()));
    ASSERT_FALSE(memory().seen());
    EXPECT_THAT(memory().seen().error().why, HasSubstr("not signed"));
    EXPECT_EQ(memory().attest(store()).error().code, "audit_seen");
    std::filesystem::rename(folder_.path() / "gone.key", folder_.path() / "audit.key");
    EXPECT_TRUE(memory().seen());
    ASSERT_EQ(::chmod((folder_.path() / "audit.key").c_str(), 0640), 0);
    EXPECT_FALSE(memory().seen()) << "a key that others may read signs nothing";
}

TEST_F(AuditLogTest, NothingIsSignedOnceTheLogHasNotOnlyGrown) {
    record(20);
    EXPECT_EQ(refusal_to_attest(), "");
    record(20);
    EXPECT_EQ(refusal_to_attest(), "");
    EXPECT_EQ(memory().seen().value()->frontier.size(), 40U);
    tamper("UPDATE log_head SET root = zeroblob(32)");
    EXPECT_EQ(refusal_to_attest(), "head_changed");
    tamper("UPDATE log_tiles SET hashes = zeroblob(1280)");
    EXPECT_EQ(refusal_to_attest(), "history_rewritten");
    tamper("UPDATE log_head SET size = 30");
    EXPECT_EQ(refusal_to_attest(), "log_cut_off");
    tamper("UPDATE log_head SET origin = 'cotter-audit/another'");
    EXPECT_EQ(refusal_to_attest(), "log_replaced");
    EXPECT_EQ(memory().seen().value()->frontier.size(), 40U);
}

TEST_F(AuditLogTest, SeveralWritersMakeOneLog) {
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&] {
            const auto own = testing::open(url_);
            for (int i = 0; i < 25; ++i) {
                const auto done = own->store().write("recording", [&]() -> Result<void> {
                    AuditLog(own->store()).append(by_admin(), {.detail = std::to_string(i)});
                    return {};
                });
                ASSERT_TRUE(done) << done.error().why;
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(log().head()->size, 100U);
    EXPECT_EQ(difference(), "");
}

TEST_F(AuditLogTest, A200_TakesOverWhatWasRecordedBeforeThereWasATree) {
    const auto path = folder_.path() / "old.db";
    {
        SQLite::Database old(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        for (const char* migration : migrations().first(2)) old.exec(in_dialect(migration, kSqliteDialect));
        old.exec("UPDATE meta SET schema = 2");
        old.exec(
            "INSERT INTO audit (sequence, at, actor, action, client, detail) VALUES "
            "(41, 7, 'a@b', 'add', 'web', 'sha256/A'), (44, 8, 'a@b', 'revoke', 'web', 'lost')");
    }
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const auto registry = testing::open("sqlite:" + path.string());
    const auto entries = AuditLog(registry->store()).entries({}, 10).value();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(
        audit::canonical_text(entries[1]),
        R"({"action":"revoke","actor":"a@b","at":"1970-01-01T00:00:08Z","client":"web","detail":"lost","sequence":1})");
    EXPECT_FALSE(check_log(registry->store(), std::nullopt)->difference);
    EXPECT_THAT(AuditLog(registry->store()).head()->origin, HasSubstr("cotter-audit/"));
}

}  // namespace
}  // namespace cotter::registry
