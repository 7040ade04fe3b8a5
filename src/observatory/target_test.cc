#include "observatory/target.h"

#include <gtest/gtest.h>

namespace cotter::observatory {
namespace {

TEST(Target, IsAHostWithAPortAndWhatIsTalkedOverToTls) {
    const struct {
        const char* line;
        const char* target;  ///< or the code of the Error
    } cases[] = {
        {"example.com", "example.com:443"},
        {"Example.COM.:8443", "example.com:8443"},
        {"  example.com:1 \t", "example.com:1"},
        {"192.0.2.1", "192.0.2.1:443"},
        {"[2001:DB8::1]:5000", "[2001:db8::1]:5000"},
        {"mail.example.com smtp", "mail.example.com:25 smtp"},
        {"mail.example.com:587   smtp", "mail.example.com:587 smtp"},
        {"db.example.com postgres", "db.example.com:5432 postgres"},
        {"db.example.com https", "target_protocol"},
        {"db.example.com smtp imap", "target_protocol"},
        {"db.example.com:0", "bad_port"},
        {"a b.example.com", "target_protocol"},
        {"bad..name:443", "bad_host_name"},
    };
    for (const auto& [line, expected] : cases) {
        const auto target = Target::parse(line);
        EXPECT_EQ(target ? target->to_string() : target.error().code, expected) << line;
    }
}

TEST(Target, A232_NoLineStandsForMoreThanOneServer) {
    for (const char* line :
         {"10.0.0.0/8", "192.0.2.1/32", "https://example.com", "https://example.com/", "2001:db8::/32", "192.0.2.*",
          "*.example.com", "example.com:1-1024", "example.com:443,8443"}) {
        EXPECT_FALSE(Target::parse(line)) << line;
    }
}

TEST(TargetList, TakesOneALineAndEachOnce) {
    const auto list =
        parse_targets("# ours\n\na.example\r\nb.example:25 smtp # mail\nA.example.:443\n   \nc.example", "servers.txt");
    ASSERT_TRUE(list);
    ASSERT_EQ(list->targets.size(), 3U);
    EXPECT_EQ(list->repeated, 1U);
    EXPECT_EQ(list->targets[1].to_string(), "b.example:25 smtp");
}

TEST(TargetList, IsRefusedWholeWithThePlaceOfTheBadLine) {
    const auto list = parse_targets("a.example\nb.example\n10.0.0.0/8\nc.example\n", "servers.txt");
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().code, "target_range");
    ASSERT_TRUE(list.error().place);
    EXPECT_EQ(list.error().place->line, 3U);
    EXPECT_EQ(list.error().place->source, "servers.txt");
    for (const char* nobody : {"", "\n\n", "# nobody\n"})
        EXPECT_EQ(parse_targets(nobody, "x").error().code, "no_targets");
}

TEST(TargetList, IsKnownAgainByItsServersAndTheirOrder) {
    const auto digest = [](const char* text) { return parse_targets(text, "x")->digest(); };
    EXPECT_EQ(digest("a.example\nb.example\n"), digest("# later\nA.example:443\nb.example"));
    EXPECT_NE(digest("a.example\nb.example\n"), digest("b.example\na.example\n"));
    EXPECT_NE(digest("a.example"), digest("a.example smtp"));
}

}  // namespace
}  // namespace cotter::observatory
