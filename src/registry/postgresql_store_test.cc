// What is PostgreSQL's own: which URLs are taken, whose word is believed, and what its tables refuse by themselves.
#include "registry/postgresql_store.h"

#include "registry/migrations.h"
#include "registry/registry.h"
#include "registry/testing/postgresql.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace cotter::registry {
namespace {

using testing::by_admin;
using testing::key_of;
using testing::kNow;
using testing::name_of;
using testing::PostgresqlCluster;

/// The code of the Error that opening gives; "" if it opens.
std::string refusal(const std::string& url) {
    const auto opened = open_registry(url);
    return opened ? "" : opened.error().code;
}

class PostgresqlStoreTest : public ::testing::Test {
  protected:
    /// What the database says against it; "" if nothing.
    std::string tamper(const std::string& sql) {
        return testing::tamper_with_postgresql(url_, "SET search_path = cotter; " + sql);
    }

    std::string url_ = PostgresqlCluster::shared().new_database();
};

TEST(PostgresqlUrl, A157_NoPasswordIsTakenFromAUrlNorSaidOnward) {
    for (const char* url : {
             "postgresql://cotter:s3cret@db.example/cotter",
             "postgres://db.example/cotter?password=s3cret",
             "postgresql://db.example/cotter?sslmode=verify-full&sslpassword=s3cret",
             "postgresql://cotter:s3cret@db.example/cotter?no_such_option=1",
             "postgresql:/cotter:s3cret@db.example/cotter",
             "host=db.example password=s3cret",
         }) {
        const auto opened = open_registry(url);
        ASSERT_FALSE(opened) << url;
        const Error& error = opened.error();
        EXPECT_EQ(error.kind, ErrorKind::kMalformedInput) << url;
        for (const std::string& part : {error.code, error.what, error.why, error.next}) {
            EXPECT_EQ(part.find("s3cret"), std::string::npos) << part;
        }
    }
}

TEST(PostgresqlUrl, A195_AServerOnAnotherMachineHasToBeProven) {
    // 192.0.2.0/24 and 2001:db8::/32 are nobody's (RFC 5737, RFC 3849); nothing is asked of a name server.
    for (const char* url : {
             "postgresql://192.0.2.1/cotter",
             "postgresql://192.0.2.1/cotter?sslmode=require",
             "postgresql://192.0.2.1/cotter?sslmode=verify-ca",
             "postgresql://[2001:db8::1]/cotter",
             "postgresql://localhost/cotter?hostaddr=192.0.2.1",
             "postgresql://127.0.0.1,192.0.2.1/cotter",
             "postgresql://[::ffff:192.0.2.1]/cotter",
         }) {
        EXPECT_EQ(refusal(url), "registry_unproven") << url;
    }
    // Here nothing listens, which is another fault.
    for (const char* url : {
             "postgresql://127.0.0.1:1/cotter",
             "postgresql://localhost:1/cotter?hostaddr=127.8.9.10",
             "postgresql://[::1]:1/cotter",
             "postgresql:///cotter?host=/nowhere",
         }) {
        EXPECT_EQ(refusal(url), "registry_unavailable") << url;
    }
}

TEST(PostgresqlUrl, A195_WhatTheEnvironmentSaysCountsToo) {
    ASSERT_EQ(::setenv("PGHOST", "192.0.2.1", 1), 0);
    EXPECT_EQ(refusal("postgresql:///cotter"), "registry_unproven");
    ASSERT_EQ(::unsetenv("PGHOST"), 0);
}

TEST_F(PostgresqlStoreTest, A200_RefusesANewerSchemaAndLeavesItAlone) {
    testing::open(url_).reset();
    ASSERT_EQ(tamper("UPDATE meta SET schema = " + std::to_string(schema_version() + 1)), "");
    EXPECT_EQ(refusal(url_), "registry_newer");
    ASSERT_EQ(tamper("UPDATE meta SET schema = " + std::to_string(schema_version())), "");
    EXPECT_EQ(refusal(url_), "");
}

TEST_F(PostgresqlStoreTest, A200_AnOlderSchemaIsBroughtToTodaysWithWhatItHolds) {
    for (std::size_t schema = 1; schema < schema_version(); ++schema) {
        ASSERT_EQ(tamper("DROP SCHEMA IF EXISTS cotter CASCADE; CREATE SCHEMA cotter"), "");
        for (const char* migration : migrations().first(schema)) {
            ASSERT_EQ(tamper(in_dialect(migration, kPostgresqlDialect)), "");
        }
        ASSERT_EQ(tamper("UPDATE meta SET version = 7, schema = " + std::to_string(schema) +
                         "; INSERT INTO clients VALUES ('web', 'suspended', '', 1, 'owner', 2, '', 3)"),
                  "");
        const auto registry = testing::open(url_);
        EXPECT_EQ(registry->version(), 7U);
        EXPECT_EQ(registry->find(name_of("web"))->state, ClientState::kSuspended);
        EXPECT_EQ(registry->restore(name_of("web"), by_admin()), 8U);
    }
}

TEST_F(PostgresqlStoreTest, A200_AForeignSchemaOfItsNameIsLeftAsItIs) {
    ASSERT_EQ(tamper("CREATE SCHEMA cotter; CREATE TABLE cotter.letters (text TEXT)"), "");
    EXPECT_EQ(refusal(url_), "registry_foreign");
    EXPECT_EQ(tamper("DROP TABLE letters; DROP SCHEMA cotter"), "") << "nothing was put there";
}

TEST_F(PostgresqlStoreTest, A200_OfManyThatMakeTheTablesAtOnceEachFindsThemWhole) {
    std::vector<std::string> refusals(6);
    {
        std::vector<std::jthread> threads;
        threads.reserve(refusals.size());
        for (std::string& outcome : refusals) threads.emplace_back([&] { outcome = refusal(url_); });
    }
    EXPECT_EQ(refusals, std::vector<std::string>(refusals.size()));
}

TEST_F(PostgresqlStoreTest, A197_NothingThatMattersMayBeMissingOrUnknown) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry->invite(name_of("db"), InvitationSecret::random(), kNow + std::chrono::hours(1), std::nullopt,
                                 by_admin()));
    for (const char* wrong : {
             "UPDATE clients SET state = NULL",
             "UPDATE clients SET state = 'Active'",
             "UPDATE clients SET expires = NULL",
             "UPDATE clients SET name = 'Web'",
             "UPDATE clients SET name = 'web '",
             "UPDATE clients SET name = ''",
             "UPDATE keys SET octets = NULL",
             "UPDATE keys SET octets = ''",
             "UPDATE keys SET form = 4",
             "UPDATE keys SET target = 3",
             "UPDATE keys SET issuer = '0'",
             "UPDATE invitations SET expires = NULL",
             "UPDATE invitations SET expires = created",
             "UPDATE invitations SET hash = '0'",
             "UPDATE meta SET version = NULL",
             "INSERT INTO meta (id, schema, version) VALUES (2, 1, 0)",
         }) {
        EXPECT_NE(tamper(wrong), "") << wrong;
    }
    EXPECT_TRUE(registry->snapshot());
}

TEST_F(PostgresqlStoreTest, A199_OneKeyForOneNameIsAConstraint) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry->add(name_of("db"), {key_of(2)}, std::nullopt, "", by_admin()));
    for (const char* wrong : {
             "UPDATE keys SET octets = (SELECT octets FROM keys WHERE client = 'web')",
             "UPDATE canonical_keys SET digest = (SELECT digest FROM canonical_keys WHERE client = 'web')",
             "UPDATE keys SET canonical = (SELECT digest FROM canonical_keys WHERE client = 'web') WHERE client = 'db'",
             "UPDATE keys SET client = 'nobody'",
         }) {
        EXPECT_NE(tamper(wrong), "") << wrong;
    }
}

TEST_F(PostgresqlStoreTest, A194_GivesNoSnapshotOfWhatItCannotRead) {
    const auto registry = testing::open(url_);
    ASSERT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(registry->snapshot());
    for (const char* damage : {
             "ALTER TABLE clients DROP CONSTRAINT clients_state_check; UPDATE clients SET state = 'welcome'",
             "UPDATE clients SET state = 'active'; UPDATE keys SET octets = '0'",
             "DELETE FROM meta",
         }) {
        ASSERT_EQ(tamper(damage), "");
        EXPECT_FALSE(registry->snapshot()) << damage;
    }
}

TEST_F(PostgresqlStoreTest, A194_AConnectionThatWasEndedIsMadeAnew) {
    const auto registry = testing::open(url_);
    ASSERT_EQ(tamper("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cotter' AND "
                     "datname = current_database()"),
              "");
    const auto lost = registry->version();
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, "registry_unavailable");
    EXPECT_TRUE(registry->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    EXPECT_EQ(registry->changed(), true) << "what was notified meanwhile was told to nobody";
}

TEST_F(PostgresqlStoreTest, A152_NothingOfTheSearchPathLeadsElsewhere) {
    testing::open(url_).reset();
    ASSERT_EQ(tamper("CREATE TABLE public.meta AS SELECT 1 AS id, 99 AS schema, 0 AS version"), "");
    ASSERT_EQ(tamper("ALTER ROLE cotter SET search_path = public"), "");
    EXPECT_EQ(refusal(url_), "");
    ASSERT_EQ(tamper("ALTER ROLE cotter RESET search_path"), "");
}

}  // namespace
}  // namespace cotter::registry
