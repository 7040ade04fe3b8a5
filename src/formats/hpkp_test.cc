// HPKP: the rules of RFC 7469 for header fields, both ways.
#include "formats/hpkp.h"

#include "formats/testing/format_cases.h"

namespace cotter::formats {
namespace {

using testing::context_for;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using ::testing::HasSubstr;
using testing::kDigestA;
using testing::kDigestB;
using testing::kDigestC;
using testing::kDigestSlash;
using testing::kNow;
using testing::kPinA;
using testing::kPinB;

const std::string kA = "pin-sha256=\"" + kDigestA + "\"";
const std::string kB = "pin-sha256=\"" + kDigestB + "\"";
const std::string kName = "Public-Key-Pins: ";

/// What an enforced header for www.example.com becomes.
std::string told(const std::string& end, const std::vector<std::string>& digests = {kDigestA, kDigestB},
                 bool below = false) {
    std::string result = std::string("www.example.com") + (below ? " and below" : "") +
                         "; chain+pins, any, mode 0, ends " + end + " then 1;";
    for (const std::string& digest : digests) result += " sha256/" + digest + " 0 '' never '',";
    return result;
}

TEST(Hpkp, ReadsWhatTheGrammarAllows) {
    const std::string hour = "2026-11-24T13:00:00Z";
    const std::string sixty_days = "2027-01-23T12:00:00Z";
    const std::vector<std::string> open{"fails_open"};
    expect_taken(
        Format::kHpkp, context_for("www.example.com"),
        {
            {kName + kA + "; " + kB + "; max-age=3600", told(hour), open, "a field"},
            {kName + kA + "; " + kB + "; max-age=3600\r\n", told(hour), open, "a line that ends as in HTTP"},
            {kA + "; " + kB + "; max-age=3600", told(hour), open, "the value alone"},
            {"HTTP/1.1 200 OK\r\nDate: today\r\n" + kName + kA + ";" + kB + ";max-age=3600\r\nServer: x\r\n\r\n",
             told(hour), open, "a whole response"},
            {"PUBLIC-KEY-PINS:" + kA + ";" + kB + ";max-age=3600", told(hour), open, "a name in capitals, no blank"},
            {kName + "max-age=3600; " + kB + "; " + kA, told(hour, {kDigestB, kDigestA}), open, "any order"},
            {kName + "MAX-AGE=3600; PIN-SHA256=\"" + kDigestA + "\"; Pin-Sha256=\"" + kDigestB + "\"", told(hour), open,
             "names in capitals"},
            {kName + kA + " ;\t" + kB + " ; max-age = 3600 ", told(hour), open, "blanks round everything"},
            {kName + ";;" + kA + ";;" + kB + "; ; max-age=3600;", told(hour), open, "empty directives"},
            {kName + kA + "; " + kB + "; max-age=\"3600\"", told(hour), open, "a quoted number"},
            {kName + kA + "; " + kB + "; max-age=003600", told(hour), open, "leading zeros"},
            {kName + kA + ";\r\n " + kB + ";\r\n\tmax-age=3600\r\n", told(hour), open, "a folded field"},
            {kName + kA + "; " + kB + "; max-age=3600; includeSubDomains", told(hour, {kDigestA, kDigestB}, true), open,
             "subdomains"},
            {kName + kA + "; " + kB + "; max-age=3600; INCLUDESUBDOMAINS", told(hour, {kDigestA, kDigestB}, true), open,
             "subdomains in capitals"},
            {kName + kA + "; " + kA + "; " + kB + "; max-age=3600", told(hour), open, "a pin twice says it once"},
            {kName + "pin-sha256=\"" + kDigestSlash + "\"; " + kB + "; max-age=3600",
             told(hour, {kDigestSlash, kDigestB}), open, "a digest that begins with a slash"},
            {kName + kA + "; " + kB + "; max-age=5184000", told(sixty_days), open, "the most that counts"},
            {kName + kA + "; " + kB + "; max-age=5184001",
             told(sixty_days),
             {"max_age", "fails_open"},
             "a second more"},
            {kName + kA + "; " + kB + "; max-age=9223372036854775807",
             told(sixty_days),
             {"max_age", "fails_open"},
             "A69: as much as 64 bits hold"},
            {kName + kA + "; max-age=3600", told(hour, {kDigestA}), {"no_backup", "fails_open"}, "one pin alone"},
            {kName + kA + "; " + kB + "; max-age=3600; report-uri=\"https://r.example/pkp\"",
             told(hour),
             {"report_uri", "fails_open"},
             "a report address"},
            {kName + kA + "; " + kB + "; max-age=3600; strict",
             told(hour),
             {"unknown_directive", "fails_open"},
             "an unknown directive"},
            {kName + kA + "; " + kB + "; max-age=3600; x=\"a;b\\\"c\"; y=z",
             told(hour),
             {"unknown_directive", "unknown_directive", "fails_open"},
             "unknown directives with values"},
            {kName + kA + "; " + kB + "; max-age=3600; pin-sha1=\"4n972HfV354KP560yw4uqe/baXc=\"",
             told(hour),
             {"pin_algorithm", "fails_open"},
             "an unknown algorithm beside known ones"},
            {kName + kA + "; " + kB + "; max-age=3600; pin-sha512=\"x\"",
             told(hour),
             {"pin_algorithm", "fails_open"},
             "an algorithm that RFC 7469 doesn't have"},
            {kName + kA + "; " + kB + "; max-age=3600\n" + kName + "pin-sha256=\"" + kDigestC + "\"; max-age=1",
             told(hour),
             {"later_field", "fails_open"},
             "only the first field counts"},
            {"Public-Key-Pins-Report-Only: " + kA + "\n" + kName + kA + "; " + kB + "; max-age=3600",
             told(hour),
             {"report_only", "fails_open"},
             "enforcement beside a report"},
            {kName + "pin-sha256=\"E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=\"; " + kB + "; max-age=3600",
             told(hour, {"E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=", kDigestB}),
             {"sample_pin", "fails_open"},
             "a pin out of the RFC itself"},
        });
}

TEST(Hpkp, A12_ReportOnlyReportsAndHasAnEnd) {
    const std::string reported =
        "www.example.com; chain+pins, any, mode 1, ends 2027-01-23T12:00:00Z then 0; " + kPinA + " 0 '' never '',";
    expect_taken(
        Format::kHpkp, context_for("www.example.com"),
        {{"Public-Key-Pins-Report-Only: " + kA, reported, {"report_end"}, "without max-age"},
         {"public-key-pins-report-only: " + kA + "; max-age=1", reported, {"report_end"}, "max-age means nothing"},
         {"Public-Key-Pins-Report-Only: " + kA + "; max-age=0", reported, {"report_end"}, "nor does max-age=0"}});
}

TEST(Hpkp, A57_AFieldThatBreaksTheGrammarIsRefusedWhole) {
    const std::string good = kA + "; " + kB + "; max-age=3600";
    expect_refused(
        Format::kHpkp, context_for("www.example.com"),
        {
            {"", "no_pins", 1, 1, "nothing"},
            {"Server: x\n", "no_pins", 1, 1, "no such field"},
            {kName, "no_pins", 1, 17, "an empty field"},
            {kName + ";;;", "no_pins", 1, 17, "only empty directives"},
            {kName + "max-age=3600", "no_pins", 1, 17, "no pin"},
            {kName + kA + "; " + kB, "no_max_age", 1, 17, "no max-age"},
            {kName + good + "; max-age=3600", "twice", 1, 150, "max-age twice"},
            {kName + good + "; MAX-AGE=1", "twice", 1, 150, "max-age twice, once in capitals"},
            {kName + good + "; includeSubDomains; includesubdomains", "twice", 1, 169, "includeSubDomains twice"},
            {kName + good + "; report-uri=\"https://a/\"; report-uri=\"https://b/\"", "twice", 1, 175,
             "report-uri twice"},
            {kName + good + "; x; X", "twice", 1, 153, "an unknown directive twice"},
            {kName + good + "; includeSubDomains=true", "bad_directive", 1, 150, "includeSubDomains with a value"},
            {kName + good + "; includeSubDomains=", "bad_directive", 1, 168, "an equals sign without a value"},
            {kName + good + "; max-age", "twice", 1, 150, "max-age twice, once without a value"},
            {kName + kA + "; max-age", "bad_max_age", 1, 77, "max-age without a value"},
            {kName + kA + "; max-age=", "bad_directive", 1, 85, "max-age with nothing"},
            {kName + kA + "; max-age=-1", "bad_max_age", 1, 77, "a negative age"},
            {kName + kA + "; max-age=+1", "bad_max_age", 1, 77, "a sign"},
            {kName + kA + "; max-age=1.5", "bad_max_age", 1, 77, "a fraction"},
            {kName + kA + "; max-age=1e6", "bad_max_age", 1, 77, "an exponent"},
            {kName + kA + "; max-age=\"\"", "bad_max_age", 1, 77, "an empty number"},
            {kName + kA + "; max-age=\" 1\"", "bad_max_age", 1, 77, "a blank in the number"},
            {kName + kA + "; max-age=9223372036854775808", "bad_max_age", 1, 77, "A69: over 64 bits"},
            {kName + kA + "; max-age=99999999999999999999999999", "bad_max_age", 1, 77, "A69: far over"},
            {kName + kA + "; " + kB + "; max-age=0", "unpins", 1, 17, "max-age=0 takes pins back"},
            {kName + "pin-sha1=\"4n972HfV354KP560yw4uqe/baXc=\"; max-age=1", "unpins", 1, 17, "no known algorithm"},
            {kName + "pin-sha256=" + kDigestA + "; max-age=1", "pin_unquoted", 1, 29, "a bare pin"},
            {kName + "pin-sha256=abc; max-age=1", "pin_unquoted", 1, 29, "a bare token"},
            {kName + "pin-sha256='" + kDigestA + "'; max-age=1", "pin_unquoted", 1, 29, "other quotes"},
            {kName + "pin-sha256; max-age=1", "bad_directive", 1, 18, "a pin without a value"},
            {kName + "pin-sha256=\"" + kDigestA + "; max-age=1", "bad_directive", 1, 29, "quotes that stay open"},
            {kName + kA + " " + kB + "; max-age=1", "bad_directive", 1, 76, "no semicolon"},
            {kName + kA + ", " + kB + "; max-age=1", "bad_directive", 1, 75, "a comma"},
            {kName + "@; " + good, "bad_directive", 1, 18, "no directive"},
            {kName + "=x; " + good, "bad_directive", 1, 18, "no name"},
            {kName + "pin-sha256=\"\"; max-age=1", "pin_empty", 1, 18, "an empty pin"},
            {kName + "pin-sha256=\"AAAA\"; max-age=1", "pin_wrong_length", 1, 18, "a short pin"},
            {kName + "pin-sha256=\"" + kDigestA.substr(0, 43) + "\"; max-age=1", "pin_padding", 1, 18, "no padding"},
            {kName + "pin-sha256=\" " + kDigestA + "\"; max-age=1", "pin_white_space", 1, 18, "a blank in the quotes"},
            {kName + "pin-sha256=\"/" + kDigestA + "\"; max-age=1", "pin_two_slashes", 1, 18, "a slash too many"},
            {kName + "pin-sha256=\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"; max-age=1", "pin_mistake", 1, 18,
             "the digest of nothing"},
            {kName + kA + ";\r\n " + "pin-sha256=\"AAAA\"; max-age=1", "pin_wrong_length", 2, 2,
             "a place in a folded field"},
            {"Server: x\n" + kName + kA + "; max-age=x", "bad_max_age", 2, 77, "a place in a response"},
            {kName + good + "; report-uri", "bad_report_uri", 1, 150, "no report address"},
            {kName + good + "; report-uri=\"/relative\"", "bad_report_uri", 1, 150, "a relative one"},
            {kName + good + "; report-uri=\"ftp://x/\"", "bad_report_uri", 1, 150, "another scheme"},
            {kName + good + "; x=\"a\x01\"", "bad_directive", 1, 154, "a control character"},
            {kName + good + std::string("; \0", 3), "bad_directive", 1, 150, "a NUL"},
        });
}

TEST(Hpkp, A83_TheHostIsANameAndComesFromTheCall) {
    const std::string header = kName + kA + "; " + kB + "; max-age=3600";
    const std::pair<std::string, std::string> cases[] = {{"", "host_needed"},
                                                         {"192.0.2.1", "address_host"},
                                                         {"2001:db8::1", "address_host"},
                                                         {"*.example.com", "address_host"}};
    for (const auto& [host, code] : cases) {
        const auto imported = import_policy(Format::kHpkp, header, context_for(host));
        ASSERT_FALSE(imported) << host;
        EXPECT_EQ(imported.error().code, code) << host;
    }
}

trust::PolicyEntry pinned(const std::vector<std::string>& pins) {
    return entry("www.example.com", pins, trust::TrustMode::kChainAndPins, trust::Match::kAny);
}

TEST(Hpkp, WritesOneHeader) {
    EXPECT_EQ(exported(Format::kHpkp, {pinned({kPinA, kPinB})}, {"host", "max_age"}),
              kName + kA + "; " + kB + "; max-age=5184000\n");
    trust::PolicyEntry ends = pinned({kPinA, kPinB});
    ends.policy.expires = kNow + std::chrono::hours(1);
    ends.policy.on_expiry = trust::OnExpiry::kChain;
    EXPECT_EQ(exported(Format::kHpkp, {ends}, {"host"}), kName + kA + "; " + kB + "; max-age=3600\n");
    trust::PolicyEntry below{*trust::HostPattern::parse("example.com", std::nullopt, true), ends.policy};
    EXPECT_EQ(exported(Format::kHpkp, {below}, {"host"}),
              kName + kA + "; " + kB + "; max-age=3600; includeSubDomains\n");
}

TEST(Hpkp, A56_ThePolicysRefusalAfterItsEndIsALoss) {
    trust::PolicyEntry ends = pinned({kPinA, kPinB});
    ends.policy.expires = kNow + std::chrono::hours(1);
    EXPECT_EQ(exported(Format::kHpkp, {ends}, {"host", "expires", "max_age"}),
              kName + kA + "; " + kB + "; max-age=5184000\n");
}

TEST(Hpkp, A12_AReportBecomesReportOnly) {
    trust::PolicyEntry report = pinned({kPinA, kPinB});
    report.policy.mode = trust::Mode::kReport;
    report.policy.expires = kNow + std::chrono::hours(1);
    report.policy.on_expiry = trust::OnExpiry::kChain;
    EXPECT_EQ(exported(Format::kHpkp, {report}, {"host"}), "Public-Key-Pins-Report-Only: " + kA + "; " + kB + "\n");
}

TEST(Hpkp, RefusesToWriteWhatNoBrowserWouldKeep) {
    EXPECT_EQ(export_error(Format::kHpkp, {pinned({kPinA})}), "no_backup");
    EXPECT_EQ(export_error(Format::kHpkp, {entry("192.0.2.1", {kPinA, kPinB})}), "address_host");
    EXPECT_EQ(export_error(Format::kHpkp, {entry("*.example.com", {kPinA, kPinB})}), "wildcard_host");
    EXPECT_EQ(export_error(Format::kHpkp, {entry("a.example", {kPinA, kPinB}), entry("b.example", {kPinA, kPinB})}),
              "many_hosts");
}

TEST(Hpkp, WhatIsWrittenMeansTheSameWhenRead) {
    trust::PolicyEntry one{*trust::HostPattern::parse("www.example.com", std::nullopt, true),
                           pinned({kPinA, kPinB}).policy};
    one.policy.expires = kNow + std::chrono::hours(5);
    one.policy.on_expiry = trust::OnExpiry::kChain;
    const auto text = export_policy(Format::kHpkp, {one}, kNow);
    ASSERT_TRUE(text);
    const auto again = import_policy(Format::kHpkp, text->text, context_for("www.example.com"));
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(testing::told(again->entries), testing::told(std::vector{one}));
}

}  // namespace
}  // namespace cotter::formats
