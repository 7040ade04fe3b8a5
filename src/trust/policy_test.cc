// The words of policies, and what a client name pattern matches.
#include "trust/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using ::testing::HasSubstr;
using x509::SanType;
using x509::SubjectAltName;

TEST(PolicyWords, A10_UnknownWordsAreNoMode) {
    for (const TrustMode mode : kTrustModes) {
        EXPECT_EQ(trust_mode_from(text_of(mode)), mode);
    }
    for (const Match match : {Match::kLeaf, Match::kIssuer, Match::kAny}) EXPECT_EQ(match_from(text_of(match)), match);
    for (const std::string_view word :
         {"", "Pins", "pins ", "pin", "chain,pins", "chain+pin", "none", "off", "any", "true", "accept_new", "DANE"}) {
        EXPECT_FALSE(trust_mode_from(word)) << word;
    }
    for (const std::string_view word : {"", "Leaf", "leaf ", "all", "root", "*", "pins"})
        EXPECT_FALSE(match_from(word)) << word;
}

TEST(ClientNames, A31_PatternsHaveATypeAndAStarIsOneLabel) {
    struct Row {
        std::string_view pattern;
        SubjectAltName name;
        bool is_matched;
    };
    const std::string address("\xc0\x00\x02\x01", 4);
    const std::vector<Row> rows{
        {"DNS:alice.clients.example", {SanType::kDns, "alice.clients.example"}, true},
        {"DNS:alice.clients.example", {SanType::kDns, "ALICE.Clients.Example"}, true},
        {"DNS:Alice.Clients.example.", {SanType::kDns, "alice.clients.example"}, true},
        {"DNS:alice.clients.example", {SanType::kDns, "bob.clients.example"}, false},
        {"DNS:alice.clients.example", {SanType::kDns, "alice.clients.example."}, false},
        {"DNS:alice.clients.example", {SanType::kDns, "x.alice.clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "alice.clients.example"}, true},
        {"DNS:*.clients.example", {SanType::kDns, "Alice.CLIENTS.example"}, true},
        {"DNS:*.clients.example", {SanType::kDns, "clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, ".clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "a.b.clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "evilclients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "*.clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "a*.clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "a b.clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, "alice.clients.example."}, false},
        {"DNS:*.clients.example", {SanType::kDns, "\xc3\xa4.clients.example"}, false},
        {"DNS:*.clients.example", {SanType::kDns, std::string("a\0.clients.example", 18)}, false},
        {"DNS:alice.clients.example", {SanType::kUri, "alice.clients.example"}, false},
        {"DNS:alice.clients.example", {SanType::kEmail, "alice.clients.example"}, false},
        {"DNS:alice.clients.example", {SanType::kOther, "alice.clients.example"}, false},
        {"URI:spiffe://x/y", {SanType::kUri, "spiffe://x/y"}, true},
        {"URI:spiffe://x/y", {SanType::kUri, "spiffe://x/yz"}, false},
        {"URI:spiffe://x/y", {SanType::kUri, "spiffe://x/y/"}, false},
        {"URI:spiffe://x/y", {SanType::kUri, "spiffe://X/y"}, false},
        {"URI:spiffe://x", {SanType::kUri, "spiffe://x.evil"}, false},
        {"URI:spiffe://x/y", {SanType::kDns, "spiffe://x/y"}, false},
        {"EMAIL:a@b.example", {SanType::kEmail, "a@b.example"}, true},
        {"EMAIL:a@b.example", {SanType::kEmail, "xa@b.example"}, false},
        {"IP:192.0.2.1", {SanType::kIpAddress, address}, true},
        {"IP:192.0.2.2", {SanType::kIpAddress, address}, false},
        {"IP:192.0.2.1", {SanType::kDns, "192.0.2.1"}, false},
        {"IP:::ffff:192.0.2.1", {SanType::kIpAddress, address}, false},
    };
    for (const Row& row : rows) {
        const auto pattern = ClientNamePattern::parse(row.pattern);
        ASSERT_TRUE(pattern) << row.pattern;
        EXPECT_EQ(pattern->matches(row.name), row.is_matched) << row.pattern << " and " << row.name.to_string();
    }
}

TEST(ClientNames, A31_PatternsThatCouldMeanMoreAreRefused) {
    for (const std::string_view text : {"",
                                        "alice",
                                        "DNS:",
                                        "DNS:*",
                                        "DNS:*.",
                                        "DNS:**.example",
                                        "DNS:a.*.example",
                                        "DNS:a*.example",
                                        "DNS:*.*.example",
                                        "DNS:a b.example",
                                        "DNS:a..example",
                                        "dns:alice.example",
                                        "DN:CN=alice",
                                        "CN:alice",
                                        "IP:",
                                        "IP:192.0.2.0/24",
                                        "IP:192.0.2",
                                        "IP:*",
                                        "URI:",
                                        "URI:spiffe://x/*",
                                        "EMAIL:*@b.example",
                                        "EMAIL:",
                                        "*",
                                        "DNS:[::1]"}) {
        const auto pattern = ClientNamePattern::parse(text);
        ASSERT_FALSE(pattern) << text;
        EXPECT_EQ(pattern.error().code, "bad_client_name");
        EXPECT_EQ(pattern.error().kind, ErrorKind::kMalformedInput);
        EXPECT_THAT(pattern.error().next, HasSubstr("DNS:*.name"));
    }
}

}  // namespace
}  // namespace cotter::trust
