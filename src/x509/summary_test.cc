// What an object is said to be, and that whatever is wrong with it is among its problems.
#include "x509/summary.h"

#include "x509/pem.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kMintNow;
using testing::mint;
using testing::Minted;
using testing::MintKey;

Summary summary(std::string label, const ByteVector& der, Time now = kMintNow) {
    auto result = summary_of(PemBlock(std::move(label), 1, der), now);
    return result ? std::move(*result) : Summary{};
}

Summary summary(const Minted& minted, Time now = kMintNow) {
    return summary("CERTIFICATE", minted.der(), now);
}

std::string fact(const Summary& summary, std::string_view name) {
    for (const auto& [key, value] : summary.facts) {
        if (key == name) return value;
    }
    return "";
}

const ExtensionSummary& extension(const Summary& summary, std::string_view oid) {
    static const ExtensionSummary kNone;
    for (const ExtensionSummary& one : summary.extensions) {
        if (one.oid == oid) return one;
    }
    return kNone;
}

TEST(Summary, TellsACertificateInTheFieldsWords) {
    const Minted ca = mint().authority("a ca", 0);
    const Summary leaf = summary(Minted(mint().leaf("a.example").san_ip("192.0.2.1").serial(0x1234).signed_by(ca)));
    EXPECT_EQ(leaf.kind, "certificate");
    EXPECT_EQ(fact(leaf, "version"), "3");
    EXPECT_EQ(fact(leaf, "serial"), "1234");
    EXPECT_EQ(fact(leaf, "signature_algorithm"), "ecdsa-with-SHA256");
    EXPECT_EQ(fact(leaf, "issuer"), "CN=a ca");
    EXPECT_EQ(fact(leaf, "subject"), "CN=a.example");
    EXPECT_EQ(fact(leaf, "key"), "EC P-256");
    EXPECT_EQ(fact(leaf, "is_ca"), "false");
    EXPECT_EQ(leaf.names, (std::vector<std::string>{"DNS:a.example", "IP:192.0.2.1"}));
    EXPECT_THAT(leaf.problems, IsEmpty());
    EXPECT_EQ(extension(leaf, "2.5.29.37").values,
              (std::vector<std::string>{"TLS Web Server Authentication, TLS Web Client Authentication"}));
    const Summary authority = summary(ca);
    EXPECT_EQ(extension(authority, "2.5.29.19").values, (std::vector<std::string>{"CA:TRUE, pathlen:0"}));
    EXPECT_TRUE(extension(authority, "2.5.29.19").is_critical);
    EXPECT_EQ(extension(authority, "2.5.29.15").values, (std::vector<std::string>{"Certificate Sign, CRL Sign"}));
    EXPECT_THAT(authority.problems, IsEmpty());
}

TEST(Summary, CountsSignedCertificateTimestamps) {
    constexpr struct {
        const char* hex;  ///< OCTET STRING of the list
        const char* value;
    } kRows[] = {{"0409 0007 0002 aaaa 0001 bb", "2 timestamps"},
                 {"0406 0004 0002 aaaa", "1 timestamp"},
                 {"0402 0000", "0 timestamps"},
                 {"0406 0004 0003 aaaa", "040600040003aaaa"},
                 {"0406 0005 0002 aaaa", "040600050002aaaa"}};
    for (const auto& row : kRows) {
        std::string hex = row.hex;
        std::erase(hex, ' ');
        const Summary one = summary(Minted(mint().leaf("a.example").extension("1.3.6.1.4.1.11129.2.4.2", false, hex)));
        EXPECT_EQ(extension(one, "1.3.6.1.4.1.11129.2.4.2").values, (std::vector<std::string>{row.value})) << row.hex;
    }
}

TEST(Summary, TellsUnknownExtensionsInHex) {
    const Summary one = summary(Minted(mint().leaf("a.example").extension("1.2.3.4.5", true, "0500")));
    EXPECT_EQ(extension(one, "1.2.3.4.5").name, "");
    EXPECT_EQ(extension(one, "1.2.3.4.5").values, (std::vector<std::string>{"0500"}));
}

TEST(Summary, NamesWhatIsWrong) {
    const Minted ca = mint().authority("ca");
    const Minted good = mint().leaf("a.example").signed_by(ca);
    testing::DerParts negative = testing::DerParts::of(good.der());
    negative.signed_part[testing::kSerial] = testing::octets_of({0x02, 0x01, 0x80});
    const struct {
        const char* what;
        Summary summary;
        const char* problem;
    } kRows[] = {
        {"expired", summary(Minted(mint().leaf("a.example").expired())), "it has expired"},
        {"not yet valid", summary(Minted(mint().leaf("a.example").not_yet_valid())), "not valid yet"},
        {"no name", summary(Minted(mint().leaf("a.example").no_san())), "no subject alternative name"},
        {"a weak key", summary(Minted(mint().leaf("a.example").key(MintKey::kRsa1024))), "1024 bits"},
        {"a weak signature", summary(Minted(mint().leaf("a.example").signed_by(ca).digest("SHA1"))), "SHA-1"},
        {"a compressed point", summary(Minted(mint().leaf("a.example").key(MintKey::kP256Compressed))), "unusual way"},
        {"explicit parameters", summary(Minted(mint().leaf("a.example").key(MintKey::kP256Explicit))),
         "explicit parameters"},
        {"a negative serial", summary("CERTIFICATE", negative.der()), "cotter refuses it"},
        {"version 1", summary(Minted(mint().authority("old").version(1).no_san())), "version 1"},
        {"a name of two lines",
         summary(Minted(mint().leaf("a.example").extension("2.5.29.31", false, "300f300da00ba0098607613a0a622e6563"))),
         "control character"},
        {"no certificate at all", summary("CERTIFICATE", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no key at all", summary("PUBLIC KEY", testing::octets_of({0x30, 0x00})), "refused"},
        {"no private key at all", summary("PRIVATE KEY", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no CRL at all", summary("X509 CRL", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no request at all", summary("CERTIFICATE REQUEST", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no OCSP response at all", summary("OCSP RESPONSE", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no PKCS#7 at all", summary("PKCS7", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no PKCS#12 at all", summary("PKCS12", testing::octets_of({0x30, 0x00})), "can't be read"},
        {"no encrypted key at all", summary("ENCRYPTED PRIVATE KEY", testing::octets_of({0x30, 0x00})),
         "can't be read"},
    };
    for (const auto& row : kRows) EXPECT_THAT(row.summary.problems, Contains(HasSubstr(row.problem))) << row.what;
}

TEST(Summary, TellsCrlsAndKeys) {
    const Minted ca = mint().authority("ca");
    const Minted leaf = mint().leaf("a.example").signed_by(ca);
    const std::string pem =
        testing::mint_crl_pem(ca, {leaf.certificate()}, kMintNow, kMintNow + std::chrono::hours(24));
    const auto blocks = pem_blocks(as_bytes(pem), "test");
    ASSERT_TRUE(blocks);
    const Summary list = summary("X509 CRL", blocks->front().der);
    EXPECT_EQ(fact(list, "issuer"), "CN=ca");
    EXPECT_EQ(fact(list, "revoked"), "1");
    EXPECT_EQ(fact(list, "this_update"), "2026-11-24T00:00:00Z");
    EXPECT_THAT(list.problems, IsEmpty());
    EXPECT_THAT(summary("X509 CRL", blocks->front().der, kMintNow + std::chrono::hours(25)).problems,
                Contains(HasSubstr("expired")));
    const PublicKey leaf_key = leaf.certificate().public_key();
    const Bytes spki = leaf_key.subject_public_key_info();
    const Summary key = summary("PUBLIC KEY", ByteVector(spki.begin(), spki.end()));
    EXPECT_EQ(fact(key, "key"), "EC P-256");
    EXPECT_FALSE(summary_of(PemBlock("THING", 1, testing::octets_of({0x05, 0x00})), kMintNow));
}

TEST(Summary, KnowsTheNamesOfObjectIdentifiers) {
    EXPECT_EQ(oid_name(testing::octets_of({0x55, 0x04, 0x03})), "commonName");
    EXPECT_EQ(oid_name(testing::octets_of({0x2a, 0x03, 0x04})), "");
    EXPECT_EQ(oid_name({}), "");
    EXPECT_EQ(oid_name(ByteVector(100'000, std::byte{0x81})), "");
}

}  // namespace
}  // namespace cotter::x509
