// Which records are trust anchors of the DNS.
#include "evidence/dnssec_anchors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::evidence {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kDigest(64, 'a');

TEST(DnssecAnchors, AreDsAndDnskeyRecordsAsToolsWriteThem) {
    const auto anchors = parse_dnssec_anchors(
        "; made by ldns-keygen\n"
        "example.\tIN\tDS\t2729 13 2 15b3e462d329e4764985b62699a7bc530d37a38db7caeb0ca96d0fa42b7f2443\n"
        "\n"
        "example. 3600 IN DNSKEY 257 3 13 1jABzjIspuggoGakQwZO5XnW4QPav9SyKSB3r4IAIHLF "
        "LHXPTk4mVJadjV1ajH8zIdt5Ra90yLCH8pauKF3nKQ== ;{id = 2729 (ksk), size = 256b}\n"
        ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084 58E880409BBC683457104237C7F8EC8D",
        "anchors");
    ASSERT_TRUE(anchors) << anchors.error().why;
    EXPECT_THAT(*anchors,
                ElementsAre("example. IN DS 2729 13 2 15b3e462d329e4764985b62699a7bc530d37a38db7caeb0ca96d0fa42b7f2443",
                            "example. IN DNSKEY 257 3 13 1jABzjIspuggoGakQwZO5XnW4QPav9SyKSB3r4IAIHLF"
                            "LHXPTk4mVJadjV1ajH8zIdt5Ra90yLCH8pauKF3nKQ==",
                            ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"));
}

TEST(DnssecAnchors, OneBadLineRefusesAll) {
    const std::string good = "example. IN DS 1 13 2 " + kDigest + "\n";
    struct Row {
        std::string line;
        std::string_view why;
    };
    const std::vector<Row> rows{
        {"example. IN A 192.0.2.1", "no whole DS or DNSKEY"},
        {"example. IN TXT 1 2 3 4", "neither a DS nor a DNSKEY"},
        {"example. IN DS", "no whole"},
        {"example. IN DS 1 13 2", "no whole"},
        {"example. IN DS 1 13 1 " + std::string(40, 'a'), "SHA-1"},
        {"example. IN DS 1 13 3 " + kDigest, "neither 2 (SHA-256)"},
        {"example. IN DS 1 13 2 " + kDigest + "aa", "of its type's length"},
        {"example. IN DS 1 13 4 " + kDigest, "of its type's length"},
        {"example. IN DS 1 13 2 " + std::string(64, 'x'), "hex"},
        {"example. IN DS 65536 13 2 " + kDigest, "key tag"},
        {"example. IN DS 1 256 2 " + kDigest, "algorithm"},
        {"example. CH DS 1 13 2 " + kDigest, "neither a DS nor a DNSKEY"},
        {"exa mple. IN DS 1 13 2 " + kDigest, "neither a DS"},
        {"-.example. IN DS 1 13 2 " + kDigest, "does not begin with a zone"},
        {"example. IN DNSKEY 0 3 13 AAAA", "no zone key"},
        {"example. IN DNSKEY 385 3 13 AAAA", "revoked"},
        {"example. IN DNSKEY 257 2 13 AAAA", "protocol"},
        {"example. IN DNSKEY 257 3 13 AAA", "base64"},
        {"example. IN DNSKEY 257 3 13 ( AAAA )", "base64"},
        {"example. IN DNSKEY x 3 13 AAAA", "flags"},
        {"$ORIGIN example.", "no whole"},
    };
    for (const Row& row : rows) {
        const auto anchors = parse_dnssec_anchors(good + row.line + "\n" + good, "anchors");
        ASSERT_FALSE(anchors) << row.line;
        EXPECT_EQ(anchors.error().kind, ErrorKind::kMalformedInput);
        EXPECT_THAT(anchors.error().why, HasSubstr(row.why)) << row.line;
        EXPECT_EQ(anchors.error().place->line, 2U) << row.line;
    }
    for (const std::string_view nothing : {"", "\n\n", "; only a comment\n"}) {
        const auto anchors = parse_dnssec_anchors(nothing, "anchors");
        ASSERT_FALSE(anchors);
        EXPECT_THAT(anchors.error().why, HasSubstr("no record"));
    }
}

TEST(DnssecAnchors, TheRootHasSome) {
    const auto anchors = root_dnssec_anchors();
    ASSERT_TRUE(anchors) << anchors.error().why;
    EXPECT_GE(anchors->size(), 2U);
    for (const std::string& anchor : *anchors) EXPECT_TRUE(anchor.starts_with(". IN D")) << anchor;
}

}  // namespace
}  // namespace cotter::evidence
