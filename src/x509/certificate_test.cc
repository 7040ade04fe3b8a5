// Certificates: what is read, what is refused, and which pins come out. Minted ones are changed byte by byte.
#include "x509/certificate.h"

#include "text/encoding.h"
#include "x509/pem.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <malloc.h>

#include <openssl/ec.h>

namespace cotter::x509 {
namespace {

using der::Tag;
using testing::DerParts;
using testing::joined;
using testing::mint;
using testing::Minted;
using testing::octets_of;
using testing::tlv;

// Computed by OpenSSL 3 for a P-256 certificate of example.test, with the pins that OpenSSL and GnuTLS print for it.
constexpr std::string_view kGolden = R"(-----BEGIN CERTIFICATE-----
MIIBmzCCAUKgAwIBAgIUapek+RuDG8GgS3dDg31MpiswX3IwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MB4XDTI2MTEyNDEwMzAzNFoXDTM2MTEy
MTEwMzAzNFowFzEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/Y2IAOBnfOpAZyp
bj759rQi8aPGGxtV376ttpzePdDzVUyzWoYPmKNsMGowHQYDVR0OBBYEFNAIepBR
hIXEKzamzeEnqWI1fEmeMB8GA1UdIwQYMBaAFNAIepBRhIXEKzamzeEnqWI1fEme
MA8GA1UdEwEB/wQFMAMBAf8wFwYDVR0RBBAwDoIMZXhhbXBsZS50ZXN0MAoGCCqG
SM49BAMCA0cAMEQCIH+OilCg8+tivx1tXo1HYbiB81/IKfGm1t84dinpuHReAiB1
wn93qfJPZxqcYbbltGx6AZMk/COKOkLLngomQqlLnw==
-----END CERTIFICATE-----
)";

Certificate golden() {
    return certificates_from(as_bytes(kGolden), "golden").value().front();
}

/// A good version 3 certificate to change.
const ByteVector& good() {
    static const ByteVector kDer = mint().leaf("db.example").make().der();
    return kDer;
}

ByteVector changed(testing::Part part, ByteVector by) {
    DerParts parts = DerParts::of(good());
    parts.signed_part.at(part) = std::move(by);
    return parts.der();
}

ByteVector validity(Tag tag, std::string_view from, std::string_view until) {
    return tlv(Tag::kSequence, joined({tlv(tag, from), tlv(tag, until)}));
}

/// Whether it is refused; the reason is shown if it is not.
::testing::AssertionResult is_refused(const ByteVector& der) {
    const auto certificate = Certificate::parse(der);
    if (certificate) return ::testing::AssertionFailure() << "accepted";
    if (certificate.error().why.empty()) return ::testing::AssertionFailure() << "refused without a reason";
    return ::testing::AssertionSuccess() << certificate.error().why;
}

TEST(Certificate, ReadsTheGoldenVectorAndGivesItsNinePins) {
    const Certificate certificate = golden();
    EXPECT_EQ(certificate.subject_text(), "CN=example.test");
    EXPECT_EQ(certificate.issuer_text(), "CN=example.test");
    EXPECT_EQ(certificate.serial_text(), "6a97a4f91b831bc1a04b7743837d4ca62b305f72");
    EXPECT_EQ(certificate.version(), 3);
    EXPECT_TRUE(certificate.is_ca());
    EXPECT_TRUE(certificate.is_self_issued());
    EXPECT_EQ(certificate.public_key().description(), "EC P-256");
    ASSERT_EQ(certificate.subject_alternative_names().size(), 1U);
    EXPECT_EQ(certificate.subject_alternative_names().front().to_string(), "DNS:example.test");

    EXPECT_EQ(certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string(),
              "sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=");
    EXPECT_EQ(text::hex(certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512)->octets()),
              "c73313cc191ef782de559ad9eaf01c104c8284399414709f55e014058af96d6b"
              "07da66d15369ae3b6bdbb46cadd517cb2c018c80b2d2b2a3a15ee5bc2c75f399");
    EXPECT_EQ(text::base64(certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kDer)->octets()),
              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/Y2IAOBnfOpAZypbj759rQi8aPGGxtV376t"
              "tpzePdDzVUyzWoYPmA==");
    EXPECT_EQ(text::hex(certificate.pin(PinTarget::kCertificate, PinForm::kSha256)->octets()),
              "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db");
    EXPECT_EQ(text::base64(certificate.pin(PinTarget::kKey, PinForm::kSha256)->octets()),
              "IuM5W6mP1PSt7BZEbSDpjiLHoZ/tvc8pGs7j4cXOxCU=");
    for (const PinTarget target : {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey}) {
        for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer}) {
            const auto pin = certificate.pin(target, form);
            ASSERT_TRUE(pin);
            EXPECT_TRUE(certificate.matches(*pin)) << pin->to_string();
            EXPECT_FALSE(Certificate::parse(good())->matches(*pin)) << pin->to_string();
        }
    }
}

TEST(Certificate, MatchesNoPinOfAnotherTargetWithTheSameDigest) {
    const Certificate certificate = golden();
    const auto digest = certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    for (const PinTarget other : {PinTarget::kCertificate, PinTarget::kKey}) {
        const auto pin = Pin::from_octets(other, PinForm::kSha256, digest->octets());
        ASSERT_TRUE(pin);
        EXPECT_FALSE(certificate.matches(*pin));
    }
}

TEST(Certificate, A70_RefusesWhatIsNotStrictDer) {
    const DerParts parts = DerParts::of(good());
    const Bytes content = Bytes(good()).subspan(4);  // after 30 82 xx xx
    ASSERT_EQ(good().at(1), std::byte{0x82});

    ByteVector trailing = good();
    trailing.push_back(std::byte{0});
    ByteVector long_length = octets_of({0x30, 0x83, 0x00});
    long_length.insert(long_length.end(), good().begin() + 2, good().end());
    ByteVector indefinite = octets_of({0x30, 0x80});
    indefinite.insert(indefinite.end(), content.begin(), content.end());
    indefinite.insert(indefinite.end(), 2, std::byte{0});
    ByteVector truncated = good();
    truncated.pop_back();
    ByteVector constructed_bits =
        joined({octets_of({0x23}), ByteVector(parts.signature.begin() + 1, parts.signature.end())});
    DerParts with_constructed = parts;
    with_constructed.signature = constructed_bits;

    const struct {
        const char* what;
        ByteVector der;
    } kCases[] = {
        {"a byte after the end", trailing},
        {"a length with a leading zero", long_length},
        {"an indefinite length", indefinite},
        {"cut short", truncated},
        {"a constructed BIT STRING", with_constructed.der()},
        {"a padded serial number", changed(testing::kSerial, tlv(Tag::kInteger, octets_of({0x00, 0x01})))},
        {"nothing", {}},
    };
    for (const auto& one : kCases) EXPECT_TRUE(is_refused(one.der)) << one.what;
    EXPECT_TRUE(Certificate::parse(parts.der()));
}

TEST(Certificate, A71_KeepsIssuerSerialAndKeyWhenTheSignatureIsReflected) {
    // (r, n - s) is as good a signature as (r, s): a second certificate, which nobody issued.
    const Minted authority = mint().authority("ca");
    const Minted leaf = mint().leaf("db.example").signed_by(authority);
    DerParts parts = DerParts::of(leaf.der());
    const auto bits = der::read_single(parts.signature, Tag::kBitString);
    ASSERT_TRUE(bits);
    const Bytes signature = bits->content.subspan(1);
    const unsigned char* at = octets(signature);
    const std::unique_ptr<ECDSA_SIG, FreeBy<ECDSA_SIG_free>> decoded(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
    ASSERT_TRUE(decoded);
    const std::unique_ptr<EC_GROUP, FreeBy<EC_GROUP_free>> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    BIGNUM* const reflected = BN_new();
    ASSERT_EQ(BN_sub(reflected, EC_GROUP_get0_order(group.get()), ECDSA_SIG_get0_s(decoded.get())), 1);
    ASSERT_EQ(ECDSA_SIG_set0(decoded.get(), BN_dup(ECDSA_SIG_get0_r(decoded.get())), reflected), 1);
    ByteVector other(static_cast<std::size_t>(i2d_ECDSA_SIG(decoded.get(), nullptr)));
    unsigned char* out = octets(std::span<std::byte>(other));
    i2d_ECDSA_SIG(decoded.get(), &out);
    parts.signature = tlv(Tag::kBitString, joined({octets_of({0}), other}));

    const Certificate original = leaf.certificate();
    const auto twin = Certificate::parse(parts.der());
    ASSERT_TRUE(twin);
    EXPECT_FALSE(twin->pin(PinTarget::kCertificate, PinForm::kSha256) ==
                 original.pin(PinTarget::kCertificate, PinForm::kSha256));
    const std::vector<Certificate> presented{*twin};
    const TrustAnchors anchors({authority.certificate()});
    EXPECT_TRUE(std::holds_alternative<VerifiedPath>(
        validate_path({&presented, &anchors, Purpose::kServer, testing::kMintNow})));
    EXPECT_EQ(twin->issuer_and_serial(), original.issuer_and_serial());
    EXPECT_EQ(twin->public_key().canonical(), original.public_key().canonical());
}

TEST(Certificate, A72_RefusesAlgorithmsThatDifferAndSignaturesWithUnusedBits) {
    const DerParts parts = DerParts::of(good());
    DerParts other_algorithm = parts;
    other_algorithm.algorithm =
        tlv(Tag::kSequence, octets_of({0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03}));
    DerParts other_parameters = parts;
    other_parameters.algorithm =
        tlv(Tag::kSequence, octets_of({0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x05, 0x00}));
    DerParts unused_bits = parts;
    unused_bits.signature = tlv(Tag::kBitString, octets_of({1, 0x30, 0x02}));
    DerParts no_octets = parts;
    no_octets.signature = tlv(Tag::kBitString, ByteVector());
    EXPECT_TRUE(is_refused(other_algorithm.der()));
    EXPECT_TRUE(is_refused(other_parameters.der()));
    EXPECT_TRUE(is_refused(unused_bits.der()));
    EXPECT_TRUE(is_refused(no_octets.der()));
}

TEST(Certificate, A81_RefusesControlBytesInAlternativeNames) {
    using namespace std::string_literals;
    for (const std::string& name : {"good.example\0.evil.example"s, "a\nb.example"s, "a\x7f.example"s, "\x1b[2J"s}) {
        EXPECT_TRUE(is_refused(mint().san_dns(name).make().der())) << name;
        EXPECT_TRUE(is_refused(mint().san_uri(name).make().der())) << name;
        EXPECT_TRUE(is_refused(mint().san_email(name).make().der())) << name;
    }
}

TEST(Certificate, EscapesWhatACommonNameCarries) {
    const Certificate certificate = mint().common_name("a\x1b[31m\nb").make().certificate();
    EXPECT_EQ(certificate.subject_text().find('\x1b'), std::string::npos);
    EXPECT_EQ(certificate.subject_text().find('\n'), std::string::npos);
    EXPECT_EQ(certificate.issuer_text(), certificate.subject_text());
}

TEST(Certificate, A94_RefusesAnExtensionThatIsThereTwice) {
    EXPECT_TRUE(
        is_refused(mint().extension("1.2.3.4", false, "0500").extension("1.2.3.4", false, "0500").make().der()));
    EXPECT_TRUE(Certificate::parse(mint().extension("1.2.3.4", false, "0500").make().der()));
}

TEST(Certificate, A99_RefusesSerialsVersionsAndShapesThatDoNotExist) {
    const DerParts parts = DerParts::of(good());
    DerParts extensions_in_version_1 = parts;
    extensions_in_version_1.signed_part.erase(extensions_in_version_1.signed_part.begin());
    DerParts unique_id_in_version_1 = DerParts::of(mint().version(1).make().der());
    unique_id_in_version_1.signed_part.push_back(tlv(der::context(1, false), octets_of({0, 1})));
    DerParts extensions_twice = parts;
    extensions_twice.signed_part.push_back(parts.signed_part.at(testing::kExtensions));
    const struct {
        const char* what;
        ByteVector der;
    } kCases[] = {
        {"serial 0", mint().serial(0).make().der()},
        {"serial -1", mint().serial(-1).make().der()},
        {"serial -300", mint().serial(-300).make().der()},
        {"a serial of 21 bytes", changed(testing::kSerial, tlv(Tag::kInteger, ByteVector(21, std::byte{1})))},
        {"a serial without bytes", changed(testing::kSerial, tlv(Tag::kInteger, ByteVector()))},
        {"version 4", changed(testing::kVersion, tlv(der::context(0, true), octets_of({2, 1, 3})))},
        {"version 1, written out", changed(testing::kVersion, tlv(der::context(0, true), octets_of({2, 1, 0})))},
        {"extensions in version 2", changed(testing::kVersion, tlv(der::context(0, true), octets_of({2, 1, 1})))},
        {"extensions in version 1", extensions_in_version_1.der()},
        {"extensions twice", extensions_twice.der()},
        {"no extension in the list",
         changed(testing::kExtensions, tlv(der::context(3, true), tlv(Tag::kSequence, ByteVector())))},
        {"a unique identifier in version 1", unique_id_in_version_1.der()},
        {"basic constraints with more behind", mint()
                                                   .extension("2.5.29.19", true,
                                                              "30060101ff020100"
                                                              "0500")
                                                   .make()
                                                   .der()},
        {"basic constraints with a third member",
         mint().extension("2.5.29.19", true, "30080101ff0201000500").make().der()},
        {"a negative path length", mint().extension("2.5.29.19", true, "30060101ff0201ff").make().der()},
        {"CA:false written out", mint().extension("2.5.29.19", true, "3003010100").make().der()},
        {"a key of nothing", changed(testing::kKey, tlv(Tag::kSequence, ByteVector()))},
        {"a validity of nothing", changed(testing::kValidity, tlv(Tag::kSequence, ByteVector()))},
    };
    for (const auto& one : kCases) EXPECT_TRUE(is_refused(one.der)) << one.what;
    EXPECT_TRUE(Certificate::parse(changed(testing::kSerial, tlv(Tag::kInteger, ByteVector(20, std::byte{1})))));
    EXPECT_EQ(mint().version(1).make().certificate().version(), 1);
}

TEST(Certificate, A121_ReadsTimesInTheZFormOnly) {
    const struct {
        const char* what;
        Tag tag;
        const char* from;
        const char* until;
    } kRefused[] = {
        {"an offset", Tag::kUtcTime, "2501010000+0100", "300101000000Z"},
        {"no seconds", Tag::kUtcTime, "2501010000Z", "300101000000Z"},
        {"no Z", Tag::kUtcTime, "250101000000", "300101000000Z"},
        {"second 60", Tag::kUtcTime, "250101000060Z", "300101000000Z"},
        {"hour 24", Tag::kUtcTime, "250101240000Z", "300101000000Z"},
        {"30 February", Tag::kUtcTime, "250230000000Z", "300101000000Z"},
        {"month 13", Tag::kUtcTime, "251301000000Z", "300101000000Z"},
        {"a letter", Tag::kUtcTime, "25010100000xZ", "300101000000Z"},
        {"a fraction", Tag::kGeneralizedTime, "20500101000000.5Z", "20600101000000Z"},
        {"a year that UTCTime has", Tag::kGeneralizedTime, "20250101000000Z", "20600101000000Z"},
        {"another type", Tag::kPrintableString, "250101000000Z", "300101000000Z"},
    };
    for (const auto& one : kRefused) {
        EXPECT_TRUE(is_refused(changed(testing::kValidity, validity(one.tag, one.from, one.until)))) << one.what;
    }
    using namespace std::chrono;
    const auto pivot =
        Certificate::parse(changed(testing::kValidity, validity(Tag::kUtcTime, "500101000000Z", "491231235959Z")));
    ASSERT_TRUE(pivot);
    EXPECT_EQ(pivot->not_before(), sys_days{year{1950} / 1 / 1});
    EXPECT_EQ(pivot->not_after(), sys_days{year{2050} / 1 / 1} - seconds(1));
    const auto last = Certificate::parse(
        changed(testing::kValidity, validity(Tag::kGeneralizedTime, "20500101000000Z", "99991231235959Z")));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->not_after(), sys_days{year{10000} / 1 / 1} - seconds(1));
}

TEST(Certificate, A97_CallsPssSignaturesWeakUnlessTheyNameSha2) {
    const ByteVector pss = octets_of({0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a});
    const auto with_hash = [](unsigned last) {
        const ByteVector name = octets_of({0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last});
        return tlv(Tag::kSequence, tlv(der::context(0, true), tlv(Tag::kSequence, name)));
    };
    const struct {
        const char* what;
        ByteVector parameters;
        bool is_weak;
    } kCases[] = {
        {"SHA-256", with_hash(1), false},
        {"SHA-384", with_hash(2), false},
        {"SHA-224", with_hash(4), true},
        {"defaults, which are SHA-1", tlv(Tag::kSequence, ByteVector()), true},
        {"none", ByteVector(), true},
        {"a salt length alone", tlv(Tag::kSequence, tlv(der::context(2, true), octets_of({2, 1, 32}))), true},
    };
    for (const auto& one : kCases) {
        DerParts parts = DerParts::of(good());
        parts.algorithm = tlv(Tag::kSequence, joined({pss, one.parameters}));
        parts.signed_part.at(testing::kAlgorithm) = parts.algorithm;
        const auto certificate = Certificate::parse(parts.der());
        ASSERT_TRUE(certificate) << one.what;
        EXPECT_EQ(certificate->signature_weakness().has_value(), one.is_weak) << one.what;
    }
}

TEST(Certificate, A168_DecodingLeavesNothingBehind) {
    const ByteVector der = mint().leaf("db.example").make().der();
    ASSERT_TRUE(Certificate::parse(der));  // what is made once and kept
    const std::size_t before = ::mallinfo2().uordblks;
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(Certificate::parse(der));
    EXPECT_LT(::mallinfo2().uordblks, before + 64 * 1024) << "a certificate leaves more than 32 octets";
}

}  // namespace
}  // namespace cotter::x509
