// Addresses of resolvers, and TLSA records as on the wire. What is validated is shown end to end (tests/test_dane.py).
#include "evidence/dane_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace cotter::evidence {
namespace {

using ::testing::HasSubstr;

TEST(DnsServer, IsAnAddressWithAPort) {
    struct Row {
        std::string_view text;
        std::string_view read;  ///< empty: refused
    };
    const std::array rows{
        Row{"192.0.2.1", "192.0.2.1@53"},
        Row{"192.0.2.1@5353", "192.0.2.1@5353"},
        Row{"192.0.2.1:5353", "192.0.2.1@5353"},
        Row{"2001:db8::1", "2001:db8::1@53"},
        Row{"2001:DB8:0::1@65535", "2001:db8::1@65535"},
        Row{"[2001:db8::1]", "2001:db8::1@53"},
        Row{"[2001:db8::1]:5353", "2001:db8::1@5353"},
        Row{"", ""},
        Row{"resolver.example", ""},
        Row{"resolver.example@53", ""},
        Row{"resolver.example:53", ""},
        Row{"localhost", ""},
        Row{"192.0.2.1@", ""},
        Row{"192.0.2.1@0", ""},
        Row{"192.0.2.1@65536", ""},
        Row{"192.0.2.1@53x", ""},
        Row{"192.0.2.1@-1", ""},
        Row{"192.0.2.1@53@53", ""},
        Row{"192.0.2.1:0", ""},
        Row{"192.0.2.1 ", ""},
        Row{"192.0.2", ""},
        Row{"[192.0.2.1]@53", ""},
        Row{"[2001:db8::1]@53", ""},
        Row{"fe80::1%eth0", ""},
        Row{"@53", ""},
    };
    for (const Row& row : rows) {
        const auto server = DnsServer::parse(row.text);
        ASSERT_EQ(server.has_value(), !row.read.empty()) << row.text;
        if (server) {
            EXPECT_EQ(server->to_string(), row.read);
            EXPECT_EQ(DnsServer::parse(server->to_string())->to_string(), row.read);
        } else {
            EXPECT_EQ(server.error().kind, ErrorKind::kMalformedInput);
        }
    }
    EXPECT_THAT(DnsServer::parse("resolver.example").error().why, HasSubstr("it is a name"));
}

TEST(TlsaWire, A145_ARecordIsThreeNumbersAndTheRest) {
    const auto octets = [](std::initializer_list<int> values) {
        ByteVector result;
        for (const int value : values) result.push_back(static_cast<std::byte>(value));
        return result;
    };
    struct Row {
        ByteVector wire;
        std::optional<trust::TlsaRecord> read;
    };
    const std::vector<Row> rows{
        {octets({3, 1, 1, 0xab, 0xcd}), trust::TlsaRecord{3, 1, 1, octets({0xab, 0xcd})}},
        {octets({0, 0, 0, 0}), trust::TlsaRecord{0, 0, 0, octets({0})}},
        {octets({255, 254, 253, 1}), trust::TlsaRecord{255, 254, 253, octets({1})}},  // kept, and unusable
        {octets({3, 1, 1}), trust::TlsaRecord{3, 1, 1, {}}},
        {octets({3, 1}), std::nullopt},
        {octets({3}), std::nullopt},
        {octets({}), std::nullopt},
    };
    for (const Row& row : rows) EXPECT_EQ(tlsa_from_wire(row.wire), row.read) << row.wire.size();
}

TEST(DaneResolver, A147_ALibraryThatIsTooOldIsRefused) {
    for (const std::string_view version : {"1.17.0", "1.17.1", "1.17", "1.24.2", "1.170.0", "2.0.0", "10.1"})
        EXPECT_TRUE(is_new_enough(version)) << version;
    for (const std::string_view version : {"1.16.9", "1.9.17", "1.1.17", "0.99.0", "1", "1.", "", "17", "1-17", "x.17"})
        EXPECT_FALSE(is_new_enough(version)) << version;
}

TEST(DaneResolver, ABadTrustAnchorIsAnErrorAndNoResolver) {
    const auto resolver = DaneResolver::make({.anchors = "/nonexistent/anchor"});
    ASSERT_FALSE(resolver);
    EXPECT_EQ(resolver.error().kind, ErrorKind::kFailed);
}

TEST(DaneResolver, AQuestionThatIsLetGoIsNeverAnswered) {
    const auto server = DnsServer::parse("127.0.0.1@9");
    const auto resolver = DaneResolver::make({.server = *server});
    ASSERT_TRUE(resolver) << resolver.error().why;
    bool is_answered = false;
    {
        const DaneResolver::Question question(**resolver, "db.example.", RecordType::kTlsa,
                                              [&] { is_answered = true; });
        EXPECT_FALSE(question.answer());
    }
    (*resolver)->process();
    EXPECT_FALSE(is_answered);
    EXPECT_GE((*resolver)->descriptor(), 0);
}

}  // namespace
}  // namespace cotter::evidence
