// The SQLite file itself: who may read it, what is refused, and what its tables would refuse by themselves.
#include "registry/migrations.h"
#include "registry/registry.h"
#include "registry/testing/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace cotter::registry {
namespace {

using testing::by_admin;
using testing::key_of;
using testing::kNow;
using testing::name_of;

class SqliteFileTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::string refusal() const {
        const auto registry = open_registry(url_);
        return registry ? "" : registry.error().code;
    }

    /// Another program's hand in the file.
    void tamper(const std::string& sql) const { SQLite::Database(path_.string(), SQLite::OPEN_READWRITE).exec(sql); }

    testing::Folder folder_;
    std::filesystem::path path_ = folder_.path() / "registry.db";
    std::string url_ = "sqlite:" + path_.string();
};

unsigned mode_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
}

TEST(RegistryUrl, NamesAStoreOrIsRefused) {
    for (const char* url : {"", "sqlite:", "sqlite", "mysql://x", "/var/lib/registry.db"}) {
        const auto registry = open_registry(url);
        ASSERT_FALSE(registry) << url;
        EXPECT_EQ(registry.error().code, "registry_url");
        EXPECT_EQ(registry.error().kind, ErrorKind::kMalformedInput);
    }
}

TEST_F(SqliteFileTest, A190_IsOursAloneWithItsLog) {
    const mode_t before = ::umask(0);
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ::umask(before);
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
        EXPECT_EQ(mode_of(path_.string() + suffix), 0600U) << suffix;
    }
}

TEST_F(SqliteFileTest, A190_RefusesAFileOrALogThatOthersMayRead) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const std::string file = path_.string() + suffix;
        ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
        EXPECT_EQ(refusal(), "registry_mode") << suffix;
        ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    }
    EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteFileTest, A201_RefusesALink) {
    testing::open(url_).reset();
    std::filesystem::create_symlink(path_, folder_.path() / "link.db");
    const auto registry = open_registry("sqlite:" + (folder_.path() / "link.db").string());
    ASSERT_FALSE(registry);
    EXPECT_EQ(registry.error().code, "registry_link");
}

TEST_F(SqliteFileTest, A201_RefusesAFileOfAnotherUser) {
    testing::open(url_).reset();
    if (::chown(path_.c_str(), 65534, 65534) != 0) GTEST_SKIP() << "only root can give files away";
    EXPECT_EQ(refusal(), "registry_owner");
}

TEST_F(SqliteFileTest, RefusesAFolderAndAPathThatLeadsNowhere) {
    std::filesystem::create_directory(path_);
    EXPECT_EQ(refusal(), "registry_not_a_file");
    const auto nowhere = open_registry("sqlite:" + (folder_.path() / "no" / "registry.db").string());
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, "registry_unavailable");
}

TEST_F(SqliteFileTest, A200_RefusesANewerSchemaAndLeavesItAlone) {
    testing::open(url_).reset();
    tamper("UPDATE meta SET schema = " + std::to_string(schema_version() + 1));
    EXPECT_EQ(refusal(), "registry_newer");
    tamper("UPDATE meta SET schema = " + std::to_string(schema_version()));
    EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteFileTest, A194_RefusesWhatIsNoDatabase) {
    std::ofstream(path_) << std::string(8192, 'x');
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    EXPECT_EQ(refusal(), "registry_corrupt");
}

TEST_F(SqliteFileTest, A194_GivesNoSnapshotOfWhatItCannotRead) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry->snapshot());
    for (const char* damage : {
             "UPDATE clients SET state = 'Active'",
             "UPDATE clients SET state = 'active', name = 'a b'",
             "UPDATE clients SET name = 'db'; UPDATE keys SET octets = x'00'",
             "UPDATE keys SET client = 'nobody'",
             "DROP TABLE denied_pins",
             "DELETE FROM meta",
         }) {
        tamper(std::string("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; ") + damage);
        EXPECT_FALSE(registry->snapshot()) << damage;
    }
}

TEST_F(SqliteFileTest, A197_NothingThatMattersMayBeMissingOrUnknown) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry->invite(name_of("db"), InvitationSecret::random(), kNow + std::chrono::hours(1), std::nullopt,
                                 by_admin()));
    for (const char* wrong : {
             "UPDATE clients SET state = NULL",
             "UPDATE clients SET state = 'Active'",
             "UPDATE clients SET state = ''",
             "UPDATE clients SET expires = NULL",
             "UPDATE clients SET expires = 'never'",
             "UPDATE clients SET name = 'Web'",
             "UPDATE clients SET name = ''",
             "UPDATE keys SET octets = NULL",
             "UPDATE keys SET octets = x''",
             "UPDATE keys SET form = 4",
             "UPDATE keys SET target = 3",
             "UPDATE keys SET issuer = x'30'",
             "UPDATE invitations SET expires = NULL",
             "UPDATE invitations SET expires = created",
             "UPDATE invitations SET hash = x'00'",
             "UPDATE meta SET version = NULL",
             "INSERT INTO meta (id, schema, version) VALUES (2, 1, 0)",
         }) {
        EXPECT_THROW(tamper(wrong), SQLite::Exception) << wrong;
    }
    EXPECT_TRUE(registry->snapshot());
}

TEST_F(SqliteFileTest, A199_OneKeyForOneNameIsAConstraint) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry->add(name_of("db"), {key_of(2)}, std::nullopt, "", by_admin()));
    for (const char* wrong : {
             "UPDATE keys SET octets = (SELECT octets FROM keys WHERE client = 'web')",
             "UPDATE canonical_keys SET digest = (SELECT digest FROM canonical_keys WHERE client = 'web')",
             "PRAGMA foreign_keys = ON; UPDATE keys SET canonical = "
             "(SELECT digest FROM canonical_keys WHERE client = 'web') WHERE client = 'db'",
             "PRAGMA foreign_keys = ON; UPDATE keys SET client = 'nobody'",
         }) {
        EXPECT_THROW(tamper(wrong), SQLite::Exception) << wrong;
    }
}

}  // namespace
}  // namespace cotter::registry
