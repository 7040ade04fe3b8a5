// Which names a certificate covers.
#include "x509/name_match.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

using testing::mint;

HostName host(std::string_view text) {
    return HostName::parse(text).value();
}

struct NameCase {
    const char* in_certificate;
    const char* asked_for;
    bool is_covered;
};

void expect_dns(std::initializer_list<NameCase> cases) {
    for (const NameCase& one : cases) {
        const Certificate certificate = mint().san_dns(one.in_certificate).make().certificate();
        EXPECT_EQ(names_host(certificate, host(one.asked_for)), one.is_covered)
            << one.in_certificate << " for " << one.asked_for;
    }
}

TEST(NameMatch, A82_NeverTakesTheCommonName) {
    EXPECT_FALSE(names_host(mint().common_name("db.example").make().certificate(), host("db.example")));
    EXPECT_FALSE(names_host(mint().common_name("db.example").san_email("a@db.example").make().certificate(),
                            host("db.example")));
    EXPECT_FALSE(names_host(mint().common_name("127.0.0.1").make().certificate(), host("127.0.0.1")));
    EXPECT_TRUE(names_host(mint().common_name("other").san_dns("db.example").make().certificate(), host("db.example")));
}

TEST(NameMatch, A83_ComparesLiteralsWithAddressesOnly) {
    const Certificate by_name = mint().san_dns("127.0.0.1").san_dns("::1").make().certificate();
    EXPECT_FALSE(names_host(by_name, host("127.0.0.1")));
    EXPECT_FALSE(names_host(by_name, host("::1")));
    const Certificate by_address = mint().san_ip("127.0.0.1").san_ip("2001:db8::1").make().certificate();
    EXPECT_TRUE(names_host(by_address, host("127.0.0.1")));
    EXPECT_TRUE(names_host(by_address, host("2001:DB8:0:0::1")));
    EXPECT_FALSE(names_host(by_address, host("127.0.0.2")));
    EXPECT_FALSE(names_host(by_address, host("::ffff:127.0.0.1")));
    EXPECT_FALSE(names_host(mint().san_dns("*.0.0.1").make().certificate(), host("127.0.0.1")));
}

TEST(NameMatch, A84_TakesAWildcardForOneWholeLeftmostLabel) {
    expect_dns({
        {"*.db.example", "a.db.example", true},
        {"*.db.example", "xn--bcher-kva.db.example", true},
        {"*.db.example", "db.example", false},
        {"*.db.example", "a.b.db.example", false},
        {"*.db.example", "db.example.org", false},
        {"f*.db.example", "foo.db.example", false},
        {"*o.db.example", "foo.db.example", false},
        {"f*o.db.example", "foo.db.example", false},
        {"xn--*.db.example", "xn--bcher-kva.db.example", false},
        {"a.*.example", "a.db.example", false},
        {"*.*.example", "a.db.example", false},
        {"**.db.example", "a.db.example", false},
        {"*", "localhost", false},
        {"*.", "localhost", false},
    });
}

TEST(NameMatch, A84_NeverStandsAboveAPublicSuffix) {
    expect_dns({
        {"*.com", "example.com", false},
        {"*.co.uk", "example.co.uk", false},
        {"*.github.io", "someone.github.io", false},
        {"*.example.com", "www.example.com", true},
        {"*.example.co.uk", "www.example.co.uk", true},
    });
}

TEST(NameMatch, A85_LooksPastCaseButNotPastATrailingDotOfTheCertificate) {
    expect_dns({
        {"DB.Example", "db.example", true},
        {"db.example", "DB.EXAMPLE.", true},
        {"*.DB.Example", "a.db.example", true},
        {"db.example.", "db.example", false},
        {"*.db.example.", "a.db.example", false},
        {"xn--bcher-kva.example", "b\u00fccher.example", true},
    });
}

TEST(NameMatch, A86_IsNoSuffixComparison) {
    expect_dns({
        {"db.example", "a.db.example", false},
        {".db.example", "a.db.example", false},
        {"a.db.example", "db.example", false},
        {"db.example", "xdb.example", false},
        {"", "db.example", false},
    });
}

TEST(NameMatch, A88_TakesNoOtherTypeOfNameForAHost) {
    EXPECT_FALSE(names_host(mint().san_uri("db.example").make().certificate(), host("db.example")));
    EXPECT_FALSE(names_host(mint().san_uri("https://db.example/").make().certificate(), host("db.example")));
    EXPECT_FALSE(names_host(mint().san_email("db.example").make().certificate(), host("db.example")));
    // otherName 1.2.3.4 with the UTF8String "db.example"
    const Certificate other =
        mint().extension("2.5.29.17", false, "3015a01306032a0304a00c0c0a64622e6578616d706c65").make().certificate();
    ASSERT_EQ(other.subject_alternative_names().size(), 1U);
    EXPECT_EQ(other.subject_alternative_names().front().type, SanType::kOther);
    EXPECT_FALSE(names_host(other, host("db.example")));
    // A dNSName of the four octets of an address
    EXPECT_FALSE(names_host(mint().san_dns("AAAA").make().certificate(), host("65.65.65.65")));
}

}  // namespace
}  // namespace cotter::x509
