// Chromium's static pin list, both ways.
#include "formats/chromium.h"

#include "files/testing/scratch_folder.h"
#include "formats/testing/format_cases.h"
#include "formats/testing/told_entry.h"
#include "pin/testing/golden.h"

#include <fstream>

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
using testing::kPinA;
using testing::kPinB;
using testing::kPinC;

/// 2027-06-01 less 70 days.
const std::string kTimestamp = "PinsListTimestamp\n1805760000\n";
const std::string kKeys =
    "# keys\n" + kTimestamp + "\nAlpha\nsha256/" + kDigestA + "\n\nBeta\nsha256/" + kDigestB + "\n";

std::string pinset(const std::string& good, const std::string& rest = "") {
    return "{\"name\": \"one\", \"static_spki_hashes\": [" + good + "]" + rest + "}";
}
std::string host(const std::string& rest = "", const std::string& name = "a.example") {
    return "{\"name\": \"" + name + "\", \"pins\": \"one\"" + rest + "}";
}
std::string list(const std::string& pinsets, const std::string& entries) {
    return "// hosts\n{\"pinsets\": [" + pinsets + "], // the sets\n\"entries\": [" + entries + "]}\n";
}
std::string told_named(const std::string& where, const std::string& pins) {
    return where + "; chain+pins, any, mode 0, ends 2027-06-01T00:00:00Z then 1;" + pins;
}
const std::string kAlpha = " " + kPinA + " 0 'Alpha' never '',";
const std::string kBeta = " " + kPinB + " 0 'Beta' never '',";

TEST(Chromium, ReadsBothTextsJoined) {
    expect_taken(
        Format::kChromium, context_for(""),
        {
            {kKeys + list(pinset("\"Alpha\""), host()), told_named("a.example", kAlpha), {"fails_open"}, "the least"},
            {kKeys + list(pinset("\"Beta\", \"Alpha\""),
                          host(", \"include_subdomains\": true") + "," +
                              host(", \"include_subdomains_for_pinning\": true", "b.example")),
             told_named("a.example and below", kBeta + kAlpha) + "\n" +
                 told_named("b.example and below", kBeta + kAlpha),
             {"fails_open", "fails_open"},
             "two hosts of one pinset, in either way with what is below"},
            {kKeys + list(pinset("\"Alpha\"", ", \"bad_static_spki_hashes\": [\"Beta\"]"), host()),
             told_named("a.example", kAlpha + " not " + kPinB),
             {"fails_open"},
             "a denied key"},
            {kKeys + list(pinset("\"Alpha\"", ", \"report_uri\": \"https://r.example\""), host()),
             told_named("a.example", kAlpha),
             {"report_uri", "fails_open"},
             "an address for reports"},
            {kKeys + list(pinset("\"Alpha\""),
                          host(", \"policy\": \"custom\", \"mode\": \"force-https\"") +
                              ", {\"name\": \"b.example\", \"policy\": \"custom\", \"mode\": \"force-https\"}"),
             told_named("a.example", kAlpha),
             {"https_only", "fails_open"},
             "a host without pins"},
            {kKeys + "TestSPKI\nsha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" +
                 list(pinset("\"TestSPKI\""), host()),
             told_named("a.example", ""),
             {"test_pin", "fails_open"},
             "the placeholder of its tests, which nobody has"},
        });
}

TEST(Chromium, ReadsKeysAndCertificatesInPem) {
    const std::string certificate =
        "-----BEGIN CERTIFICATE-----\n" + std::string(pin::testing::kGoldenBase64) + "\n-----END CERTIFICATE-----\n";
    const std::string key = "-----BEGIN PUBLIC KEY-----\n" +
                            text::base64(pin::testing::kGolden.object(PinTarget::kSubjectPublicKeyInfo)) +
                            "\n-----END PUBLIC KEY-----\n";
    for (const std::string& pem : {certificate, key}) {
        const auto imported = import_policy(
            Format::kChromium, kTimestamp + "Example\n" + pem + list(pinset("\"Example\""), host()), context_for(""));
        ASSERT_TRUE(imported) << imported.error().why;
        EXPECT_EQ(imported->entries.front().policy.pins.front().pin.to_string(), kPinA);
    }
}

TEST(Chromium, LooksForThePinsBesideTheJson) {
    const files::testing::ScratchFolder folder;
    const std::string json = list(pinset("\"Alpha\""), host());
    ImportContext context = context_for("");
    context.source = "/elsewhere/list.json";
    context.folder = folder.path();
    const auto absent = import_policy(Format::kChromium, json, context);
    ASSERT_FALSE(absent);
    EXPECT_THAT(absent.error().next, HasSubstr("joined"));
    std::ofstream(folder.path() / "list.pins") << kKeys;
    const auto imported = import_policy(Format::kChromium, json, context);
    ASSERT_TRUE(imported) << imported.error().why;
    EXPECT_EQ(testing::told(imported->entries.front()), told_named("a.example", kAlpha));
    std::ofstream(folder.path() / "list.pins") << "x\n";
    const auto broken = import_policy(Format::kChromium, json, context);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().place->source, (folder.path() / "list.pins").string()) << "the place is in that file";
}

TEST(Chromium, A57_A63_RefusesTheWholeTextWithThePlace) {
    const std::string json = list(pinset("\"Alpha\""), host());
    expect_refused(
        Format::kChromium, context_for(""),
        {
            {"", "no_pins", 1, 1, "nothing"},
            {kKeys, "no_pins", 1, 1, "keys alone"},
            {"Alpha\nsha256/" + kDigestA + "\n" + json, "no_timestamp", 1, 1, "no timestamp"},
            {kTimestamp + kKeys + json, "two_timestamps", 4, 1, "two timestamps"},
            {"PinsListTimestamp\n-1\n" + json, "bad_timestamp", 1, 1, "before 1970"},
            {"PinsListTimestamp\n1e9\n" + json, "bad_timestamp", 1, 1, "no number"},
            {"PinsListTimestamp\n99999999999999999999\n" + json, "bad_timestamp", 1, 1, "beyond numbers"},
            {"PinsListTimestamp\n253402300799\n" + json, "bad_timestamp", 1, 1, "70 days later it is the year 10000"},
            {kKeys + "alpha\n" + json, "bad_name", 10, 1, "a small letter first"},
            {kKeys + "A-b\n" + json, "bad_name", 10, 1, "a hyphen"},
            {kKeys + "Alpha\nsha256/" + kDigestB + "\n" + json, "duplicate_name", 10, 1, "a name twice"},
            {kKeys + "Gamma\n\n" + json, "bad_value", 11, 1, "a name without value"},
            {kKeys + "Gamma\nsha1/x\n" + json, "pin_weak_digest", 11, 1, "SHA-1"},
            {kKeys + "Gamma\nsha256/x\n" + json, "pin_padding", 11, 1, "a bad digest, though nobody uses it"},
            {kKeys + "Gamma\nsha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" + json, "pin_mistake", 11, 1,
             "the placeholder under another name"},
            {kKeys + "Gamma\n-----BEGIN CERTIFICATE-----\nx\n", "no_pins", 1, 1, "a block without end, and no json"},
            {kKeys + "Gamma\n-----BEGIN PRIVATE KEY-----\n" + json, "bad_value", 11, 1, "a private key"},
            {"PinsListTimestamp\r\n1805760000\r\n" + json, "crlf", 1, 18, "CRLF"},
            {kKeys + "{\"entries\": []}", "no_pins", 10, 1, "no pinsets"},
            {kKeys + list("", ""), "no_pins", 12, 12, "no entries"},
            {kKeys + "{\"pinsets\": [], \"entries\": [], \"x\": 1}", "unknown_key", 10, 37, "an unknown key"},
            {kKeys + list(pinset("\"Alpha\"", ", \"x\": 1"), host()), "unknown_key", 11, 68,
             "an unknown key of a pinset"},
            {kKeys + list(pinset("\"Alpha\""), host(", \"x\": 1")), "unknown_key", 12, 55, "an unknown key of a host"},
            {kKeys + list(pinset("\"Gamma\""), host()), "unknown_name", 11, 53, "a key that isn't there"},
            {kKeys + list(pinset(""), host()), "empty_pinset", 11, 52, "an empty pinset"},
            {kKeys + list(pinset("\"Alpha\"") + "," + pinset("\"Beta\""), host()), "duplicate_name", 11, 72,
             "a pinset twice"},
            {kKeys + list("", host()), "unknown_name", 12, 43, "a pinset that isn't there"},
            {kKeys + list(pinset("\"Alpha\""), host() + "," + host()), "duplicate_host", 12, 59, "a host twice"},
            {kKeys + list(pinset("\"Alpha\""), host("", "*.example")), "bad_host_name", 12, 13, "a wildcard"},
            {kKeys + list(pinset("\"Alpha\""), host("", "a..example")), "bad_host_name", 12, 13, "an empty label"},
            {kKeys + "{\"pinsets\": [}", "bad_json", 10, 14, "no JSON"},
        });
}

TEST(Chromium, WritesBothTexts) {
    trust::PolicyEntry one = entry("a.example", {kPinA, kPinB}, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    one.policy.pins[0].label = "Alpha";
    one.policy.expires = std::chrono::sys_days(std::chrono::year{2027} / 6 / 1);
    one.policy.on_expiry = trust::OnExpiry::kChain;
    one.policy.deny.insert(testing::pin(kPinC));
    trust::PolicyEntry two = one;
    two.host = *trust::HostPattern::parse("b.example", std::nullopt, true);
    EXPECT_EQ(exported(Format::kChromium, {one, two}, {}),
              kTimestamp + "\nAlpha\n" + kPinA + "\n\nKey_1\n" + kPinB + "\n\nKey_2\n" + kPinC +
                  "\n\n{\n  \"pinsets\": [\n"
                  "    {\"name\": \"pinset_1\", \"static_spki_hashes\": [\"Alpha\", \"Key_1\"], "
                  "\"bad_static_spki_hashes\": [\"Key_2\"]}\n  ],\n  \"entries\": [\n"
                  "    {\"name\": \"a.example\", \"policy\": \"custom\", \"include_subdomains\": false, \"pins\": "
                  "\"pinset_1\"},\n"
                  "    {\"name\": \"b.example\", \"policy\": \"custom\", \"include_subdomains\": true, \"pins\": "
                  "\"pinset_1\"}\n  ]\n}\n");
}

TEST(Chromium, A56_A67_A68_WhatTheListCantSayIsTold) {
    trust::PolicyEntry one = entry("a.example", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    one.policy.pins[0].label = "evil\nPinsListTimestamp\n1";
    one.policy.deny.insert(testing::pin("cert-" + kPinC));
    one.policy.expires = testing::kNow + std::chrono::hours(1);
    one.policy.on_expiry = trust::OnExpiry::kChain;
    trust::PolicyEntry two = entry("b.example", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    const std::string text = exported(Format::kChromium, {one, two}, {"label", "deny", "expires", "fails_open"});
    EXPECT_THAT(text, HasSubstr("PinsListTimestamp\n1795521600\n")) << "now, since there is no common end";
    EXPECT_EQ(text.find("evil"), std::string::npos);
    EXPECT_EQ(export_error(Format::kChromium, {entry("192.0.2.1", {kPinA})}), "address_host");
    EXPECT_EQ(export_error(Format::kChromium, {entry("*.a.example", {kPinA})}), "wildcard_host");
    EXPECT_EQ(export_error(Format::kChromium, {entry("a.example:1", {kPinA}), entry("a.example", {kPinA})}),
              "one_name_twice");
    std::vector<trust::PolicyEntry> many;
    for (unsigned i = 0; i < 17; ++i) {
        const std::string last(1, static_cast<char>('A' + i));
        many.push_back(
            entry(std::string(1, static_cast<char>('a' + i)) + ".example", {"sha256/" + last + kDigestA.substr(1)}));
    }
    EXPECT_EQ(export_error(Format::kChromium, many), "too_many_pinsets");
}

}  // namespace
}  // namespace cotter::formats
