// TrustKit's and Apple's property lists, both ways.
#include "formats/apple.h"
#include "formats/property_list_writer.h"
#include "formats/testing/format_cases.h"
#include "formats/testing/told_entry.h"
#include "formats/trustkit.h"

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
using testing::kDigestSlash;
using testing::kPinA;
using testing::kPinB;
using testing::kPinC;
using testing::told_entry;
using testing::told_off;
using testing::until;

const std::string kAny = "chain+pins, any";
const std::string kTwo = "\"TSKPublicKeyHashes\": [\"" + kDigestA + "\", \"" + kDigestB + "\"]";

std::string trustkit(const std::string& domains) {
    return "{\"TSKSwizzleNetworkDelegates\": true, \"TSKPinnedDomains\": {\n" + domains + "}}";
}
std::string domain(const std::string& rest, const std::string& name = "a.example") {
    return "\"" + name + "\": {" + rest + "}";
}

TEST(TrustKit, ReadsItsDictionary) {
    const std::string two = told_entry("a.example", kAny, {kPinA, kPinB});
    expect_taken(Format::kTrustKit, context_for(""),
                 {
                     {trustkit(domain(kTwo)), two, {}, "the least"},
                     {"{\"CFBundleName\": \"x\", \"TSKConfiguration\": " + trustkit(domain(kTwo)) + "}",
                      two,
                      {},
                      "an Info.plist"},
                     {"<plist><dict><key>TSKConfiguration</key><dict><key>TSKPinnedDomains</key><dict><key>A.example.</"
                      "key><dict>"
                      "<key>TSKIncludeSubdomains</key><true/><key>TSKPublicKeyHashes</key><array><string>" +
                          kDigestA + "</string><string>" + kDigestSlash +
                          "</string></array></dict></dict></dict></dict></plist>",
                      told_entry("a.example and below", kAny, {kPinA, "sha256/" + kDigestSlash}),
                      {},
                      "a property list"},
                     {trustkit(domain(kTwo + ", \"TSKExpirationDate\": \"2027-06-01\"")),
                      told_entry("a.example", kAny, {kPinA, kPinB}, until("2027-06-01")),
                      {"local_midnight", "fails_open"},
                      "an end"},
                     {trustkit(domain(kTwo + ", \"TSKIncludeSubdomains\": true") + ",\n" +
                               domain("\"TSKExcludeSubdomainFromParentPolicy\": true", "b.a.example") + ",\n" +
                               domain("\"kSKExcludeSubdomainFromParentPolicy\": true", "c.a.example")),
                      told_entry("a.example and below", kAny, {kPinA, kPinB}) + "\n" + told_off("b.a.example") + "\n" +
                          told_off("c.a.example"),
                      {},
                      "exceptions, in both spellings"},
                     {trustkit(domain(kTwo + ", \"TSKPublicKeyAlgorithms\": [\"TSKAlgorithmRsa2048\"], "
                                             "\"TSKDisableDefaultReportUri\": true, \"TSKEnforcePinning\": true")),
                      two,
                      {},
                      "what says nothing"},
                 });
}

TEST(TrustKit, A67_WhatAPolicyCantSayIsToldAndNeverMakesItLaxer) {
    const std::string two = told_entry("a.example", kAny, {kPinA, kPinB});
    expect_taken(Format::kTrustKit, context_for(""),
                 {
                     {trustkit(domain(kTwo + ", \"TSKEnforcePinning\": false")),
                      two,
                      {"report_only"},
                      "a report without end is enforced"},
                     {trustkit(domain("\"TSKPublicKeyHashes\": [\"" + kDigestA +
                                      "\"], \"TSKEnforcePinning\": false, "
                                      "\"TSKExpirationDate\": \"2027-06-01\"")),
                      told_entry("a.example", kAny, {kPinA}, until("2027-06-01", 1)),
                      {"local_midnight", "fails_open"},
                      "a report with an end, for which one pin is enough"},
                     {trustkit(domain(kTwo + ", \"TSKReportUris\": [\"https://r.example\", \"https://s.example\"]")),
                      two,
                      {"report_uri", "report_uri"},
                      "addresses for reports"},
                     {trustkit(domain(kTwo + ", \"TSKAdditionalTrustAnchors\": [\"x\"], \"TSKOther\": 1")),
                      two,
                      {"trust_anchors", "unknown_key"},
                      "trust anchors, and a key of later versions"},
                     {"{\"TSKIgnorePinningForUserDefinedTrustAnchors\": true, \"TSKNew\": 0, \"TSKPinnedDomains\": {" +
                          domain(kTwo) + "}}",
                      two,
                      {"override_pins", "unknown_key"},
                      "people's own trust anchors"},
                 });
}

TEST(TrustKit, A55_A57_RefusesTheWholeTextWithThePlace) {
    expect_refused(
        Format::kTrustKit, context_for(""),
        {
            {"{}", "no_pins", 1, 1, "nothing"},
            {"[]", "bad_type", 1, 1, "no dictionary"},
            {"{\"TSKConfiguration\": 1}", "bad_type", 1, 22, "a number for the dictionary"},
            {trustkit(""), "no_pins", 1, 58, "no domains"},
            {trustkit(domain("")), "empty_pinset", 2, 14, "no pins"},
            {trustkit(domain("\"TSKPublicKeyHashes\": []")), "empty_pinset", 2, 37, "an empty list"},
            {trustkit(domain("\"TSKPublicKeyHashes\": [\"" + kDigestA + "\"]")), "no_backup", 2, 37,
             "one pin enforced"},
            {trustkit(domain("\"TSKPublicKeyHashes\": [\"" + kDigestA + "\", \"" + kDigestA + "\"]")), "no_backup", 2,
             37, "one pin twice"},
            {trustkit(domain("\"TSKPublicKeyHashes\": [\"" + kDigestA + "\", \"sha256/" + kDigestB + "\"]")),
             "pin_padding", 2, 86, "another's spelling"},
            {trustkit(domain("\"TSKPublicKeyHashes\": [\"" + kDigestA + "\", 1]")), "bad_type", 2, 86, "a number"},
            {trustkit(domain("\"TSKPublicKeyHashes\": \"" + kDigestA + "\"")), "bad_type", 2, 37, "no list"},
            {trustkit(domain(kTwo + ", \"TSKEnforcePinning\": \"NO\"")), "bad_type", 2, 156, "a word for a boolean"},
            {trustkit(domain(kTwo + ", \"TSKExpirationDate\": \"1.6.2027\"")), "bad_date", 2, 156,
             "a date that TrustKit would take for none"},
            {trustkit(domain(kTwo, "*.example")), "bad_host_name", 2, 14, "a wildcard"},
            {trustkit(domain(kTwo, "a..example")), "bad_host_name", 2, 15, "an empty label"},
            {trustkit(domain(kTwo) + ",\n" + domain(kTwo)), "duplicate_key", 3, 1, "a domain twice"},
            {trustkit(domain(kTwo) + ",\n" + domain(kTwo, "A.EXAMPLE")), "duplicate_host", 0, 0, "in capitals"},
            {trustkit(domain("\"TSKExcludeSubdomainFromParentPolicy\": true, \"TSKEnforcePinning\": true")),
             "exclusion_with_keys", 2, 54, "an exception with keys"},
            {trustkit(domain("\"TSKExcludeSubdomainFromParentPolicy\": true", "b.a.example") + "," + domain(kTwo)),
             "exclusion_without_parent", 1, 58, "an exception from nothing"},
            {"<plist><dict><key>TSKPinnedDomains</key>\n<array/></dict></plist>", "bad_type", 2, 1, "an array for it"},
        });
}

TEST(TrustKit, WritesWhatTrustKitReads) {
    trust::PolicyEntry one = entry("a.example", {kPinA, kPinB}, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    EXPECT_EQ(exported(Format::kTrustKit, {one}, {}),
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
              "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
              "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
              "<plist version=\"1.0\">\n"
              "<dict>\n"
              "\t<key>TSKConfiguration</key>\n"
              "\t<dict>\n"
              "\t\t<key>TSKSwizzleNetworkDelegates</key>\n"
              "\t\t<true/>\n"
              "\t\t<key>TSKPinnedDomains</key>\n"
              "\t\t<dict>\n"
              "\t\t\t<key>a.example</key>\n"
              "\t\t\t<dict>\n"
              "\t\t\t\t<key>TSKIncludeSubdomains</key>\n"
              "\t\t\t\t<false/>\n"
              "\t\t\t\t<key>TSKEnforcePinning</key>\n"
              "\t\t\t\t<true/>\n"
              "\t\t\t\t<key>TSKPublicKeyHashes</key>\n"
              "\t\t\t\t<array>\n"
              "\t\t\t\t\t<string>" +
                  kDigestA +
                  "</string>\n"
                  "\t\t\t\t\t<string>" +
                  kDigestB +
                  "</string>\n"
                  "\t\t\t\t</array>\n"
                  "\t\t\t</dict>\n"
                  "\t\t</dict>\n"
                  "\t</dict>\n"
                  "</dict>\n"
                  "</plist>\n");
    EXPECT_EQ(export_error(Format::kTrustKit, {entry("a.example", {kPinA})}), "no_backup");
    EXPECT_EQ(export_error(Format::kTrustKit, {entry("192.0.2.1", {kPinA, kPinB})}), "address_host");
    EXPECT_EQ(
        export_error(Format::kTrustKit, {entry("a.example:1", {kPinA, kPinB}), entry("a.example:2", {kPinA, kPinB})}),
        "one_name_twice");
}

TEST(TrustKit, AReportAndAnExceptionComeBack) {
    const auto imported =
        import_policy(Format::kTrustKit,
                      trustkit(domain("\"TSKPublicKeyHashes\": [\"" + kDigestA +
                                      "\"], \"TSKEnforcePinning\": false, "
                                      "\"TSKExpirationDate\": \"2027-06-01\", \"TSKIncludeSubdomains\": true") +
                               "," + domain("\"TSKExcludeSubdomainFromParentPolicy\": true", "b.a.example")),
                      context_for(""));
    ASSERT_TRUE(imported) << imported.error().why;
    const std::string text = exported(Format::kTrustKit, imported->entries, {"local_midnight"});
    EXPECT_THAT(text, HasSubstr("<key>kSKExcludeSubdomainFromParentPolicy</key>"));
    const auto again = import_policy(Format::kTrustKit, text, context_for(""));
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(testing::told(again->entries), testing::told(imported->entries));
}

std::string identity(const std::string& digest) {
    return "{\"SPKI-SHA256-BASE64\": \"" + digest + "\"}";
}
std::string apple(const std::string& domains) {
    return "{\"NSAppTransportSecurity\": {\"NSPinnedDomains\": {\n" + domains + "}}}";
}
std::string leaves(const std::string& identities) {
    return "\"NSPinnedLeafIdentities\": [" + identities + "]";
}
std::string authorities(const std::string& identities) {
    return "\"NSPinnedCAIdentities\": [" + identities + "]";
}

TEST(Apple, ReadsEitherList) {
    expect_taken(Format::kApple, context_for(""),
                 {
                     {apple(domain(leaves(identity(kDigestA)))),
                      told_entry("a.example", "chain+pins, leaf", {kPinA}),
                      {},
                      "of the server's own key"},
                     {apple(domain(authorities(identity(kDigestA) + "," + identity(kDigestSlash)))),
                      told_entry("a.example", "chain+pins, issuer", {kPinA, "sha256/" + kDigestSlash}),
                      {},
                      "of CAs"},
                     {apple(domain(leaves("") + "," + authorities(identity(kDigestA)))),
                      told_entry("a.example", "chain+pins, issuer", {kPinA}),
                      {},
                      "one of the lists empty"},
                     {apple(domain("\"NSIncludesSubdomains\": true, " + leaves(identity(kDigestA)))),
                      told_entry("a.example", "chain+pins, leaf", {kPinA}) + "\n" +
                          told_entry("*.a.example", "chain+pins, leaf", {kPinA}),
                      {},
                      "one label more"},
                     {"{\"NSPinnedDomains\": {" + domain("\"NSNew\": 1, " + leaves(identity(kDigestA))) + "}}",
                      told_entry("a.example", "chain+pins, leaf", {kPinA}),
                      {"unknown_key"},
                      "a key of later versions"},
                     {"<plist><dict><key>NSAppTransportSecurity</key><dict><key>NSPinnedDomains</"
                      "key><dict><key>A.example</key><dict>"
                      "<key>NSPinnedCAIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>" +
                          kDigestA + "</string></dict></array></dict></dict></dict></dict></plist>",
                      told_entry("a.example", "chain+pins, issuer", {kPinA}),
                      {},
                      "a property list"},
                 });
}

TEST(Apple, A55_A57_A67_RefusesTheWholeTextWithThePlace) {
    expect_refused(Format::kApple, context_for(""),
                   {
                       {"{}", "no_pins", 1, 1, "nothing"},
                       {apple(""), "no_pins", 1, 48, "no domains"},
                       {apple(domain("")), "empty_pinset", 2, 14, "no list"},
                       {apple(domain(leaves(""))), "empty_pinset", 2, 14, "an empty list"},
                       {apple(domain(leaves(identity(kDigestA)) + ",\n" + authorities(identity(kDigestB)))),
                        "two_lists", 2, 41, "two pins that must both match"},
                       {apple(domain(leaves("\"" + kDigestA + "\""))), "bad_type", 2, 42, "a pin without its key"},
                       {apple(domain(leaves("{}"))), "no_pin", 2, 42, "no pin"},
                       {apple(domain(leaves("{\"SPKI-SHA1-BASE64\": \"x\"}"))), "no_pin", 2, 42, "SHA-1"},
                       {apple(domain(leaves("{\"SPKI-SHA256-BASE64\": \"" + kDigestA + "\", \"X\": 1}"))),
                        "unknown_key", 2, 118, "another key beside it"},
                       {apple(domain(leaves(identity("x")))), "pin_padding", 2, 65, "no base64"},
                       {apple(domain(leaves(identity(kDigestA)), "*.a.example")), "bad_host_name", 2, 16, "a wildcard"},
                       {apple(domain("\"NSIncludesSubdomains\": true, " + leaves(identity(kDigestA)), "192.0.2.1")),
                        "bad_host_name", 2, 14, "subdomains of an address"},
                   });
}

TEST(Apple, WritesTheListThatMatchAsksFor) {
    const auto written = [](trust::Match match, const std::vector<std::string>& lost) {
        return exported(Format::kApple, {entry("a.example", {kPinA}, trust::TrustMode::kChainAndPins, match)}, lost);
    };
    EXPECT_THAT(written(trust::Match::kLeaf, {}), HasSubstr("<key>NSPinnedLeafIdentities</key>"));
    EXPECT_THAT(written(trust::Match::kIssuer, {}), HasSubstr("<key>NSPinnedCAIdentities</key>"));
    EXPECT_THAT(written(trust::Match::kAny, {"match"}), HasSubstr("<key>NSPinnedCAIdentities</key>"))
        << "which matches less";
}

TEST(Apple, A65_A67_SubdomainsAreOneLabel) {
    const auto judged = [](const std::string& host, const std::vector<std::string>& pins) {
        return entry(host, pins, trust::TrustMode::kChainAndPins, trust::Match::kLeaf);
    };
    const trust::PolicyEntry own = judged("a.example", {kPinA});
    const trust::PolicyEntry below = judged("*.a.example", {kPinA});
    const std::string both = exported(Format::kApple, {own, below}, {});
    EXPECT_THAT(both, HasSubstr("<key>NSIncludesSubdomains</key>\n\t\t\t\t<true/>"));
    const auto again = import_policy(Format::kApple, both, context_for(""));
    ASSERT_TRUE(again);
    EXPECT_EQ(testing::told(again->entries), testing::told({own, below}));
    EXPECT_THAT(exported(Format::kApple, {own}, {}), HasSubstr("<false/>"));
    EXPECT_EQ(exported(Format::kApple, {below}, {"wildcard"}), both) << "it pins the name itself, too, and says so";
    trust::PolicyEntry deep{*trust::HostPattern::parse("a.example", std::nullopt, true), own.policy};
    EXPECT_EQ(exported(Format::kApple, {deep}, {"subdomains"}), both);
    EXPECT_EQ(export_error(Format::kApple, {own, judged("*.a.example", {kPinC})}), "one_name_twice");
    EXPECT_EQ(export_error(Format::kApple, {own, judged("a.example:1", {kPinA})}), "one_name_twice");
    EXPECT_EQ(export_error(Format::kApple, {judged("192.0.2.1", {kPinA})}), "address_host");
}

TEST(PropertyListWriter, A68_EscapesKeysAndTexts) {
    PropertyListWriter list;
    list.begin_dictionary();
    list.begin_array("a</key><true/>&");
    list.text("</string>");
    list.end();
    list.end();
    const std::string text = std::move(list).finish();
    EXPECT_THAT(text, HasSubstr("<key>a&lt;/key&gt;&lt;true/&gt;&amp;</key>"));
    EXPECT_THAT(text, HasSubstr("<string>&lt;/string&gt;</string>"));
}

}  // namespace
}  // namespace cotter::formats
