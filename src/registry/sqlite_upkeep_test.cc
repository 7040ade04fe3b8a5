// What keeps a SQLite registry honest with time: a file put in its place, leftovers, older schemas.
#include "registry/migrations.h"
#include "registry/registry.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace cotter::registry {
namespace {

constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
constexpr std::chrono::hours kHour{1};

ClientName name(std::string_view text) {
    return ClientName::parse(text).value();
}

NewKey key(unsigned number) {
    const ByteVector digest(32, static_cast<std::byte>(number));
    return {Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, digest).value(), std::nullopt,
            std::nullopt};
}

class SqliteUpkeep : public testing::Test {
  public:
    SqliteUpkeep() {
        std::string pattern = testing::TempDir() + "cotter-registry-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~SqliteUpkeep() override { std::filesystem::remove_all(folder_); }
    SqliteUpkeep(const SqliteUpkeep&) = delete;
    SqliteUpkeep& operator=(const SqliteUpkeep&) = delete;

  protected:
    [[nodiscard]] std::filesystem::path path(std::string_view file = "registry.db") const { return folder_ / file; }
    [[nodiscard]] std::unique_ptr<Registry> open(std::string_view file = "registry.db") const {
        return open_registry("sqlite:" + path(file).string()).value();
    }
    [[nodiscard]] static Change change() { return {"owner@host", kNow}; }

  private:
    std::filesystem::path folder_;
};

TEST_F(SqliteUpkeep, A201_AFilePutInItsPlaceIsNoticed) {
    const auto server = open();
    ASSERT_TRUE(server->changed());
    (void)open("restored.db");
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path().string() + suffix);
    std::filesystem::rename(path("restored.db"), path());
    const auto changed = server->changed();
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, "registry_replaced");
}

TEST_F(SqliteUpkeep, A201_AFileTakenAwayIsNoticed) {
    const auto server = open();
    ASSERT_TRUE(server->changed());
    std::filesystem::remove(path());
    const auto changed = server->changed();
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, "registry_unavailable");
}

TEST_F(SqliteUpkeep, ARemovedNamesWaitingInvitationsGoWithIt) {
    const auto registry = open();
    const auto first = InvitationSecret::random();
    const auto second = InvitationSecret::random();
    const auto other = InvitationSecret::random();
    ASSERT_TRUE(registry->invite(name("web"), first, kNow + kHour, std::nullopt, change()));
    const auto left = registry->invite(name("web"), second, kNow + kHour, std::nullopt, change());
    ASSERT_TRUE(left);
    ASSERT_TRUE(registry->invite(name("db"), other, kNow + kHour, std::nullopt, change()));
    ASSERT_TRUE(registry->join(first, key(1), change()));
    ASSERT_TRUE(registry->remove(name("web"), change()));
    const auto joined = registry->join(second, key(2), change());
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().code, "invitation_invalid");
    const auto newest = registry->audit("web", 1).value();
    ASSERT_EQ(newest.size(), 1U);
    EXPECT_EQ(newest[0].action, "withdraw");
    EXPECT_EQ(newest[0].detail, left->id);
    EXPECT_TRUE(registry->join(other, key(3), change()));
}

TEST_F(SqliteUpkeep, A200_AnOlderSchemaIsBroughtToTodaysWithWhatItHolds) {
    for (std::size_t schema = 1; schema < schema_version(); ++schema) {
        const std::string file = std::to_string(schema) + ".db";
        {
            SQLite::Database old(path(file).string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
            for (const char* migration : migrations().first(schema)) old.exec(in_dialect(migration, kSqliteDialect));
            old.exec("UPDATE meta SET version = 7, schema = " + std::to_string(schema));
            old.exec("INSERT INTO clients VALUES ('web', 'suspended', '', 1, 'owner', 2, '', 3)");
        }
        std::filesystem::permissions(path(file),
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        const auto registry = open(file);
        EXPECT_EQ(registry->version(), 7U);
        EXPECT_EQ(registry->find(name("web"))->state, ClientState::kSuspended);
        EXPECT_EQ(registry->restore(name("web"), change()), 8U);
        SQLite::Database now(path(file).string(), SQLite::OPEN_READONLY);
        EXPECT_EQ(now.execAndGet("SELECT schema FROM meta").getInt64(), static_cast<std::int64_t>(schema_version()));
    }
}

TEST_F(SqliteUpkeep, A200_ARefusedDatabaseIsLeftAsItIs) {
    {
        SQLite::Database foreign(path().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        foreign.exec("CREATE TABLE letters (text)");
    }
    std::filesystem::permissions(path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto opened = open_registry("sqlite:" + path().string());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "registry_foreign");
    SQLite::Database foreign(path().string(), SQLite::OPEN_READWRITE);
    EXPECT_EQ(foreign.execAndGet("PRAGMA journal_mode").getString(), "delete");
}

}  // namespace
}  // namespace cotter::registry
