// Which entry of a policy covers a host.
#include "trust/policy_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

namespace cotter::trust {
namespace {

using ::testing::HasSubstr;

struct Entry {
    std::string name;
    std::optional<std::uint16_t> port;
    bool include_subdomains = false;
};

PolicySet set_of(const std::vector<Entry>& entries) {
    std::vector<PolicyEntry> built;
    for (const Entry& entry : entries) {
        auto pattern = HostPattern::parse(entry.name, entry.port, entry.include_subdomains);
        EXPECT_TRUE(pattern) << entry.name;
        built.push_back({std::move(*pattern), {}});
    }
    auto set = PolicySet::from(std::move(built));
    EXPECT_TRUE(set) << set.error().why;
    return std::move(*set);
}

std::string found(const PolicySet& set, std::string_view host) {
    const PolicyEntry* entry = set.find(*HostPort::parse(host));
    if (entry == nullptr) return "nothing";
    return entry->host.to_string() + (entry->host.includes_subdomains() ? " and below" : "");
}

struct Case {
    std::string host;
    std::string expected;
    std::string reason;
};

TEST(PolicySet, A64_TheMostSpecificEntryWins) {
    const PolicySet set = set_of({{"db.example.com", 5432},
                                  {"db.example.com", std::nullopt},
                                  {"*.example.com", std::nullopt},
                                  {"*.example.com", 8443},
                                  {"example.com", std::nullopt, true},
                                  {"inner.example.com", std::nullopt, true},
                                  {"com", 25, true},
                                  {"192.0.2.7", std::nullopt},
                                  {"2001:db8::7", 443}});
    const std::vector<Case> cases{
        {"db.example.com:5432", "db.example.com:5432", "exact name and port"},
        {"db.example.com:5433", "db.example.com", "exact name, every port"},
        {"DB.Example.COM.:5432", "db.example.com:5432", "case and one trailing dot don't count"},
        {"www.example.com:443", "*.example.com", "one-label wildcard"},
        {"www.example.com:8443", "*.example.com:8443", "one-label wildcard with its port"},
        {"a.www.example.com:443", "example.com and below", "a star is one label, so the suffix covers it"},
        {"example.com:443", "example.com and below", "the name itself is covered exactly"},
        {"inner.example.com:443", "inner.example.com and below", "exact before wildcard"},
        {"x.inner.example.com:443", "inner.example.com and below", "the longest suffix"},
        {"x.y.inner.example.com:443", "inner.example.com and below", "the longest suffix, at any depth"},
        {"mail.elsewhere.com:25", "com:25 and below", "a suffix with its port"},
        {"mail.elsewhere.com:26", "nothing", "A66: a port is part of the key where it is given"},
        {"evilexample.com:443", "nothing", "A65: only on label boundaries"},
        {"example.org:443", "nothing", "another name"},
        {"192.0.2.7:443", "192.0.2.7", "an address"},
        {"[2001:0DB8:0:0::7]:443", "[2001:db8::7]:443", "an address in another spelling"},
        {"192.0.2.8:443", "nothing", "another address"},
    };
    for (const Case& test : cases) EXPECT_EQ(found(set, test.host), test.expected) << test.host << ": " << test.reason;
}

TEST(PolicySet, A65_AParentIsNeverCoveredByItsChildsEntry) {
    const PolicySet set = set_of({{"a.example.com", std::nullopt, true}});
    EXPECT_EQ(found(set, "example.com:443"), "nothing");
    EXPECT_EQ(found(set, "b.example.com:443"), "nothing");
    EXPECT_EQ(found(set, "xa.example.com:443"), "nothing");
}

TEST(PolicySet, AnEmptySetCoversNothing) {
    EXPECT_EQ(PolicySet().find(*HostPort::parse("db.example.com:5432")), nullptr);
}

TEST(PolicySet, A64_TwoEqualEntriesAreRefused) {
    const std::vector<std::pair<Entry, Entry>> pairs{
        {{"db.example.com", std::nullopt}, {"DB.EXAMPLE.COM.", std::nullopt}},
        {{"db.example.com", 443}, {"db.example.com", 443}},
        {{"db.example.com", std::nullopt}, {"db.example.com", std::nullopt, true}},
        {{"*.example.com", 1}, {"*.Example.com", 1}},
        {{"2001:db8::7", std::nullopt}, {"2001:db8:0::7", std::nullopt}},
    };
    for (const auto& [first, second] : pairs) {
        std::vector<PolicyEntry> entries;
        for (const Entry& entry : {first, second}) {
            entries.push_back({*HostPattern::parse(entry.name, entry.port, entry.include_subdomains), {}});
        }
        const auto set = PolicySet::from(std::move(entries));
        ASSERT_FALSE(set) << second.name;
        EXPECT_EQ(set.error().code, "duplicate_host");
        EXPECT_THAT(set.error().why, HasSubstr("number 1 and number 2"));
    }
}

TEST(HostPattern, RefusesWhatCoversNothingOrTooMuch) {
    const std::vector<Entry> bad{
        {"", std::nullopt},           {"*", std::nullopt},           {"*.", std::nullopt},
        {"a*.example", std::nullopt}, {"a.*.example", std::nullopt}, {"**.example", std::nullopt},
        {"*.example", 1, true},       {"192.0.2.7", 1, true},        {"*.192.0.2.7", std::nullopt},
        {"a b", std::nullopt},        {".example", std::nullopt},    {"a..example", std::nullopt},
    };
    for (const Entry& entry : bad) {
        EXPECT_FALSE(HostPattern::parse(entry.name, entry.port, entry.include_subdomains)) << entry.name;
    }
}

/// The rule itself, entry by entry, without an index.
const PolicyEntry* naive(const PolicySet& set, const HostPort& host) {
    using Rank = std::tuple<int, std::size_t, bool>;
    const PolicyEntry* best = nullptr;
    Rank best_rank;
    for (const PolicyEntry& entry : set.entries()) {
        const auto reach = entry.host.reaches(host);
        if (!reach) continue;
        const Rank rank{-static_cast<int>(*reach), entry.host.base().to_string().size(), entry.host.port().has_value()};
        if (best != nullptr && rank <= best_rank) continue;
        best = &entry;
        best_rank = rank;
    }
    return best;
}

TEST(PolicySet, A64_TheIndexAgreesWithTheRuleOnRandomSets) {
    std::mt19937 random(20261124);  // NOLINT(cert-msc51-cpp): the same sets each time
    const std::vector<std::string> labels{"a", "b", "c", "xa"};
    const auto pick = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    const auto name = [&] {
        std::string text = labels[pick(labels.size())];
        for (std::size_t more = pick(4); more > 0; --more) text += "." + labels[pick(labels.size())];
        return text;
    };
    std::size_t covered = 0;
    for (int round = 0; round < 300; ++round) {
        std::vector<PolicyEntry> entries;
        for (std::size_t i = pick(12); i > 0; --i) {
            const bool is_wildcard = pick(3) == 0;
            const auto port =
                pick(2) == 0 ? std::optional<std::uint16_t>(static_cast<std::uint16_t>(1 + pick(2))) : std::nullopt;
            PolicyEntry entry{
                *HostPattern::parse((is_wildcard ? "*." : "") + name(), port, !is_wildcard && pick(2) == 0), {}};
            entries.push_back(entry);
            if (!PolicySet::from(entries)) entries.pop_back();
        }
        const auto set = PolicySet::from(std::move(entries));
        ASSERT_TRUE(set);
        for (int query = 0; query < 100; ++query) {
            const HostPort host{*HostName::parse(name()), static_cast<std::uint16_t>(1 + pick(3))};
            const PolicyEntry* const expected = naive(*set, host);
            ASSERT_EQ(set->find(host), expected) << host.to_string();
            covered += expected != nullptr ? 1 : 0;
        }
    }
    EXPECT_GT(covered, 3000U) << "the random sets cover too little to mean anything";
}

}  // namespace
}  // namespace cotter::trust
