// Android's Network Security Config, both ways.
#include "formats/android.h"

#include "formats/testing/format_cases.h"
#include "formats/testing/told_entry.h"

namespace cotter::formats {
namespace {

using testing::context_for;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using testing::kDigestA;
using testing::kDigestB;
using testing::kDigestSlash;
using testing::kPinA;
using testing::kPinB;
using testing::kPinC;
using testing::told_entry;
using testing::told_off;
using testing::until;

const std::string kJudged = "chain+pins, any";

std::string config(const std::string& content) {
    return "<network-security-config>" + content + "</network-security-config>";
}
std::string domain_config(const std::string& content, const std::string& domain = "<domain>a.example</domain>") {
    return "<domain-config>" + domain + content + "</domain-config>";
}
std::string pin(const std::string& digest) {
    return "<pin digest=\"SHA-256\">" + digest + "</pin>";
}
const std::string kPinSet = "<pin-set>" + pin(kDigestA) + "</pin-set>";

TEST(Android, ReadsPinsByDomain) {
    expect_taken(
        Format::kAndroid, context_for(""),
        {
            {config(domain_config(kPinSet)), told_entry("a.example", kJudged, {kPinA}), {}, "the least"},
            {"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" +
                 config("<!-- x -->\n" +
                        domain_config("<pin-set>\n " + pin("\n  " + kDigestSlash + "\n") + pin(kDigestB) + "</pin-set>",
                                      "<domain includeSubdomains=\"true\"> A.Example \n</domain>")),
             told_entry("a.example and below", kJudged, {"sha256/" + kDigestSlash, kPinB}),
             {},
             "white space and capitals"},
            {config(domain_config(kPinSet,
                                  "<domain>a.example</domain><domain includeSubdomains=\"false\">b.example</domain>")),
             told_entry("a.example", kJudged, {kPinA}) + "\n" + told_entry("b.example", kJudged, {kPinA}),
             {},
             "two domains"},
            {config("<domain-config>" + kPinSet + "<domain>a.example</domain></domain-config>"),
             told_entry("a.example", kJudged, {kPinA}),
             {},
             "the domain behind the pins"},
            {config(domain_config("<pin-set expiration=\"2027-06-01\">" + pin(kDigestA) + "</pin-set>")),
             told_entry("a.example", kJudged, {kPinA}, until("2027-06-01")),
             {"local_midnight", "fails_open"},
             "an end"},
            {config(domain_config("<pin-set><pin digest=\"sha-256\">" + kDigestA + "</pin></pin-set>")),
             told_entry("a.example", kJudged, {kPinA}),
             {},
             "the digest's name in small letters, as Android takes it"},
            {config(domain_config(kPinSet, "<domain>192.0.2.1</domain>")),
             told_entry("192.0.2.1", kJudged, {kPinA}),
             {},
             "an address"},
            {config(domain_config(kPinSet) + domain_config("", "<domain>b.example</domain>")),
             told_entry("a.example", kJudged, {kPinA}) + "\n" + told_off("b.example"),
             {},
             "a domain without pins"},
        });
}

TEST(Android, WhatIsNestedInheritsAndAPinSetReplacesTheOuterOne) {
    const std::string inner = "<domain includeSubdomains=\"true\">b.a.example</domain>";
    expect_taken(
        Format::kAndroid, context_for(""),
        {
            {config(domain_config(kPinSet + domain_config("", inner))),
             told_entry("a.example", kJudged, {kPinA}) + "\n" + told_entry("b.a.example and below", kJudged, {kPinA}),
             {},
             "pins of the outer one"},
            {config(domain_config(domain_config("<pin-set>" + pin(kDigestB) + "</pin-set>", inner) +
                                  "<pin-set expiration=\"2027-06-01\">" + pin(kDigestA) + "</pin-set>")),
             told_entry("a.example", kJudged, {kPinA}, until("2027-06-01")) + "\n" +
                 told_entry("b.a.example and below", kJudged, {kPinB}),
             {"local_midnight", "fails_open"},
             "its own pins, and no end; the outer ones stand behind it"},
            {config(
                 "<base-config><trust-anchors><certificates src=\"user\"/></trust-anchors></base-config>" +
                 domain_config(kPinSet +
                               domain_config("<trust-anchors><certificates src=\"system\"/></trust-anchors>", inner))),
             told_entry("a.example", kJudged, {kPinA}) + "\n" + told_entry("b.a.example and below", kJudged, {kPinA}),
             {"trust_anchors"},
             "trust anchors of the base, and others inside"},
        });
}

TEST(Android, A67_WhatAPolicyCantSayIsToldAndNeverMakesItLaxer) {
    const std::string ours = told_entry("a.example", kJudged, {kPinA});
    const auto anchors = [](const std::string& certificates) {
        return "<trust-anchors>" + certificates + "</trust-anchors>";
    };
    expect_taken(
        Format::kAndroid, context_for(""),
        {
            {config(domain_config(kPinSet + anchors("<certificates src=\"@raw/ca\" overridePins=\"true\"/>"))),
             ours,
             {"trust_anchors", "override_pins"},
             "anchors before which pins are void: here they count"},
            {config("<base-config>" + anchors("<certificates src=\"system\" overridePins=\"true\"/>") +
                    "</base-config>" + domain_config(kPinSet)),
             ours,
             {"override_pins"},
             "the same, inherited from the base"},
            {config(domain_config(kPinSet + anchors("<certificates src=\"system\" overridePins=\"false\"/>"))),
             ours,
             {},
             "what is Android's own way"},
            {config(domain_config(kPinSet) + "<debug-overrides>" +
                    anchors("<certificates src=\"user\" overridePins=\"true\"/>") + "</debug-overrides>"),
             ours,
             {"debug_overrides"},
             "overrides for debugging"},
            {config("<domain-config cleartextTrafficPermitted=\"true\"><domain>a.example</domain>" + kPinSet +
                    "</domain-config>"),
             ours,
             {"cleartext"},
             "connections without TLS"},
            {config("<base-config cleartextTrafficPermitted=\"false\"/>" + domain_config(kPinSet)),
             ours,
             {},
             "no such"},
            {config(domain_config(kPinSet + "<trustkit-config enforcePinning=\"true\" disableDefaultReportUri=\"true\">"
                                            "<report-uri>https://r.example/</report-uri></trustkit-config>")),
             ours,
             {"report_uri"},
             "where TrustKit reports to"},
            {config(domain_config(kPinSet + "<trustkit-config enforcePinning=\"false\"/>")),
             ours,
             {"report_only"},
             "a report without end is enforced"},
            {config(domain_config("<pin-set expiration=\"2027-06-01\">" + pin(kDigestA) +
                                  "</pin-set><trustkit-config enforcePinning=\"false\"/>")),
             told_entry("a.example", kJudged, {kPinA}, until("2027-06-01", 1)),
             {"local_midnight", "report_only", "fails_open"},
             "a report with an end"},
            {config(domain_config(kPinSet + "<certificateTransparency enabled=\"true\"/>") + "<x/>"),
             ours,
             {"unknown_element", "unknown_element"},
             "elements of later versions"},
            {config("<domain-config y=\"1\"><domain>a.example</domain>" + kPinSet + "</domain-config>"),
             ours,
             {"unknown_attribute"},
             "an attribute of later versions"},
        });
}

TEST(Android, A55_A57_A60_RefusesTheWholeFileWithThePlace) {
    const auto with_pin = [](const std::string& element) {
        return config("\n" + domain_config("\n<pin-set>" + element + "</pin-set>"));
    };
    expect_refused(
        Format::kAndroid, context_for(""),
        {
            {"<a/>", "no_network_security_config", 1, 1, "another kind of XML"},
            {config(""), "no_pins", 1, 1, "nothing"},
            {config(domain_config("")), "no_pins", 1, 1, "no pins"},
            {config("\n<domain-config>" + kPinSet + "</domain-config>"), "no_domain", 2, 1, "no domain"},
            {config("\n" + domain_config("\n<pin-set></pin-set>")), "empty_pinset", 3, 1,
             "for Android no pinning at all"},
            {config("\n" + domain_config("\n" + kPinSet + "\n" + kPinSet)), "two_elements", 4, 1, "two pin-sets"},
            {config("<base-config/>\n<base-config/>" + domain_config(kPinSet)), "two_elements", 2, 1,
             "two base-configs"},
            {config("<base-config>\n" + kPinSet + "</base-config>"), "bad_element", 2, 1, "pins for every host"},
            {config("<base-config>\n<domain>a.example</domain></base-config>"), "bad_element", 2, 1, "a domain of all"},
            {with_pin("<pin digest=\"SHA-1\">" + kDigestA + "</pin>"), "pin_weak_digest", 3, 10, "SHA-1"},
            {with_pin("<pin digest=\"SHA-512\">" + kDigestA + "</pin>"), "pin_unknown_form", 3, 10, "SHA-512"},
            {with_pin("<pin>" + kDigestA + "</pin>"), "pin_unknown_form", 3, 10, "no digest's name"},
            {with_pin("<pin digest=\"SHA-256\"/>"), "pin_empty", 3, 10, "an empty pin"},
            {with_pin(pin(kDigestA) + pin(kDigestA.substr(1))), "pin_padding", 3, 82, "one bad pin of two"},
            {with_pin(pin("sha256/" + kDigestA)), "pin_padding", 3, 10, "another's spelling"},
            {with_pin(pin(kDigestA + "<b/>")), "bad_type", 3, 10, "an element inside"},
            {config(domain_config("\n<pin-set expiration=\"2027-6-1\">" + pin(kDigestA) + "</pin-set>")), "bad_date", 2,
             1, "a date of another shape"},
            {config(domain_config("\n<pin-set expiration=\"2027-02-30\">" + pin(kDigestA) + "</pin-set>")), "bad_date",
             2, 1, "no day of the calendar"},
            {config(domain_config("\n<pin-set expiration=\"\">" + pin(kDigestA) + "</pin-set>")), "bad_date", 2, 1,
             "no date"},
            {config(domain_config("\n<pin-set expiration=\"10000-01-01\">" + pin(kDigestA) + "</pin-set>")), "bad_date",
             2, 1, "the year 10000"},
            {config("\n" + domain_config(kPinSet, "<domain>*.example</domain>")), "bad_host_name", 2, 16, "a wildcard"},
            {config("\n" + domain_config(kPinSet, "<domain>a..example</domain>")), "bad_host_name", 2, 16,
             "an empty label"},
            {config("\n" + domain_config(kPinSet, "<domain/>")), "bad_host_name", 2, 16, "no name"},
            {config("\n" + domain_config(kPinSet, "<domain includeSubdomains=\"yes\">a.example</domain>")), "bad_type",
             2, 16, "neither true nor false"},
            {config(domain_config(kPinSet) + "\n" + domain_config(kPinSet)), "duplicate_host", 2, 16, "a domain twice"},
            {config("\n" + domain_config(kPinSet + "\n<trust-anchors><certificates/></trust-anchors>")), "no_source", 3,
             16, "certificates from nowhere"},
            {"<!DOCTYPE x [<!ENTITY a \"b\">]>" + config(domain_config(kPinSet)), "xml_doctype", 1, 1,
             "a document type"},
            {config(domain_config(kPinSet)) + "x", "bad_xml", 1, 200, "text behind"},
        });
}

TEST(Android, WritesWhatAndroidReads) {
    trust::PolicyEntry one = entry("a.example", {kPinA, kPinB}, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    one.policy.expires = std::chrono::sys_days(std::chrono::year{2027} / 6 / 1) + std::chrono::seconds(1);
    one.policy.on_expiry = trust::OnExpiry::kChain;
    EXPECT_EQ(exported(Format::kAndroid, {one}, {"local_midnight"}),
              "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
              "<network-security-config>\n"
              "  <domain-config cleartextTrafficPermitted=\"false\">\n"
              "    <domain includeSubdomains=\"false\">a.example</domain>\n"
              "    <pin-set expiration=\"2027-06-02\">\n"
              "      <pin digest=\"SHA-256\">" +
                  kDigestA +
                  "</pin>\n"
                  "      <pin digest=\"SHA-256\">" +
                  kDigestB +
                  "</pin>\n"
                  "    </pin-set>\n"
                  "  </domain-config>\n"
                  "</network-security-config>\n")
        << "the day after, so that no pin ends early";
}

TEST(Android, A56_A67_WhatTrustsMoreIsToldOrRefused) {
    trust::PolicyEntry one = entry("a.example:443", {kPinA}, trust::TrustMode::kPins, trust::Match::kLeaf);
    one.policy.deny.insert(testing::pin(kPinC));
    one.policy.expires = testing::kNow + std::chrono::hours(1);
    const std::string text = exported(Format::kAndroid, {one}, {"port", "trust", "match", "deny", "expires"});
    EXPECT_EQ(text.find("expiration"), std::string::npos) << "an end that refuses must not become one that opens";
    EXPECT_EQ(export_error(Format::kAndroid, {entry("*.a.example", {kPinA})}), "wildcard_host");
    EXPECT_EQ(export_error(Format::kAndroid, {entry("a.example:443", {kPinA}), entry("a.example:444", {kPinB})}),
              "one_name_twice");
    EXPECT_EQ(export_error(Format::kAndroid, {entry("a.example", {"cert-" + kPinA})}), "no_pin_left");
}

TEST(Android, AReportIsTrustKitsAndAnExceptionIsADomainWithoutPins) {
    auto wide = *import_policy(
        Format::kAndroid,
        config(domain_config("<pin-set expiration=\"2027-06-01\">" + pin(kDigestA) +
                                 "</pin-set><trustkit-config enforcePinning=\"false\"/>",
                             "<domain includeSubdomains=\"true\">a.example</domain>") +
               domain_config("", "<domain>b.a.example</domain>") + domain_config("", "<domain>c.example</domain>")),
        context_for(""));
    const std::string text = exported(Format::kAndroid, wide.entries, {"local_midnight", "report_only", "mode_off"});
    const auto again = import_policy(Format::kAndroid, text, context_for(""));
    ASSERT_TRUE(again) << again.error().why;
    wide.entries.pop_back();  // nothing pins c.example, so it needs no exception
    EXPECT_EQ(testing::told(again->entries), testing::told(wide.entries));
}

}  // namespace
}  // namespace cotter::formats
