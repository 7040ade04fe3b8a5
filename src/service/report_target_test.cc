// Where reports may go, and where not.
#include "service/report_target.h"

#include "service/report_sender.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

TEST(ReportTarget, ReadsTheThreeForms) {
    const auto file = ReportTarget::parse("file:/var/log/cotter reports.jsonl");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->kind(), ReportTarget::Kind::kFile);
    EXPECT_EQ(file->file(), "/var/log/cotter reports.jsonl");
    EXPECT_EQ(ReportTarget::parse("syslog")->kind(), ReportTarget::Kind::kSyslog);
    struct Row {
        std::string_view url;
        std::string_view server;
    };
    for (const Row& row : std::vector<Row>{{"https://collector.example/hpkp?from=cotter", "collector.example:443"},
                                           {"https://COLLECTOR.example:8443/", "collector.example:8443"},
                                           {"https://192.0.2.1:8443/", "192.0.2.1:8443"},
                                           {"https://[2001:db8::1]:8443/", "[2001:db8::1]:8443"}}) {
        const auto target = ReportTarget::parse(row.url);
        ASSERT_TRUE(target) << row.url << target.error().why;
        EXPECT_EQ(target->kind(), ReportTarget::Kind::kHttps);
        EXPECT_EQ(target->server()->to_string(), row.server);
        EXPECT_EQ(target->to_string(), row.url);
    }
}

TEST(ReportTarget, RefusesTheRest) {
    for (const std::string_view text :
         {"", "file:", "file", "Syslog", "syslog:", "http://collector.example/", "ftp://collector.example/",
          "collector.example", "https://", "https:///path", "https://user@collector.example/",
          "https://user:secret@collector.example/", "https://collector.example/#pin", "https://colle ctor.example/",
          "https://collector.example:0/", "https://collector.example:70000/"}) {
        EXPECT_FALSE(ReportTarget::parse(text)) << text;
    }
    EXPECT_FALSE(ReportTarget::parse(std::string_view("file:a\0b", 8)));
}

HostName name(std::string_view text) {
    return *HostName::parse(text);
}

TEST(ReportSender, A142_TheFailedServerIsKnownByNameAndByAddress) {
    EXPECT_TRUE(is_same_server(name("db.invalid"), name("DB.invalid.")));
    EXPECT_TRUE(is_same_server(name("localhost"), name("127.0.0.1")));
    EXPECT_TRUE(is_same_server(name("127.0.0.1"), name("localhost")));
    EXPECT_TRUE(is_same_server(name("::ffff:192.0.2.1"), name("192.0.2.1")));
    EXPECT_FALSE(is_same_server(name("192.0.2.1"), name("192.0.2.2")));
    EXPECT_FALSE(is_same_server(name("collector.invalid"), name("db.invalid")));
}

TEST(ReportSender, A142_NothingGoesToWhereTheConnectionWentUnderAnotherName) {
    const auto collector = ReportTarget::parse("https://127.0.0.1:1/");
    ASSERT_TRUE(collector);
    const std::vector<HostPort> failed{*HostPort::parse("db.invalid:443"), *HostPort::parse("127.0.0.1:443")};
    const Delivery delivery = deliver(*collector, failed, "{}", {}, std::chrono::seconds(1));
    EXPECT_EQ(delivery.outcome, Delivery::Outcome::kNever) << delivery.why;
}

TEST(ReportSender, TheShortReportHasNoCertificates) {
    EXPECT_EQ(without_chains(R"({"hostname":"a","served-certificate-chain":["x"],"validated-certificate-chain":[]})"),
              R"({"hostname":"a"})");
    EXPECT_EQ(without_chains("no JSON"), "");
}

}  // namespace
}  // namespace cotter::service
