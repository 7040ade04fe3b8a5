// What certificates say of how their status can be learnt.
#include "x509/status_extensions.h"

#include "text/encoding.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

using testing::joined;
using testing::mint;
using testing::octets_of;
using testing::tlv;

constexpr der::Tag kUri = der::context(6, false);
const ByteVector kOcspMethod = octets_of({0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01});
const ByteVector kIssuersMethod = octets_of({0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02});

Certificate with(const char* oid, const ByteVector& value) {
    return mint().leaf("db.example").extension(oid, false, text::hex(value)).make().certificate();
}

ByteVector access(const ByteVector& method, std::string_view url) {
    return tlv(der::Tag::kSequence, joined({method, tlv(kUri, url)}));
}

ByteVector point(std::string_view url, const ByteVector& more = {}) {
    return tlv(der::Tag::kSequence,
               joined({tlv(der::context(0, true), tlv(der::context(0, true), tlv(kUri, url))), more}));
}

ByteVector list(const std::vector<ByteVector>& parts) {
    return tlv(der::Tag::kSequence, joined(parts));
}

TEST(StatusExtensions, GiveTheRespondersThatCanBeFetchedFrom) {
    const char* const kOid = "1.3.6.1.5.5.7.1.1";
    using Urls = std::vector<std::string>;
    EXPECT_EQ(ocsp_urls(mint().leaf("db.example").make().certificate()), Urls());
    EXPECT_EQ(
        ocsp_urls(with(
            kOid, list({access(kOcspMethod, "http://a.example/"), access(kIssuersMethod, "http://b.example/ca.crt"),
                        access(kOcspMethod, "HTTPS://c.example"), access(kOcspMethod, "ldap://d.example"),
                        access(kOcspMethod, "http://e.example/a b")}))),
        (Urls{"http://a.example/", "HTTPS://c.example"}));
    EXPECT_EQ(ocsp_urls(with(kOid, octets_of({0x05, 0x00}))), Urls());
    EXPECT_EQ(ocsp_urls(with(kOid, list(std::vector<ByteVector>(9, access(kOcspMethod, "http://a.example/"))))).size(),
              4U);
}

TEST(StatusExtensions, GiveTheCrlsOfTheCertificatesOwnIssuerForAllReasons) {
    const char* const kOid = "2.5.29.31";
    const ByteVector reasons = tlv(der::context(1, false), octets_of({0x06, 0x40}));
    const ByteVector other_issuer = tlv(der::context(2, true), tlv(der::context(2, false), "ca.example"));
    EXPECT_EQ(crl_urls(with(kOid, list({point("http://a.example/1.crl"), point("http://b.example/2.crl", reasons),
                                        point("http://c.example/3.crl", other_issuer), point("file:///etc/passwd")}))),
              std::vector<std::string>{"http://a.example/1.crl"});
    EXPECT_TRUE(crl_urls(with(kOid, octets_of({0x30, 0x02, 0x05, 0x00}))).empty());
}

TEST(StatusExtensions, CountEmbeddedTimestampsAndTellAListThatIsBroken) {
    const auto counted = [](std::initializer_list<unsigned> octets) {
        return embedded_timestamps(with("1.3.6.1.4.1.11129.2.4.2", tlv(der::Tag::kOctetString, octets_of(octets))));
    };
    EXPECT_EQ(embedded_timestamps(mint().leaf("db.example").make().certificate()), 0U);
    EXPECT_EQ(counted({0, 3, 0, 1, 9}), 1U);
    EXPECT_EQ(counted({0, 7, 0, 1, 9, 0, 2, 9, 9}), 2U);
    EXPECT_EQ(counted({0, 3, 0, 2, 9}), std::nullopt) << "an SCT longer than the list";
    EXPECT_EQ(counted({0, 2, 0, 1, 9}), std::nullopt) << "octets after the list";
    EXPECT_EQ(counted({0, 0}), std::nullopt) << "an empty list";
    EXPECT_EQ(counted({0, 2, 0, 0}), std::nullopt) << "an empty SCT";
    EXPECT_EQ(counted({0}), std::nullopt);
    EXPECT_EQ(embedded_timestamps(with("1.3.6.1.4.1.11129.2.4.2", octets_of({0x05, 0x00}))), std::nullopt);
}

}  // namespace
}  // namespace cotter::x509
