// What a policy that loads is warned of.
#include "trust/policy_warnings.h"

#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using ::testing::HasSubstr;

using enum WarningCode;

PolicyEntry entry(std::string_view name, const std::function<void(ServerPolicy&)>& change = {},
                  bool include_subdomains = false, std::optional<std::uint16_t> port = std::nullopt) {
    ServerPolicy policy = policy_of(TrustMode::kPins, Match::kLeaf, {spki(world().leaf), spki(world().neighbour)});
    if (change) change(policy);
    return {*HostPattern::parse(name, port, include_subdomains), std::move(policy)};
}

std::vector<PolicyWarning> warnings(std::vector<PolicyEntry> entries) {
    return warnings_of(*PolicySet::from(std::move(entries)), kMintNow);
}

std::vector<std::string> codes_of(const std::vector<PolicyWarning>& warnings) {
    std::vector<std::string> result;
    for (const PolicyWarning& warning : warnings) result.emplace_back(text_of(warning.code));
    return result;
}

TEST(PolicyWarnings, A140_EachWayToLockOneselfOutOrLetTooMuchInIsTold) {
    const auto in = [](int days) { return std::optional(kMintNow + std::chrono::days(days)); };
    struct Row {
        std::string_view what;
        std::function<void(ServerPolicy&)> change;
        std::vector<WarningCode> codes;
    };
    const std::vector<Row> rows{
        {"two pins without an end", {}, {}},
        {"one pin", [](auto& p) { p.pins.pop_back(); }, {kNoBackup}},
        {"one pin besides one that has ended", [&](auto& p) { p.pins[1].expires = in(-1); }, {kPinEnded, kNoBackup}},
        {"one pin besides a proxy's",
         [&](auto& p) {
             p.pins[1].role = PinRole::kProxy;
             p.pins[1].approved_by = "risk acceptance 17";
             p.pins[1].expires = in(90);
         },
         {kNoBackup, kProxyPin}},
        {"no pin", [](auto& p) { p.pins.clear(); }, {kEmptyPinset}},
        {"an end in 31 days", [&](auto& p) { p.expires = in(31); }, {}},
        {"an end in 30 days", [&](auto& p) { p.expires = in(30); }, {kEndsSoon}},
        {"an end this second", [&](auto& p) { p.expires = in(0); }, {kEndsSoon}},
        {"an end a second ago", [](auto& p) { p.expires = kMintNow - std::chrono::seconds(1); }, {kEnded}},
        {"a pin that ends in 30 days", [&](auto& p) { p.pins[0].expires = in(30); }, {kPinEndsSoon}},
        {"a pin that ends in 31 days", [&](auto& p) { p.pins[0].expires = in(31); }, {}},
        {"a sample",
         [](auto& p) { p.pins[1].pin = *Pin::parse("sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="); },
         {kSamplePin}},
        {"a pin that is denied, too", [](auto& p) { p.deny.insert(p.pins[0].pin); }, {kDeniedPin}},
        {"report mode",
         [&](auto& p) {
             p.mode = Mode::kReport;
             p.expires = in(60);
         },
         {kReportMode}},
        {"off", [](auto& p) { p.mode = Mode::kOff; }, {kOffMode}},
        {"the chain needs no backup",
         [](auto& p) {
             p.trust = TrustMode::kChain;
             p.pins.clear();
         },
         {}},
    };
    for (const Row& row : rows) {
        std::vector<std::string> expected;
        for (const WarningCode code : row.codes) expected.emplace_back(text_of(code));
        EXPECT_EQ(codes_of(warnings({entry("db.example.com", row.change)})), expected) << row.what;
    }
}

TEST(PolicyWarnings, A65_APublicSuffixWithWhatIsBelowItIsTold) {
    struct Row {
        std::string_view name;
        bool include_subdomains;
        bool warns;
    };
    for (const Row& row : std::vector<Row>{{"com", true, true},
                                           {"com", false, false},
                                           {"*.com", false, true},
                                           {"co.uk", true, true},
                                           {"*.co.uk", false, true},
                                           {"github.io", true, true},
                                           {"example.co.uk", true, false},
                                           {"*.example.com", false, false},
                                           {"192.0.2.1", false, false},
                                           {"internal", true, true}}) {
        const auto codes = codes_of(warnings({entry(row.name, {}, row.include_subdomains)}));
        EXPECT_EQ(codes, row.warns ? std::vector<std::string>{"public_suffix"} : std::vector<std::string>{})
            << row.name << row.include_subdomains;
    }
}

TEST(PolicyWarnings, ANarrowerEntryThatForgetsADenialIsTold) {
    const auto denies = [](ServerPolicy& policy) { policy.deny.insert(spki(world().root)); };
    struct Row {
        std::string_view what;
        std::vector<PolicyEntry> entries;
        std::vector<std::string> hosts;
    };
    const std::vector<Row> rows{
        {"below it", {entry("example.com", denies, true), entry("a.b.example.com")}, {"a.b.example.com"}},
        {"a star below it", {entry("example.com", denies, true), entry("*.example.com")}, {"*.example.com"}},
        {"that repeats it", {entry("example.com", denies, true), entry("db.example.com", denies)}, {}},
        {"beside it", {entry("example.com", denies, true), entry("db.example.net")}, {}},
        {"that only ends alike", {entry("example.com", denies, true), entry("notexample.com")}, {}},
        {"one label below a star", {entry("*.example.com", denies), entry("db.example.com")}, {"db.example.com"}},
        {"two labels below a star", {entry("*.example.com", denies), entry("a.db.example.com")}, {}},
        {"at another port", {entry("example.com", denies, true, 443), entry("db.example.com", {}, false, 444)}, {}},
        {"at its port", {entry("example.com", denies, true), entry("example.com", {}, true, 444)}, {"example.com:444"}},
        {"above it", {entry("db.example.com", denies, true), entry("example.com", {}, true)}, {}},
    };
    for (const Row& row : rows) {
        std::vector<std::string> hosts;
        for (const PolicyWarning& warning : warnings(row.entries)) {
            EXPECT_EQ(text_of(warning.code), "denial_not_inherited");
            hosts.push_back(warning.host);
        }
        EXPECT_EQ(hosts, row.hosts) << row.what;
    }
}

TEST(PolicyWarnings, TextOfTheFileIsEscaped) {
    const auto found = warnings({entry("db.example", [](ServerPolicy& policy) {
        policy.pins[0].label = "a\x1b[2Jb";
        policy.pins[0].expires = kMintNow;
        policy.pins[1].role = PinRole::kProxy;
        policy.pins[1].approved_by = "x\ny";
    })});
    for (const PolicyWarning& warning : found) {
        EXPECT_EQ(warning.message.find('\x1b'), std::string::npos);
        EXPECT_EQ(warning.message.find('\n'), std::string::npos);
    }
    EXPECT_EQ(codes_of(found), (std::vector<std::string>{"pin_ends_soon", "no_backup", "proxy_pin"}));
}

}  // namespace
}  // namespace cotter::trust
