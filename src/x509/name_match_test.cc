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

TEST(NameMatch, A87_ComparesALabelsAlone) {
    expect_dns({
        {"xn--bcher-kva.example", "b\u00fccher.example", true},
        {"xn--bcher-kva.example", "B\u00dcCHER.example", true},
        {"xn--bcher-kva.example", "bu\u0308cher.example", true},  // u and a combining diaeresis: the same after NFC
        {"XN--BCHER-KVA.example", "b\u00fccher.example", true},
        {"b\u00fccher.example", "b\u00fccher.example", false},  // a U-label in a certificate is no name
        {"b\u00fccher.example", "xn--bcher-kva.example", false},
        {"*.b\u00fccher.example", "a.b\u00fccher.example", false},
        {"p\u0430ypal.example", "paypal.example", false},  // a Cyrillic letter that looks like an a
        {"paypal.example", "p\u0430ypal.example", false},
        {"xn--pypal-4ve.example", "p\u0430ypal.example", true},
        {"xn--pypal-4ve.example", "paypal.example", false},
        {"bucher.example", "b\u00fccher.example", false},
        {"db.example", "db\u3002example", true},  // an ideographic full stop parts labels (UTS 46)
    });
}

TEST(NameMatch, A87_ShowsALabelsAndNoLetterBeyondAscii) {
    EXPECT_EQ(host("b\u00fccher.example").to_string(), "xn--bcher-kva.example");
    EXPECT_EQ(host("p\u0430ypal.example").to_string(), "xn--pypal-4ve.example");
    const auto shown = [](const SubjectAltName& name) { return name.to_string(); };
    EXPECT_EQ(shown({SanType::kDns, "p\u0430ypal.example"}), "DNS:p\\xd0\\xb0ypal.example");
    EXPECT_EQ(shown({SanType::kUri, "https://\u0430.example"}), "URI:https://\\xd0\\xb0.example");
    EXPECT_EQ(shown({SanType::kEmail, "\u0430@a.example"}), "EMAIL:\\xd0\\xb0@a.example");
    EXPECT_EQ(shown({SanType::kDns, "a\\b\x1b"}), "DNS:a\\\\b\\x1b");
    EXPECT_EQ(shown({SanType::kDns, "xn--pypal-4ve.example"}), "DNS:xn--pypal-4ve.example");
}

TEST(NameMatch, A89_TakesANameWholeWhateverItLooksLike) {
    for (const char* joined : {"a.example, DNS:db.example", "a.example,db.example", "a.example DNS:db.example",
                               "a.example\",\"db.example", "DNS:db.example", "a.example/db.example"}) {
        const Certificate certificate = mint().san_dns(joined).make().certificate();
        ASSERT_EQ(certificate.subject_alternative_names().size(), 1U) << joined;
        EXPECT_FALSE(names_host(certificate, host("db.example"))) << joined;
    }
}

TEST(NameMatch, A91_FindsOneNameAmongVeryMany) {
    testing::Mint many = mint();
    constexpr int kMany = 20'000;
    for (int i = 0; i < kMany; ++i) many.san_dns("*.n" + std::to_string(i) + ".example");
    const Certificate certificate = many.san_dns("db.example").make().certificate();
    EXPECT_TRUE(names_host(certificate, host("db.example")));
    EXPECT_TRUE(names_host(certificate, host("a.n19999.example")));
    EXPECT_FALSE(names_host(certificate, host("a.n20000.example")));
}

TEST(NameMatch, A91_ShowsNoMoreOfANameThanAnHonestOneHas) {
    constexpr std::size_t kMost = 4 * 255 + 16;
    for (const SanType type : {SanType::kDns, SanType::kEmail}) {
        for (const char octet : {'a', '\xff'}) {
            const SubjectAltName name{type, std::string(100'000, octet)};
            EXPECT_LE(name.to_string().size(), kMost);
            EXPECT_TRUE(name.to_string().ends_with("…"));
            EXPECT_FALSE(name.is_told_whole());
        }
    }
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
