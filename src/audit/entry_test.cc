// The one way in which an entry is written, and that no other is read.
#include "audit/entry.h"

#include "text/encoding.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace cotter::audit {
namespace {

constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25} + std::chrono::hours(4)};

Entry an_entry() {
    return recorded({.action = Action::kAddKey, .client = "alice", .pin = "sha256/AAAA", .detail = "laptop"}, 7,
                    "root@db1", kNow);
}

TEST(Entry, IsWrittenAsOneLineOfCanonicalJson) {
    EXPECT_EQ(canonical_text(an_entry()),
              R"({"action":"add-key","actor":"root@db1","at":"2026-11-25T04:00:00Z","client":"alice",)"
              R"("detail":"laptop","pin":"sha256/AAAA","sequence":7})");
    const Entry refusals = recorded({.action = Action::kRefuse,
                                     .client = "bob",
                                     .pin = "sha256/BBBB",
                                     .peer = "192.0.2.1:4711",
                                     .connection = "k7m2",
                                     .count = 12,
                                     .detail = "suspended"},
                                    0, "root@db1", kNow);
    EXPECT_EQ(canonical_text(refusals),
              R"({"action":"refuse","actor":"root@db1","at":"2026-11-25T04:00:00Z","client":"bob",)"
              R"("connection":"k7m2","count":12,"detail":"suspended","peer":"192.0.2.1:4711","pin":"sha256/BBBB",)"
              R"("sequence":0})");
}

TEST(Entry, IsHashedWithItsPrefix) {
    // printf '\000%s' LINE | sha256sum
    const Entry entry{.sequence = 0, .at = kNow, .actor = "a@b", .action = "add", .client = "c"};
    EXPECT_EQ(canonical_text(entry),
              R"({"action":"add","actor":"a@b","at":"2026-11-25T04:00:00Z","client":"c","sequence":0})");
    EXPECT_EQ(text::hex(leaf_hash(entry)), "e1f2c1637e1c1fc910d7f741627e6817fb6be7dd04ef21dd3532fed3e57a88ff");
}

TEST(Entry, A149_EscapesWhatIsRecordedAndKeepsItShort) {
    const Entry entry = recorded({.client = "a\nb", .detail = std::string(5000, '"') + "\x1b[2J"}, 1, "x\x01y", kNow);
    EXPECT_EQ(entry.client, "a\\x0ab");
    EXPECT_EQ(entry.actor, "x\\x01y");
    EXPECT_LT(canonical_text(entry).size(), 8192U);
    EXPECT_EQ(parse_entry(canonical_text(entry)).value(), entry);
}

TEST(Entry, IsReadAsItWasWritten) {
    for (const Entry& entry :
         {an_entry(), recorded({.action = Action::kRefuse, .count = 0}, 1U << 30U, "", kNow),
          recorded({.action = Action::kJoin, .client = "ä\"\\/", .peer = "[::1]:1", .connection = "c"}, 0, "日",
                   kNow)}) {
        const auto read = parse_entry(canonical_text(entry));
        ASSERT_TRUE(read) << read.error().why;
        EXPECT_EQ(*read, entry);
    }
}

TEST(Entry, RefusesEveryOtherSpelling) {
    const std::string whole = canonical_text(an_entry());
    ASSERT_TRUE(parse_entry(whole));
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string changed = whole;
        return changed.replace(changed.find(from), from.size(), to);
    };
    for (const std::string& wrong : {
             std::string(),
             std::string("[]"),
             std::string("{}"),
             whole + "\n",
             " " + whole,
             whole + whole,
             with(",\"at\"", ", \"at\""),
             with("laptop", "l\\u0061ptop"),
             with("\"sequence\":7", "\"sequence\":7.0"),
             with("\"sequence\":7", "\"sequence\":-7"),
             with("\"sequence\":7", "\"sequence\":\"7\""),
             with("\"sequence\":7", "\"sequence\":7,\"sequence\":7"),
             with("\"sequence\":7", "\"sequence\":7,\"unknown\":1"),
             with("\"client\":\"alice\"", "\"client\":\"\""),
             with("\"client\":\"alice\"", "\"client\":\"alice\",\"count\":1"),
             with("04:00:00Z", "04:00:00+00:00"),
             with("2026-11-25T04:00:00Z", "today"),
             with("{\"action\":\"add-key\",", "{"),
             with("laptop", "\xff"),
         }) {
        const auto read = parse_entry(wrong);
        ASSERT_FALSE(read) << wrong;
        EXPECT_EQ(read.error().code, "audit_entry");
    }
}

TEST(Entry, EveryActionHasAWordOfItsOwn) {
    std::set<std::string_view> words;
    for (int number = 0; number <= static_cast<int>(Action::kPrune); ++number) {
        const auto action = static_cast<Action>(number);
        EXPECT_TRUE(words.insert(text_of(action)).second);
        EXPECT_EQ(action_of(text_of(action)), action);
    }
    EXPECT_FALSE(action_of("remember"));
}

}  // namespace
}  // namespace cotter::audit
