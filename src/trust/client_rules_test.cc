// Rules as texts, and what the judge makes of them.
#include "trust/client_rules.h"

#include "text/time.h"
#include "trust/judge_rules.h"
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using enum ReasonCode;

ClientRules rules_of(const RuleTexts& texts) {
    const auto rules = ClientRules::parse(texts);
    EXPECT_TRUE(rules) << rules.error().why;
    return *rules;
}

TEST(ClientRules, AreWrittenInOneWayAndReadBack) {
    const ClientRules rules = rules_of({.services = {"db", "cache", "db"},
                                        .from = {"192.0.2.1", "2001:DB8::/32"},
                                        .hours = {"mon-fri 08:00-18:00"},
                                        .max_streams = "3",
                                        .rate = "1536k"});
    EXPECT_EQ(rules.to_text(),
              "service db\nservice cache\nfrom 192.0.2.1/32\nfrom 2001:db8::/32\nhours mon-fri 08:00-18:00 UTC\n"
              "max-streams 3\nrate 1536k\n");
    EXPECT_EQ(ClientRules::parse_text(rules.to_text()), rules);
    EXPECT_EQ(rules.rate, 1536U << 10U);
    EXPECT_FALSE(rules.is_empty());
    EXPECT_TRUE(ClientRules{}.is_empty());
    EXPECT_EQ(ClientRules{}.to_text(), "");
    EXPECT_EQ(ClientRules::parse_text(""), ClientRules{});
}

TEST(ClientRules, A19_OneThatCantBeReadRefusesAll) {
    const RuleTexts refused[] = {
        {.services = {"db", ""}},
        {.services = {"Db"}},
        {.services = {"d b"}},
        {.services = {"db-"}},
        {.from = {"192.0.2.0/24", "192.0.2.1/24"}},
        {.hours = {"always"}},
        {.max_streams = "0"},
        {.max_streams = "-1"},
        {.max_streams = "+1"},
        {.max_streams = "3x"},
        {.max_streams = "99999999999999999999"},
        {.rate = "0"},
        {.rate = "1023"},
        {.rate = "1m"},
        {.rate = "M"},
        {.rate = "1.5M"},
        {.rate = "2048G"},
        {.rate = "18446744073709551615G"},
    };
    for (const RuleTexts& texts : refused) {
        const auto rules = ClientRules::parse(texts);
        EXPECT_FALSE(rules) << rules->to_text();
    }
    for (const std::string_view text :
         {"service\n", "service \n", "colour red\n", "rate 1M\nrate 2M\n", "max-streams 1\nmax-streams 2\n", "\n",
          "from 192.0.2.1/24\n", " from 192.0.2.1\n"}) {
        EXPECT_FALSE(ClientRules::parse_text(text)) << text;
    }
    std::vector<std::string> many;
    for (int i = 0; i < 65; ++i) many.push_back("s" + std::to_string(i));
    EXPECT_FALSE(ClientRules::parse({.services = many}));
}

TEST(ClientRules, RatesAreOctetsAndTheirUnitsPowersOf1024) {
    EXPECT_EQ(parse_rate("1024"), 1024U);
    EXPECT_EQ(parse_rate("64k"), 65536U);
    EXPECT_EQ(parse_rate("1M"), 1U << 20U);
    EXPECT_EQ(parse_rate("2G"), std::uint64_t{2} << 30U);
    EXPECT_EQ(rate_text(65536), "64k");
    EXPECT_EQ(rate_text(1U << 20U), "1M");
    EXPECT_EQ(rate_text(1500), "1500");
}

/// Of alice, whose key is registered, with these rules.
Verdict judged(const RuleTexts& texts, std::string service, std::optional<std::string_view> source, Time now,
               const RuleTexts& of_service = {}) {
    const World& w = world();
    Evidence evidence = live({w.leaf}, {});
    evidence.host.reset();
    evidence.standing.state = StandingState::kActive;
    evidence.standing.name = "alice";
    evidence.standing.matched = spki(w.leaf);
    evidence.standing.rules = std::make_shared<const ClientRules>(rules_of(texts));
    if (source) evidence.source = *IpAddress::parse(*source);
    AdmissionPolicy policy;
    policy.service = std::move(service);
    policy.service_rules = std::make_shared<const ClientRules>(rules_of(of_service));
    return judge(evidence, policy, now);
}

TEST(JudgeRules, EachRuleRefusesWhoIsOutsideOfIt) {
    const Time monday = *text::parse_rfc3339("2026-05-04T09:00:00Z");
    struct Row {
        std::string_view why;
        RuleTexts rules;
        std::string service;
        std::optional<std::string_view> source;
        std::string_view reason;  ///< empty: let in
    };
    const Row rows[] = {
        {"no rules", {}, "", "192.0.2.1", ""},
        {"the service named", {.services = {"db"}}, "db", "192.0.2.1", ""},
        {"one of the services named", {.services = {"cache", "db"}}, "db", "192.0.2.1", ""},
        {"another service", {.services = {"db"}}, "cache", "192.0.2.1", "alice may not use the service cache"},
        {"a service without a name", {.services = {"db"}}, "", "192.0.2.1", "this one has no name"},
        {"in the network", {.from = {"192.0.2.0/24"}}, "", "192.0.2.1", ""},
        {"in one of them", {.from = {"2001:db8::/32", "192.0.2.0/24"}}, "", "192.0.2.1", ""},
        {"elsewhere", {.from = {"192.0.2.0/24"}}, "", "192.0.3.1", "alice may not come from 192.0.3.1"},
        {"by a UNIX socket", {.from = {"0.0.0.0/0", "::/0"}}, "", std::nullopt, "and comes from none"},
        {"in the hours", {.hours = {"sun 09:00-10:00", "mon 09:00-10:00"}}, "", "192.0.2.1", ""},
        {"before them", {.hours = {"mon 09:01-10:00"}}, "", "192.0.2.1", "at certain hours only: mon 09:01-10:00 UTC"},
        {"after them", {.hours = {"mon 08:00-09:00"}}, "", "192.0.2.1", "at certain hours only"},
    };
    for (const Row& row : rows) {
        const Verdict verdict = judged(row.rules, row.service, row.source, monday);
        EXPECT_EQ(verdict.lets_pass(), row.reason.empty()) << row.why << "\n" << told(verdict);
        if (!row.reason.empty()) {
            EXPECT_EQ(codes(verdict), std::vector{kNotAdmitted}) << row.why;
            EXPECT_THAT(verdict.first_reason().message, HasSubstr(row.reason)) << row.why;
        }
        const Verdict at_service = judged({}, row.service, row.source, monday, row.rules);
        EXPECT_EQ(at_service.lets_pass(), row.reason.empty()) << "as the service's: " << row.why;
    }
}

TEST(JudgeRules, AllThatAreBrokenAreTold) {
    const Verdict verdict = judged({.services = {"db"}, .from = {"192.0.2.0/24"}, .hours = {"sun 09:00-10:00"}},
                                   "cache", "192.0.3.1", *text::parse_rfc3339("2026-05-04T09:00:00Z"));
    EXPECT_EQ(codes(verdict), (std::vector{kNotAdmitted, kNotAdmitted, kNotAdmitted})) << told(verdict);
}

TEST(JudgeRules, AVerdictEndsWithTheHoursOfClientAndService) {
    const Time monday = *text::parse_rfc3339("2026-05-04T09:00:00Z");
    const auto until = [&](const RuleTexts& rules, const RuleTexts& of_service) {
        const auto end = judged(rules, "db", "192.0.2.1", monday, of_service).valid_until;
        return end ? text::rfc3339(*end) : "never";
    };
    EXPECT_EQ(until({}, {}), "never");
    EXPECT_EQ(until({.hours = {"mon 08:00-18:00"}}, {}), "2026-05-04T17:59:59Z");
    EXPECT_EQ(until({.hours = {"mon 08:00-18:00"}}, {.hours = {"mon 08:00-17:00"}}), "2026-05-04T16:59:59Z");
    EXPECT_EQ(until({}, {.hours = {"daily 00:00-24:00"}}), "never");
}

TEST(JudgeRules, NoMoreStreamsThanClientAndServiceAllow) {
    struct Row {
        std::string_view why;
        std::string client;
        std::string service;
        OpenStreams open;
        bool lets_pass;
    };
    const Row rows[] = {
        {"no caps", "", "", {1000, 1000}, true},
        {"under the client's", "2", "", {1, 1}, true},
        {"at the client's", "2", "", {2, 0}, false},
        {"over the client's", "2", "", {3, 0}, false},
        {"elsewhere, under the service's", "", "1", {5, 0}, true},
        {"at the service's", "", "1", {1, 1}, false},
        {"at the service's, under the client's", "9", "1", {1, 1}, false},
    };
    for (const Row& row : rows) {
        Verdict verdict;
        verdict.outcome = Outcome::kTrusted;
        verdict.client_name = "alice";
        verdict.rules = std::make_shared<const ClientRules>(rules_of({.max_streams = row.client}));
        AdmissionPolicy policy;
        policy.service_rules = std::make_shared<const ClientRules>(rules_of({.max_streams = row.service}));
        judge_open_streams(verdict, policy, row.open);
        EXPECT_EQ(verdict.lets_pass(), row.lets_pass) << row.why;
        EXPECT_EQ(codes(verdict), row.lets_pass ? std::vector<ReasonCode>{} : std::vector{kNotAdmitted}) << row.why;
    }
}

TEST(JudgeRules, AServicesRulesBindWhomAnAuthorityAdmitsToo) {
    const World& w = world();
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    evidence.host.reset();
    evidence.standing.state = StandingState::kUnknown;
    evidence.source = *IpAddress::parse("192.0.3.1");
    AdmissionPolicy policy;
    policy.by_authority = true;
    EXPECT_TRUE(judge(evidence, policy, kMintNow).lets_pass());
    policy.service_rules = std::make_shared<const ClientRules>(rules_of({.from = {"192.0.2.0/24"}}));
    EXPECT_EQ(codes(judge(evidence, policy, kMintNow)), std::vector{kNotAdmitted});
}

TEST(JudgeRules, ACertificateThatEndsEndsAPinnedClientWhereAskedFor) {
    const World& w = world();
    Evidence evidence = live({w.leaf}, {});
    evidence.host.reset();
    evidence.standing.state = StandingState::kActive;
    evidence.standing.name = "alice";
    evidence.standing.matched = spki(w.leaf);
    const Time end = w.leaf.certificate().not_after();
    AdmissionPolicy policy;
    EXPECT_TRUE(judge(evidence, policy, end + std::chrono::seconds(1)).lets_pass()) << "a pin needs no dates";
    EXPECT_EQ(judge(evidence, policy, end).valid_until, std::nullopt);
    policy.end_with_certificate = true;
    EXPECT_TRUE(judge(evidence, policy, end).lets_pass());
    EXPECT_EQ(judge(evidence, policy, end).valid_until, end);
    EXPECT_EQ(codes(judge(evidence, policy, end + std::chrono::seconds(1))), std::vector{kExpired});
}

}  // namespace
}  // namespace cotter::trust
