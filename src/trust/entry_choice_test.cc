// Why an entry decides on a host, and why the others don't.
#include "trust/entry_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using ::testing::HasSubstr;

struct Named {
    std::string_view name;
    bool include_subdomains = false;
    std::optional<std::uint16_t> port = std::nullopt;
};

PolicySet set_of(const std::vector<Named>& names) {
    std::vector<PolicyEntry> entries;
    for (const Named& one : names)
        entries.push_back({*HostPattern::parse(one.name, one.port, one.include_subdomains), {}});
    return *PolicySet::from(std::move(entries));
}

TEST(EntryChoice, TellsOfEachEntryWhyItDecidesOrNot) {
    const PolicySet set = set_of({{"db.example.com", false, 5432},
                                  {"db.example.com"},
                                  {"*.example.com"},
                                  {"example.com", true},
                                  {"com", true},
                                  {"db.example.org"},
                                  {"example.net"},
                                  {"192.0.2.1"}});
    struct Row {
        std::string_view host;
        std::optional<std::size_t> decides;
        std::vector<std::string_view> why;
    };
    const std::vector<Row> rows{
        {"db.example.com:5432",
         0,
         {"exact name and port", "every port, which is less specific than db.example.com:5432", "by one label",
          "by its suffix", "by its suffix", "another name", "another name", "another name"}},
        {"db.example.com:443",
         1,
         {"is for port 5432", "exact name, at every port", "by one label", "by its suffix", "by its suffix",
          "another name", "another name", "another name"}},
        {"a.db.example.com:1",
         3,
         {"does not include", "does not include", "exactly one label", "reaches it by its suffix",
          "shorter suffix than example.com", "another name", "another name", "another name"}},
        {"example.com:1",
         3,
         {"another name", "another name", "never stands for the name itself", "by its exact name", "by its suffix",
          "another name", "another name", "another name"}},
        {"a.example.net:1",
         std::nullopt,
         {"another name", "another name", "another name", "another name", "another name", "another name",
          "does not include", "another name"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.host);
        const auto choices = choices_for(set, *HostPort::parse(row.host));
        ASSERT_EQ(choices.size(), row.why.size());
        for (std::size_t i = 0; i < choices.size(); ++i) {
            EXPECT_EQ(choices[i].decides, row.decides == i) << i;
            EXPECT_THAT(choices[i].why, HasSubstr(std::string(row.why[i]))) << i;
        }
    }
}

}  // namespace
}  // namespace cotter::trust
