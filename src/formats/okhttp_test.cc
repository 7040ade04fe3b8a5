// OkHttp's patterns, both ways, and that verdicts stay where its patterns add up.
#include "formats/okhttp.h"

#include "formats/testing/format_cases.h"
#include "formats/wider_pins.h"

#include <set>

namespace cotter::formats {
namespace {

using testing::context_for;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using testing::kDigestA;
using testing::kDigestSlash;
using testing::kPinA;
using testing::kPinB;
using testing::kPinC;

std::string told(const std::string& host, const std::vector<std::string>& pins) {
    std::string result = host + "; chain+pins, any, mode 0, ends never then 0;";
    for (const std::string& pin : pins) result += " " + pin + " 0 '' never '',";
    return result;
}

TEST(OkHttp, ReadsCallsAndLines) {
    const std::string a = "\"" + kPinA + "\"";
    const std::string b = "\"" + kPinB + "\"";
    const std::string slash = "sha256/" + kDigestSlash;
    expect_taken(
        Format::kOkHttp, context_for(""),
        {
            {"CertificatePinner.Builder().add(\"a.example\", " + a + ").build()",
             told("a.example", {kPinA}),
             {},
             "one call"},
            {"new CertificatePinner.Builder()\n  .add(\"a.example\",\n    " + a + ",\n    " + b + ")\n  .build();",
             told("a.example", {kPinA, kPinB}),
             {},
             "Java, over lines"},
            {".add(\"a.example\", " + a + ")", told("a.example", {kPinA}), {}, "the call alone"},
            {".add ( \"a.example\" , " + a + " , )", told("a.example", {kPinA}), {}, "blanks, and a comma at the end"},
            {".add(\"a.example\", /* old */ " + a + ", // new\n " + b + ")",
             told("a.example", {kPinA, kPinB}),
             {},
             "comments inside"},
            {"// .add(\"x.example\", " + b + ")\n.add(\"a.example\", " + a + ")",
             told("a.example", {kPinA}),
             {},
             "a call commented out"},
            {"/* .add(\"x.example\", " + b + ") */ .add(\"a.example\", " + a + ")",
             told("a.example", {kPinA}),
             {},
             "a block commented out"},
            {"val s = \".add(\\\"x\\\", \\\"y\\\")\"\n.add(\"a.example\", " + a + ")",
             told("a.example", {kPinA}),
             {},
             "a call in a text"},
            {"val s = \"\"\".add(\"x\", \"y\")\"\"\"\n.add(\"a.example\", " + a + ")",
             told("a.example", {kPinA}),
             {},
             "a call in a raw text"},
            {"list.add(x); list.add(\"y\"); set.add(f(1, 2)); .add(\"a.example\", " + a + ")",
             told("a.example", {kPinA}),
             {},
             "calls of something else"},
            {"added(1, 2); readd(3, 4); .add(\"a.example\", " + a + ")",
             told("a.example", {kPinA}),
             {},
             "names that end or begin alike"},
            {"list.add(builder.add(\"a.example\", " + a + ").build())",
             told("a.example", {kPinA}),
             {},
             "a call in a call"},
            {"apply { add(\"a.example\", " + a + ") }", told("a.example", {kPinA}), {}, "without a dot"},
            {".add(\"a.example\", " + a + ").add(\"a.example\", " + b + ")",
             told("a.example", {kPinA, kPinB}),
             {},
             "one host twice adds up"},
            {".add(\"a.example\", " + a + ", " + a + ")", told("a.example", {kPinA}), {}, "a pin twice says it once"},
            {".add(\"*.example.com\", " + a + ")", told("*.example.com", {kPinA}), {}, "a star is one label"},
            {".add(\"**.example.com\", " + a + ")",
             told("example.com and below", {kPinA}),
             {},
             "two are any, and the name itself"},
            {".add(\"192.0.2.1\", " + a + ")", told("192.0.2.1", {kPinA}), {}, "an address"},
            {".add(\"2001:db8::1\", " + a + ")", told("2001:db8::1", {kPinA}), {}, "an IPv6 address"},
            {".add(\"a.example\", \"" + slash + "\")",
             told("a.example", {slash}),
             {},
             "a digest that begins with a slash"},
            {"a.example " + kPinA, told("a.example", {kPinA}), {}, "a line"},
            {"a.example " + kPinA + " " + kPinB + "\r\n", told("a.example", {kPinA, kPinB}), {}, "two pins on it"},
            {"# pins\n\na.example\t" + kPinA + " # old\na.example " + kPinB,
             told("a.example", {kPinA, kPinB}),
             {},
             "two lines, comments"},
            {"\"a.example\", \"" + kPinA + "\"", told("a.example", {kPinA}), {}, "pairs in quotes"},
        });
}

TEST(OkHttp, A57_RefusesWhatItCantReadToTheEnd) {
    const std::string a = "\"" + kPinA + "\"";
    expect_refused(
        Format::kOkHttp, context_for(""),
        {
            {"", "no_pins", 0, 0, "nothing"},
            {"# nothing\n", "no_pins", 0, 0, "a comment"},
            {"CertificatePinner.Builder().build()", "no_pins", 0, 0, "no call"},
            {"CertificatePinner.Builder().add(\"a.example\", " + a + ")\nCertificatePinner\n .Builder()", "two_lists",
             2, 1, "a second pinner, whose pins would count for the first"},
            {"/* old: /* older */ .add(\"a.example\", " + a + ") */", "nested_comment", 1, 9,
             "a comment that Kotlin and Java end at different places"},
            {".add(HOST, " + a + ")", "not_literal", 1, 6, "a constant as pattern"},
            {".add(\"a.example\", PIN)", "not_literal", 1, 19, "a constant as pin"},
            {".add(\"a.example\", *pins)", "not_literal", 1, 19, "a spread"},
            {".add(pattern = \"a.example\", pins = " + a + ")", "not_literal", 1, 6, "named arguments"},
            {".add(\"a.example\", \"sha256/\" + DIGEST)", "not_literal", 1, 29, "a text put together"},
            {".add(\"$host\", " + a + ")", "not_literal", 1, 7, "an interpolated text"},
            {".add(\"a.example\", \"sha256/${digest}\")", "not_literal", 1, 27, "an interpolated pin"},
            {".add(\"a.exa\\u006dple\", " + a + ")", "not_literal", 1, 12, "an escape"},
            {".add(\"\"\"a.example\"\"\", " + a + ")", "not_literal", 1, 0, "a raw text"},
            {".add('a.example', " + a + ")", "not_literal", 1, 6, "other quotes"},
            {".add(\"a.example, " + a + ")", "not_literal", 1, 0, "quotes that stay open"},
            {".add(\"a.example\n\", " + a + ")", "bad_quotes", 1, 6, "a line's end in quotes"},
            {".add(\"a.example\", " + a, "not_literal", 1, 0, "a call that stays open"},
            {"list.add(builder.add(HOST, " + a + "))", "not_literal", 1, 22, "a constant in a call in a call"},
            {[] {
                 std::string deep;
                 for (int i = 0; i < 100; ++i) deep += "add(f(";
                 return deep;
             }(),
             "not_literal", 1, 0, "A166: calls in calls"},
            {".add(\"\", " + a + ")", "bad_host_name", 1, 7, "an empty pattern"},
            {".add(\"*\", " + a + ")", "bad_host_name", 1, 7, "a star alone"},
            {".add(\"*.\", " + a + ")", "bad_host_name", 1, 7, "a star and a dot"},
            {".add(\"***.example.com\", " + a + ")", "bad_host_name", 1, 7, "three stars"},
            {".add(\"*.*.example.com\", " + a + ")", "bad_host_name", 1, 7, "two labels of stars"},
            {".add(\"**.*.example.com\", " + a + ")", "bad_host_name", 1, 7, "stars of both kinds"},
            {".add(\"a*.example.com\", " + a + ")", "bad_host_name", 1, 7, "a star in a label"},
            {".add(\"**.192.0.2.1\", " + a + ")", "bad_host_name", 1, 7, "names below an address"},
            {".add(\"a.example:443\", " + a + ")", "bad_host_name", 1, 7, "a port"},
            {".add(\"https://a.example\", " + a + ")", "bad_host_name", 1, 7, "a URL"},
            {".add(\"a example\", " + a + ")", "bad_host_name", 1, 7, "a blank"},
            {".add(\"a..example\", " + a + ")", "bad_host_name", 1, 7, "an empty label"},
            {".add(\"a.example\", \"sha1/4n972HfV354KP560yw4uqe/baXc=\")", "sha1_pin", 1, 20, "A60: SHA-1"},
            {".add(\"a.example\", " + a + ", \"sha1/4n972HfV354KP560yw4uqe/baXc=\")", "sha1_pin", 1, 0,
             "A60: SHA-1 beside"},
            {".add(\"a.example\", \"sha256//" + kDigestA + "\")", "pin_two_slashes", 1, 20, "curl's spelling"},
            {".add(\"a.example\", \"sha512/x\")", "not_a_pin", 1, 20, "SHA-512"},
            {".add(\"a.example\", \"" + kDigestA + "\")", "not_a_pin", 1, 20, "no prefix"},
            {".add(\"a.example\", \"\")", "not_a_pin", 1, 20, "an empty pin"},
            {".add(\"a.example\", \"sha256/\")", "pin_empty", 1, 20, "an empty digest"},
            {".add(\"a.example\", \"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\")", "pin_mistake", 1, 20,
             "the set-up recipe"},
            {".add(\"a.example\", \"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\")", "pin_mistake", 1, 20,
             "of nothing"},
            {"a.example", "no_pins", 1, 1, "a line without a pin"},
            {"a.example " + kPinA + "\nb.example\n", "no_pins", 2, 1, "the second line"},
            {"a.example " + kPinA + " b.example " + kPinB, "not_a_pin", 1, 63, "two patterns in a line"},
            {kPinA + " a.example", "bad_host_name", 1, 1, "the other way round"},
        });
}

TEST(OkHttp, A64_WiderPatternsAddTheirPinsToNarrowerOnes) {
    expect_taken(Format::kOkHttp, context_for(""),
                 {{"a.example.com " + kPinA + "\n*.example.com " + kPinB + "\n**.example.com " + kPinC,
                   told("a.example.com", {kPinA, kPinB, kPinC}) + "\n" + told("*.example.com", {kPinB, kPinC}) + "\n" +
                       told("example.com and below", {kPinC}),
                   {},
                   "three that cover each other"},
                  {"**.example.com " + kPinC + "\na.b.example.com " + kPinA + "\n*.example.com " + kPinB,
                   told("example.com and below", {kPinC}) + "\n" + told("a.b.example.com", {kPinA, kPinC}) + "\n" +
                       told("*.example.com", {kPinB, kPinC}),
                   {},
                   "a star is one label only"},
                  {"notexample.com " + kPinA + "\n**.example.com " + kPinB,
                   told("notexample.com", {kPinA}) + "\n" + told("example.com and below", {kPinB}),
                   {},
                   "A65: on label boundaries"},
                  {"**.a.example.com " + kPinA + "\n*.example.com " + kPinB,
                   told("a.example.com and below", {kPinA}) + "\n" + told("*.example.com", {kPinB}),
                   {"overlap"},
                   "they share one name, and neither covers the other"},
                  {"example.com " + kPinA + "\n**.example.com " + kPinB,
                   told("example.com and below", {kPinB}),
                   {"overlap"},
                   "the name itself, and those below it"},
                  {"example.com " + kPinB + "\n**.example.com " + kPinB,
                   told("example.com and below", {kPinB}),
                   {},
                   "the same pins for both"}});
}

/// As CertificatePinner finds pins: all of the patterns that match.
std::set<std::string> by_okhttp(const std::vector<std::pair<std::string, std::string>>& rules,
                                const std::string& host) {
    std::set<std::string> pins;
    for (const auto& [pattern, pin] : rules) {
        bool matches = pattern == host;
        if (pattern.starts_with("**.")) {
            const std::string rest = pattern.substr(3);
            matches = host == rest || host.ends_with("." + rest);
        } else if (pattern.starts_with("*.")) {
            const std::string rest = pattern.substr(1);
            matches = host.ends_with(rest) && host.size() > rest.size() && host.find('.') == host.size() - rest.size();
        }
        if (matches) pins.insert(pin);
    }
    return pins;
}

TEST(OkHttp, A67_NoHostTrustsMoreThanInOkHttpAndOnlyOverlapsTrustLess) {
    const std::string patterns[] = {"x.example",     "*.x.example",    "**.x.example",  "a.x.example",
                                    "*.a.x.example", "**.a.x.example", "b.a.x.example", "**.b.a.x.example"};
    const std::string hosts[] = {"x.example",   "a.x.example",   "b.a.x.example", "c.b.a.x.example",
                                 "z.x.example", "y.z.x.example", "other.example"};
    const std::string pins[] = {kPinA, kPinB, kPinC};
    for (unsigned chosen = 1; chosen < 256; ++chosen) {
        std::vector<std::pair<std::string, std::string>> rules;
        std::string text;
        for (unsigned i = 0; i < 8; ++i) {
            if ((chosen >> i & 1U) == 0) continue;
            rules.emplace_back(patterns[i], pins[(i + chosen) % 3]);
            text += patterns[i] + " " + pins[(i + chosen) % 3] + "\n";
        }
        const auto imported = import_policy(Format::kOkHttp, text, context_for(""));
        ASSERT_TRUE(imported) << text << imported.error().why;
        const auto set = trust::PolicySet::from(imported->entries);
        ASSERT_TRUE(set);
        for (const std::string& host : hosts) {
            const std::set<std::string> there = by_okhttp(rules, host);
            const trust::PolicyEntry* const entry = set->find(*HostPort::parse(host, 443));
            std::set<std::string> here;
            if (entry != nullptr) {
                for (const trust::PolicyPin& pin : entry->policy.pins) here.insert(pin.pin.to_string());
            }
            EXPECT_EQ(there.empty(), entry == nullptr) << text << host;
            EXPECT_TRUE(std::ranges::includes(there, here)) << text << host;
            if (imported->lost.empty()) {
                EXPECT_EQ(there, here) << text << host;
            }
        }
    }
}

trust::PolicyEntry pinned(const std::string& host, const std::vector<std::string>& pins, bool below = false) {
    trust::PolicyEntry one = entry(host, pins, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    if (below) one.host = *trust::HostPattern::parse(host, std::nullopt, true);
    return one;
}

TEST(OkHttp, WritesABuilder) {
    EXPECT_EQ(exported(Format::kOkHttp,
                       {pinned("a.example", {kPinA, kPinB}), pinned("*.b.example", {kPinA}),
                        pinned("c.example", {kPinA}, true)},
                       {}),
              "CertificatePinner.Builder()\n    .add(\"a.example\", \"" + kPinA + "\", \"" + kPinB +
                  "\")\n    .add(\"*.b.example\", \"" + kPinA + "\")\n    .add(\"**.c.example\", \"" + kPinA +
                  "\")\n    .build()\n");
}

TEST(OkHttp, A67_RefusesToWriteWhatWouldTrustMore) {
    EXPECT_EQ(export_error(Format::kOkHttp, {pinned("a.example.com", {kPinA}), pinned("*.example.com", {kPinB})}),
              "wider_pins");
    EXPECT_EQ(export_error(Format::kOkHttp, {pinned("*.example.com", {kPinA}), pinned("example.com", {kPinB}, true)}),
              "wider_pins");
    EXPECT_EQ(export_error(Format::kOkHttp, {pinned("a.example.com", {kPinA}, true), pinned("*.example.com", {kPinB})}),
              "wider_pins");
    EXPECT_EQ(export_error(Format::kOkHttp, {pinned("a.example:1", {kPinA}), pinned("a.example:2", {kPinB})}),
              "wider_pins");
    exported(Format::kOkHttp, {pinned("a.example.com", {kPinA, kPinB}), pinned("*.example.com", {kPinB})}, {});
    exported(Format::kOkHttp, {pinned("a.example.com", {kPinA}), pinned("*.b.example.com", {kPinB})}, {});
    exported(Format::kOkHttp, {pinned("notexample.com", {kPinA}), pinned("example.com", {kPinB}, true)}, {});
}

TEST(OkHttp, WhatIsWrittenIsReadBack) {
    const std::vector<trust::PolicyEntry> entries{pinned("a.example.com", {kPinA, kPinB, kPinC}),
                                                  pinned("*.example.com", {kPinB, kPinC}),
                                                  pinned("example.com", {kPinC}, true), pinned("192.0.2.1", {kPinA})};
    const auto again = import_policy(Format::kOkHttp, exported(Format::kOkHttp, entries, {}), context_for(""));
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(testing::told(again->entries), testing::told(entries));
}

}  // namespace
}  // namespace cotter::formats
