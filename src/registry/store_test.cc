// What every store must do for whoever writes statements over it: keep or undo a transaction as a whole, also in parts.
#include "registry/store.h"

#include "registry/registry.h"
#include "registry/testing/store.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace cotter::registry {
namespace {

using testing::by_admin;
using testing::key_of;
using testing::kNow;
using testing::name_of;

class StoreTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    StoreTest() {
        const auto made = store().write("making a table", [&]() -> Result<void> {
            store().run_script(
                in_dialect("CREATE TABLE letters (octets {octets}, number {integer}, text {text}); "
                           "CREATE TABLE words (word {text} PRIMARY KEY NOT NULL)",
                           store().dialect()));
            return {};
        });
        EXPECT_TRUE(made) << made.error().why;
    }

    [[nodiscard]] Store& store() const { return registry_->store(); }
    Result<void> keep(std::string_view word) const {
        return store().write("keeping a word", [&]() -> Result<void> {
            Query(store(), "INSERT INTO words (word) VALUES ($1)", word).run();
            return {};
        });
    }
    /// In the store's own order, divided by spaces.
    [[nodiscard]] std::string words() const {
        return store()
            .read("reading words",
                  [&]() -> Result<std::string> {
                      std::string all;
                      Query row(store(), "SELECT word FROM words ORDER BY word");
                      while (row.next()) all += row.text(0) + " ";
                      return all;
                  })
            .value();
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
};

TEST_P(StoreTest, GivesBackEachKindOfValueAsItWas) {
    const ByteVector octets = {std::byte{0}, std::byte{0xff}, std::byte{'\\'}, std::byte{0x27}};
    const std::string text = "\\x00 'ö' \"?\" $1 {text}";
    const auto done = store().write("trying values", [&]() -> Result<void> {
        Query insert(store(), "INSERT INTO letters (octets, number, text) VALUES ($3, $1, $2)");
        insert.again(std::numeric_limits<std::int64_t>::min(), text, octets).run();
        insert.again(kNever, "", ByteVector()).run();
        insert.again(0, "c", std::optional<ByteVector>()).run();
        Query row(store(), "SELECT octets, number, text FROM letters ORDER BY number");
        EXPECT_TRUE(row.next());
        EXPECT_EQ(row.octets(0), octets);
        EXPECT_EQ(row.number(1), std::numeric_limits<std::int64_t>::min());
        EXPECT_EQ(row.text(2), text);
        EXPECT_TRUE(row.next());
        EXPECT_TRUE(row.is_null(0));
        EXPECT_EQ(row.number(1), 0);
        EXPECT_TRUE(row.next());
        EXPECT_FALSE(row.is_null(0));
        EXPECT_TRUE(row.octets(0).empty());
        EXPECT_EQ(row.time_or_never(1), std::nullopt);
        EXPECT_EQ(row.text(2), "");
        EXPECT_FALSE(row.next());
        EXPECT_EQ(Query(store(), "UPDATE letters SET text = 'd' WHERE number >= $1", 0).run(), 2U);
        return {};
    });
    EXPECT_TRUE(done) << done.error().why;
}

TEST_P(StoreTest, A196_TextComparesOctetByOctet) {
    for (const char* word : {"b", "B", "a-z", "a", "a.b", "ä"}) ASSERT_TRUE(keep(word));
    EXPECT_EQ(words(), "B a a-z a.b b ä ");
}

TEST_P(StoreTest, UndoesWhatGivesAnErrorOrThrows) {
    EXPECT_EQ(store()
                  .write("failing",
                         [&]() -> Result<void> {
                             Query(store(), "INSERT INTO words (word) VALUES ('x')").run();
                             return failed("no", "failing", "it had to");
                         })
                  .error()
                  .code,
              "no");
    EXPECT_THROW(static_cast<void>(store().write("throwing",
                                                 [&]() -> Result<void> {
                                                     Query(store(), "INSERT INTO words (word) VALUES ('y')").run();
                                                     throw std::runtime_error("it had to");
                                                 })),
                 std::runtime_error);
    EXPECT_EQ(words(), "");
    EXPECT_TRUE(keep("z"));
}

TEST_P(StoreTest, AFaultIsAnErrorThatSaysWhatWasDone) {
    ASSERT_TRUE(keep("once"));
    const auto twice = keep("once");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().what, "keeping a word");
    EXPECT_EQ(twice.error().code, "registry_unavailable");
    EXPECT_FALSE(twice.error().why.empty());
    EXPECT_TRUE(keep("again")) << "and the store goes on";
}

TEST_P(StoreTest, AChangeOfClientsAndOneOfOtherTablesAreOneTransaction) {
    const auto add = [&](std::string_view word, bool works) {
        return store().write("issuing", [&]() -> Result<std::uint64_t> {
            auto added = registry_->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin());
            if (!added) return added;
            if (auto kept = keep(word); !kept) return unexpected(kept.error());
            if (!works) return failed("no", "issuing", "it had to");
            return added;
        });
    };
    EXPECT_EQ(add("first", false).error().code, "no");
    EXPECT_EQ(registry_->find(name_of("web")).error().code, "no_such_client");
    EXPECT_EQ(registry_->version(), 0U);
    EXPECT_EQ(add("second", true), 1U);
    EXPECT_EQ(words(), "second ");
    EXPECT_TRUE(registry_->find(name_of("web")));
}

TEST_P(StoreTest, APartThatGivesAnErrorIsUndoneAlone) {
    const auto done = store().write("in parts", [&]() -> Result<void> {
        EXPECT_TRUE(keep("kept"));
        EXPECT_FALSE(store().write("a part", [&]() -> Result<void> {
            EXPECT_TRUE(keep("undone"));
            return failed("no", "a part", "it had to");
        }));
        EXPECT_EQ(words(), "kept ") << "a read within a write sees it";
        return keep("also");
    });
    EXPECT_TRUE(done);
    EXPECT_EQ(words(), "also kept ");
}

TEST_P(StoreTest, AFaultInAPartUndoesTheWhole) {
    ASSERT_TRUE(keep("once"));
    const auto done = store().write("in parts", [&]() -> Result<void> {
        EXPECT_TRUE(keep("undone"));
        static_cast<void>(keep("once"));
        ADD_FAILURE() << "it went on after a fault";
        return {};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what, "in parts");
    EXPECT_EQ(words(), "once ");
}

TEST_P(StoreTest, TouchingAClientIsAChange) {
    ASSERT_TRUE(registry_->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    const auto watcher = testing::open(url_);
    const auto touched =
        store().write("touching", [&]() -> Result<std::uint64_t> { return registry_->touch(name_of("web")); });
    EXPECT_EQ(touched, 2U);
    EXPECT_TRUE(testing::sees_change(*watcher));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

/// A store without tables, whose transactions meet others as often as a test wants.
class CrowdedStore final : public Store {
  public:
    explicit CrowdedStore(int meetings) : meetings_(meetings) {}
    std::unique_ptr<Statement> prepare(const char* /*sql*/) override { return nullptr; }
    void run_script(const std::string& /*sql*/) override {}
    const Dialect& dialect() const override { return kSqliteDialect; }
    bool has_table(std::string_view /*name*/) override { return false; }
    bool has_any_table() override { return false; }
    const std::string& name() const override { return name_; }
    int undone = 0;

  private:
    bool look_for_changes() override { return false; }
    void begin(Access /*access*/) override {}
    void commit() override {
        if (meetings_-- > 0) throw StoreFault("registry_busy", "two met", "", StoreFault::Again::kMaySucceed);
    }
    void roll_back() noexcept override { ++undone; }

    int meetings_;
    std::string name_ = "crowded";
};

TEST(StoreTransactions, A199_WhatMeetsAnotherIsDoneOnceMoreAndNotForEver) {
    for (const int meetings : {0, 3, 1000}) {
        CrowdedStore store(meetings);
        int runs = 0;
        const auto done = store.write("adding", [&]() -> Result<int> { return ++runs; });
        EXPECT_EQ(done.has_value(), meetings < 1000);
        EXPECT_EQ(done ? std::to_string(*done) : done.error().code,
                  meetings < 1000 ? std::to_string(meetings + 1) : "registry_busy");
        EXPECT_EQ(store.undone, done ? meetings : runs);
    }
}

}  // namespace
}  // namespace cotter::registry
