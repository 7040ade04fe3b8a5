// policy.toml: what it says when it loads, and what must refuse it.
#include "formats/policy_file.h"

#include "files/testing/scratch_folder.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace cotter::formats {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kPin = "sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=";
const std::string kOther = "sha256/yLNyDVTZDkTVbzZWPmnzZxj5gE9xzFdyUOW5GeIPvGU=";

std::string entry(const std::string& rest) {
    return "version = 1\n[[host]]\nname = \"db.example.com\"\n" + rest;
}

Result<trust::PolicySet> parse(const std::string& text) {
    return parse_policy(text, "policy.toml", ".");
}

trust::ServerPolicy only_policy(const std::string& text) {
    auto set = parse(text);
    EXPECT_TRUE(set) << set.error().why;
    if (!set) return {};
    EXPECT_THAT(set->entries(), SizeIs(1));
    return set->entries().front().policy;
}

TEST(PolicyFile, ReadsEveryKeyOfAnEntry) {
    const auto set = parse(
        "version = 1\n"
        "[[host]]\n"
        "name = \"DB.example.com.\"\n"
        "port = 5432\n"
        "include_subdomains = true\n"
        "trust = \"chain+pins\"\n"
        "match = \"any\"\n"
        "mode = \"report\"\n"
        "expires = 2027-06-01T02:00:00+02:00\n"
        "on_expiry = \"chain\"\n"
        "require_backup = true\n"
        "pins = [\"" +
        kPin +
        "\"]\n"
        "deny = [\"" +
        kOther +
        "\"]\n"
        "[[host.pin]]\n"
        "pin = \"cert-sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=\"\n"
        "role = \"backup\"\n"
        "label = \"spring 2027 key\"\n"
        "expires = 2027-03-01T00:00:00Z\n"
        "[[host.pin]]\n"
        "pin = \"" +
        kOther +
        "\"\n"
        "role = \"proxy\"\n"
        "approved_by = \"risk acceptance 2026-17\"\n");
    ASSERT_TRUE(set) << set.error().why;
    ASSERT_THAT(set->entries(), SizeIs(1));
    const trust::PolicyEntry& entry = set->entries().front();
    EXPECT_EQ(entry.host.to_string(), "db.example.com:5432");
    EXPECT_TRUE(entry.host.includes_subdomains());
    const trust::ServerPolicy& policy = entry.policy;
    EXPECT_EQ(policy.trust, trust::TrustMode::kChainAndPins);
    EXPECT_EQ(policy.match, trust::Match::kAny);
    EXPECT_EQ(policy.mode, trust::Mode::kReport);
    EXPECT_EQ(policy.on_expiry, trust::OnExpiry::kChain);
    const std::chrono::sys_days june = std::chrono::year{2027} / 6 / 1;
    EXPECT_EQ(policy.expires, june);
    ASSERT_THAT(policy.pins, SizeIs(3));
    EXPECT_EQ(policy.pins[0].pin.to_string(), kPin);
    EXPECT_EQ(policy.pins[0].role, trust::PinRole::kPrimary);
    EXPECT_EQ(policy.pins[1].role, trust::PinRole::kBackup);
    EXPECT_EQ(policy.pins[1].label, "spring 2027 key");
    EXPECT_EQ(policy.pins[1].expires, std::chrono::sys_days(std::chrono::year{2027} / 3 / 1));
    EXPECT_EQ(policy.pins[2].role, trust::PinRole::kProxy);
    EXPECT_EQ(policy.pins[2].approved_by, "risk acceptance 2026-17");
    EXPECT_TRUE(policy.deny.contains(*Pin::parse(kOther)));
}

TEST(PolicyFile, PinsWithoutATrustModeStandAlone) {
    const trust::ServerPolicy policy = only_policy(entry("pins = [\"" + kPin + "\"]"));
    EXPECT_EQ(policy.trust, trust::TrustMode::kPins);
    EXPECT_EQ(policy.match, trust::Match::kLeaf);
    EXPECT_EQ(policy.mode, trust::Mode::kEnforce);
    EXPECT_EQ(policy.on_expiry, trust::OnExpiry::kRefuse);
    EXPECT_FALSE(policy.expires);
}

TEST(PolicyFile, A55_AnEmptyPinsetLoadsAsOneThatMatchesNothing) {
    EXPECT_THAT(only_policy(entry("pins = []")).pins, SizeIs(0));
    EXPECT_EQ(only_policy(entry("trust = \"pins\"")).trust, trust::TrustMode::kPins);
}

TEST(PolicyFile, ReadsPinsInTheSpellingsThatPeopleHave) {
    const trust::ServerPolicy policy =
        only_policy(entry("pins = ['sha256//I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=;" + kOther +
                          "', "
                          "'pin-sha256=\"YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=\"']"));
    ASSERT_THAT(policy.pins, SizeIs(3));
    EXPECT_EQ(policy.pins[0].pin.to_string(), kPin);
    EXPECT_EQ(policy.pins[1].pin.to_string(), kOther);
}

TEST(PolicyFile, LooksForTheFilesOfPinsBesideItself) {
    const files::testing::ScratchFolder folder;
    const x509::testing::Minted leaf = x509::testing::mint().leaf("db.example.com");
    std::ofstream(folder.path() / "server.crt") << leaf.pem();
    std::ofstream(folder.path() / "policy.toml") << entry("pins = [\"file:server.crt\", \"cert:file:server.crt\"]");
    const auto set = read_policy(folder.path() / "policy.toml");
    ASSERT_TRUE(set) << set.error().why;
    const auto& pins = set->entries().front().policy.pins;
    ASSERT_THAT(pins, SizeIs(2));
    EXPECT_TRUE(leaf.certificate().matches(pins[0].pin));
    EXPECT_TRUE(leaf.certificate().matches(pins[1].pin));
    EXPECT_EQ(pins[1].pin.target(), PinTarget::kCertificate);
}

struct Refused {
    std::string text;
    std::string code;
    std::size_t line;
    std::string reason;
};

TEST(PolicyFile, A10_A57_A63_OneFaultRefusesTheWholeFileAndIsPlaced) {
    const std::string pins = "pins = [\"" + kPin + "\"]\n";
    const std::vector<Refused> cases{
        {"", "no_version", 1, "an empty file says nothing"},
        {"[[host]]\nname = \"a.example\"\n" + pins, "no_version", 1, "no version"},
        {"version = 2\n", "unknown_version", 1, "a later version"},
        {"version = \"1\"\n", "bad_type", 1, "a version of another type"},
        {"version = 1.0\n", "bad_type", 1, "a version of another type"},
        {"version = 1\nversion = 1\n", "bad_toml", 2, "a duplicate key"},
        {"version = 1\nhosts = 1\n", "unknown_key", 2, "an unknown key"},
        {"version = 1\nhost = 1\n", "bad_type", 2, "a host that is no table"},
        {"version = 1\n[host]\nname = \"a.example\"\n" + pins, "bad_type", 2, "a host that is no list"},
        {"version = 1\n[[host]]\n" + pins, "no_name", 2, "no name"},
        {"version = 1\n[[host]]\nname = \"a..example\"\n" + pins, "bad_host_name", 3, "an empty label"},
        {"version = 1\n[[host]]\nname = \"a.*.example\"\n" + pins, "bad_host_name", 3, "a star in the middle"},
        {"version = 1\n[[host]]\nname = \"*.example.com\"\ninclude_subdomains = true\n" + pins, "bad_host_name", 3,
         "a star with subdomains"},
        {entry("port = 0\n" + pins), "bad_port", 4, "no such port"},
        {entry("port = 65536\n" + pins), "bad_port", 4, "no such port"},
        {entry("port = \"443\"\n" + pins), "bad_type", 4, "a port in quotes"},
        {entry("trust = \"pin\"\n" + pins), "unknown_word", 4, "an unknown trust mode"},
        {entry("trust = \"PINS\"\n" + pins), "unknown_word", 4, "words are written in lower case"},
        {entry("match = \"root\"\n" + pins), "unknown_word", 4, "an unknown match"},
        {entry("mode = \"warn\"\n" + pins), "unknown_word", 4, "an unknown mode"},
        {entry("on_expiry = \"ignore\"\n" + pins), "unknown_word", 4, "an unknown end"},
        {entry("expires = 2027-06-01T00:00:00\n" + pins), "bad_time", 4, "a local time"},
        {entry("expires = 2027-06-01\n" + pins), "bad_type", 4, "a local date"},
        {entry("expires = \"2027-06-01T00:00:00Z\"\n" + pins), "bad_type", 4, "a time in quotes"},
        {entry("expires = 1969-12-31T23:59:59Z\n" + pins), "bad_time", 4, "A69: before the epoch"},
        {entry("include_subdomain = true\n" + pins), "unknown_key", 4, "an unknown key"},
        {entry("include_subdomains = 1\n" + pins), "bad_type", 4, "a number for a truth"},
        {entry("pins = \"" + kPin + "\"\n"), "bad_type", 4, "a text for a list"},
        {entry("pins = [\n\"" + kPin + "\",\n1]\n"), "bad_type", 6, "a number among pins"},
        {entry("pins = [\n\"" + kPin + "\",\n\"sha256/AAAA\"]\n"), "pin_wrong_length", 6, "one bad pin"},
        {entry("pins = [\n\"" + kPin + "\",\n\"" + kPin + "\"]\n"), "duplicate_pin", 6, "a pin twice"},
        {entry("pins = [\"file:missing.crt\"]\n"), "file_read", 4, "a file that is not there"},
        {entry("deny = [\"sha1/AAAA\"]\n" + pins), "pin_weak_digest", 4, "a bad pin among the denied"},
        {entry(""), "no_trust", 3, "neither trust nor pins"},
        {entry("trust = \"chain\"\n" + pins), "pins_unused", 4, "pins that nobody looks at"},
        {entry("trust = \"strict\"\n" + pins), "pins_unused", 4, "pins that nobody looks at"},
        {entry("mode = \"report\"\n" + pins), "report_without_end", 4, "A12: a report without an end"},
        {entry("require_backup = true\n" + pins), "no_backup", 4, "no backup"},
        {entry("[[host.pin]]\nrole = \"backup\"\n"), "no_pin", 4, "a pin without a pin"},
        {entry("[[host.pin]]\npin = \"" + kPin + "\"\nrole = \"spare\"\n"), "unknown_word", 6, "an unknown role"},
        {entry("[[host.pin]]\npin = \"" + kPin + "\"\ncolour = 1\n"), "unknown_key", 6, "an unknown key of a pin"},
        {entry("[[host.pin]]\npin = \"" + kPin + "\"\nexpires = 2027-06-01T00:00:00\n"), "bad_time", 6, "a local time"},
        {entry("[[host.pin]]\npin = \"" + kPin + "\"\nrole = \"proxy\"\nexpires = 2027-06-01T00:00:00Z\n"),
         "proxy_not_approved", 6, "A11: a proxy that nobody approved"},
        {entry("[[host.pin]]\npin = \"" + kPin + "\"\nrole = \"proxy\"\napproved_by = \"x\"\n"), "proxy_without_end", 6,
         "A11: a proxy for ever"},
        {entry("[[host.pin]]\npin = \"" + kPin + ";" + kOther + "\"\n"), "many_pins", 5, "two pins in one"},
        {entry(pins + "[[host]]\nname = \"DB.example.com\"\n" + pins), "duplicate_host", 0, "A64: two equal entries"},
        {"version = 1\n\xff\n", "bad_toml", 1, "not UTF-8"},
        {entry("pins = [" + std::string(3000, '[')), "bad_toml", 4, "A166: nesting"},
    };
    for (const Refused& test : cases) {
        const auto set = parse(test.text);
        ASSERT_FALSE(set) << test.reason << "\n" << test.text;
        EXPECT_EQ(set.error().code, test.code) << test.reason << ": " << set.error().why;
        ASSERT_TRUE(set.error().place) << test.reason;
        EXPECT_EQ(set.error().place->source, "policy.toml") << test.reason;
        EXPECT_EQ(set.error().place->line.value_or(0), test.line) << test.reason;
        EXPECT_FALSE(set.error().why.empty()) << test.reason;
    }
}

TEST(PolicyFile, NamesTheKeyThatWasProbablyMeant) {
    const auto set = parse(entry("include-subdomains = true"));
    ASSERT_FALSE(set);
    EXPECT_THAT(set.error().next, HasSubstr("include_subdomains"));
}

TEST(PolicyFile, A19_AMissingFileIsAnError) {
    const files::testing::ScratchFolder folder;
    EXPECT_FALSE(read_policy(folder.path() / "policy.toml"));
}

}  // namespace
}  // namespace cotter::formats
