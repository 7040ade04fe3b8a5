// What we sign, by the rules of x509/testing/lint.h; and that each of these rules finds what breaks it.
#include "x509/new_certificate.h"

#include "x509/new_crl.h"
#include "x509/openssl.h"
#include "x509/testing/lint.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kMintNow;
using testing::lint_certificate;
using testing::lint_crl;
using testing::mint;
using testing::Minted;
using testing::MintKey;
using testing::Role;

/// A key; its certificate is of no interest.
Minted key_of(MintKey kind) {
    return mint().leaf("key").key(kind).make();
}

NewCertificate for_client(std::string name, Time from = kMintNow, Time until = kMintNow + std::chrono::days(30)) {
    return {.common_name = name,
            .not_before = from,
            .not_after = until,
            .purposes = {Purpose::kClient},
            .uri = "cotter:" + name};
}

NewCertificate for_authority(std::string name, unsigned path_length) {
    return {.common_name = std::move(name),
            .not_before = kMintNow - std::chrono::days(1),
            .not_after = kMintNow + std::chrono::days(36500),
            .path_length = path_length};
}

struct Made {
    Minted key;
    Certificate certificate;
};

Made root_of(MintKey kind, unsigned path_length = 0) {
    Minted key = key_of(kind);
    auto certificate = self_signed(for_authority("root", path_length), key.key());
    EXPECT_TRUE(certificate) << certificate.error().why;
    return {std::move(key), std::move(*certificate)};
}

class EachKey : public ::testing::TestWithParam<MintKey> {};

TEST_P(EachKey, SignsARootAnIntermediateAndAClientWithoutFindings) {
    const Made root = root_of(GetParam(), 1);
    EXPECT_THAT(lint_certificate(root.certificate.der(), Role::kRoot, root.certificate), IsEmpty());
    EXPECT_TRUE(root.certificate.is_ca());

    const Minted below = key_of(GetParam());
    NewCertificate content = for_authority("below", 0);
    content.purposes = {Purpose::kClient};
    const auto intermediate = signed_by(content, below.certificate().public_key(), root.certificate, root.key.key());
    ASSERT_TRUE(intermediate) << intermediate.error().why;
    EXPECT_THAT(lint_certificate(intermediate->der(), Role::kIntermediate, root.certificate), IsEmpty());

    const Minted leaf = key_of(GetParam());
    const auto client = signed_by(for_client("alice"), leaf.certificate().public_key(), *intermediate, below.key());
    ASSERT_TRUE(client) << client.error().why;
    EXPECT_THAT(lint_certificate(client->der(), Role::kClient, *intermediate), IsEmpty());
    EXPECT_FALSE(client->is_ca());
    EXPECT_EQ(client->subject_alternative_names(), (std::vector<SubjectAltName>{{SanType::kUri, "cotter:alice"}}));

    const std::vector<Certificate> presented{*client, *intermediate};
    const TrustAnchors anchors({root.certificate});
    const auto path =
        validate_path({.presented = &presented, .anchors = &anchors, .purpose = Purpose::kClient, .now = kMintNow});
    ASSERT_TRUE(std::holds_alternative<VerifiedPath>(path));
    EXPECT_EQ(std::get<VerifiedPath>(path).size(), 3U);
}

TEST_P(EachKey, SignsListsWithoutFindings) {
    const Made root = root_of(GetParam());
    using enum RevocationReason;
    const ByteVector one(16, std::byte{0x41});
    const ByteVector other(16, std::byte{0x42});
    const ByteVector third(16, std::byte{0x43});
    for (const auto& revoked :
         {std::vector<RevokedCertificate>{},
          {{one, kMintNow, kUnspecified}},
          {{other, kMintNow, kKeyCompromise}, {one, kMintNow, kUnspecified}, {third, kMintNow, kCertificateHold}}}) {
        SCOPED_TRACE(revoked.size());
        const auto crl = signed_crl({.number = 0xffffffffffffffffU,
                                     .this_update = kMintNow,
                                     .next_update = kMintNow + std::chrono::days(7),
                                     .revoked = revoked},
                                    root.certificate, root.key.key());
        ASSERT_TRUE(crl) << crl.error().why;
        EXPECT_THAT(lint_crl(crl->der(), root.certificate), IsEmpty());
    }
}

INSTANTIATE_TEST_SUITE_P(Keys, EachKey, ::testing::Values(MintKey::kP256, MintKey::kEd25519, MintKey::kRsa3072),
                         [](const auto& kind) { return std::to_string(static_cast<int>(kind.param)); });

TEST(NewCertificate, A212_HasASerialNumberOfItsOwnEachTime) {
    const Made root = root_of(MintKey::kP256);
    const Minted leaf = key_of(MintKey::kP256);
    std::set<ByteVector> seen;
    std::vector<unsigned> ones(128);
    constexpr std::size_t kCount = 200;
    for (std::size_t i = 0; i < kCount; ++i) {
        const auto made =
            signed_by(for_client("alice"), leaf.certificate().public_key(), root.certificate, root.key.key());
        ASSERT_TRUE(made);
        const ByteVector& serial = made->issuer_and_serial().serial;
        ASSERT_EQ(serial.size(), 16U);
        EXPECT_LT(serial.front(), std::byte{0x80});
        seen.insert(serial);
        for (std::size_t bit = 0; bit < 128; ++bit)
            ones.at(bit) += std::to_integer<unsigned>(serial.at(bit / 8) >> (7 - bit % 8)) & 1U;
    }
    EXPECT_EQ(seen.size(), kCount);
    // All but the first two bits are drawn: each is 0 at least once and 1 at least once, but for one chance in 2^191.
    for (std::size_t bit = 2; bit < 128; ++bit) {
        EXPECT_GT(ones.at(bit), 0U) << bit;
        EXPECT_LT(ones.at(bit), kCount) << bit;
    }
}

TEST(NewCertificate, WritesDatesInTheFormOfTheirYear) {
    const Made root = root_of(MintKey::kP256);
    const Minted leaf = key_of(MintKey::kP256);
    const Time last_of_2049 = std::chrono::sys_days{std::chrono::year{2050} / 1 / 1} - std::chrono::seconds(1);
    for (const Time until : {last_of_2049, last_of_2049 + std::chrono::seconds(1)}) {
        const auto made = signed_by(for_client("alice", kMintNow, until), leaf.certificate().public_key(),
                                    root.certificate, root.key.key());
        ASSERT_TRUE(made);
        EXPECT_EQ(made->not_after(), until);
        EXPECT_THAT(lint_certificate(made->der(), Role::kClient, root.certificate), IsEmpty());
    }
}

TEST(NewCertificate, LiesWithinTheDatesOfItsIssuer) {
    const Made root = root_of(MintKey::kP256);
    const Minted leaf = key_of(MintKey::kP256);
    const auto is_made = [&](Time from, Time until) {
        return signed_by(for_client("alice", from, until), leaf.certificate().public_key(), root.certificate,
                         root.key.key())
            .has_value();
    };
    const Time begin = root.certificate.not_before();
    const Time end = root.certificate.not_after();
    EXPECT_TRUE(is_made(begin, end));
    EXPECT_FALSE(is_made(begin - std::chrono::seconds(1), end));
    EXPECT_FALSE(is_made(begin, end + std::chrono::seconds(1)));
}

TEST(NewCertificate, IsSignedByACaAlone) {
    const Minted leaf = mint().leaf("db.example").make();
    EXPECT_FALSE(signed_by(for_client("alice"), leaf.certificate().public_key(), leaf.certificate(), leaf.key()));
}

TEST(NewCertificate, RefusesANameThatNoCertificateCanHave) {
    const Minted key = key_of(MintKey::kP256);
    for (const std::string& name : {std::string(), std::string(65, 'a'), std::string("\xff\xfe")}) {
        NewCertificate content = for_authority(name, 0);
        EXPECT_FALSE(self_signed(content, key.key())) << name;
    }
    EXPECT_TRUE(self_signed(for_authority(std::string(64, 'a'), 0), key.key()));
}

TEST(NewCertificate, A153_TakesNamesAsTheyAreAndNeverAsConfiguration) {
    const Made root = root_of(MintKey::kP256);
    const Minted leaf = key_of(MintKey::kP256);
    for (const std::string& name :
         {std::string("a,DNS:evil.example"), std::string("@section"), std::string("$ENV::HOME"),
          std::string("a,IP:127.0.0.1,critical"), std::string("file:/etc/passwd")}) {
        const auto made =
            signed_by(for_client(name), leaf.certificate().public_key(), root.certificate, root.key.key());
        ASSERT_TRUE(made) << name;
        EXPECT_EQ(common_name_of(*made), name);
        EXPECT_EQ(made->subject_alternative_names(), (std::vector<SubjectAltName>{{SanType::kUri, "cotter:" + name}}));
    }
}

struct Breach {
    std::string finding;
    Minted certificate;
};

TEST(Lint, FindsWhatBreaksARuleOfCertificates) {
    const Minted ca = mint().authority("ca", 0).extension("2.5.29.14", false, "0414" + std::string(40, '1')).make();
    const auto leaf = [&] {
        auto wish = mint();
        wish.common_name("alice").key_usage("digitalSignature").extended_key_usage({"clientAuth"}).is_ca(false);
        wish.san_uri("cotter:alice");
        wish.signed_by(ca);
        return wish;
    };
    const std::vector<Breach> breaches{
        {"version", leaf().version(1).make()},
        {"less than 64 bits", leaf().serial(5).make()},
        {"signature algorithm doesn't suit", leaf().digest("SHA384").make()},
        {"ends before it begins", leaf().valid(kMintNow, kMintNow - std::chrono::seconds(1)).make()},
        {"extensions, and no unique identifiers before: an element is missing", mint().signed_by(ca).make()},
        {"basicConstraints are not CA:FALSE", leaf().is_ca(true).make()},
        {"keyUsage is not digitalSignature alone", leaf().key_usage("digitalSignature,keyAgreement").make()},
        {"551d11 is missing", leaf().no_san().make()},
        {"the name is no URI", leaf().no_san().san_dns("a.example").make()},
        {"more than one name", leaf().san_uri("cotter:bob").make()},
        {"extendedKeyUsage is not clientAuth alone", leaf().extended_key_usage({"clientAuth", "serverAuth"}).make()},
        {"551d25 is missing", leaf().extended_key_usage({}).make()},
        {"subjectKeyIdentifier is not of the key", leaf()
                                                       .extension("2.5.29.35", false, "30168014" + std::string(40, '1'))
                                                       .extension("2.5.29.14", false, "0414" + std::string(40, '2'))
                                                       .make()},
        {"authorityKeyIdentifier is not its issuer's",
         leaf().extension("2.5.29.35", false, "30168014" + std::string(40, '2')).make()},
        {"551d0e is missing", leaf().extension("2.5.29.35", false, "30168014" + std::string(40, '1')).make()},
        {"551d23 is critical", leaf().extension("2.5.29.35", true, "30168014" + std::string(40, '1')).make()},
        {"stands twice", leaf().extension("2.5.29.19", true, "3000").make()},
        {"is not strict DER", leaf().extension("1.2.3", false, "30800000").make()},
        {"64 characters", leaf().common_name(std::string(65, 'a')).make()},
    };
    for (const Breach& breach : breaches) {
        EXPECT_THAT(lint_certificate(breach.certificate.der(), Role::kClient, ca.certificate()),
                    Contains(HasSubstr(breach.finding)));
    }
}

TEST(Lint, FindsWhatBreaksARuleOfLists) {
    const Minted ca = mint().authority("ca", 0).make();
    const Minted other = mint().authority("other", 0).make();
    const auto crl = testing::mint_crl(ca, {});
    EXPECT_THAT(lint_crl(crl.der(), ca.certificate()), Contains(HasSubstr("551d23 is missing")));
    EXPECT_THAT(lint_crl(crl.der(), other.certificate()), Contains(HasSubstr("octet by octet")));
    const auto backwards = testing::mint_crl(ca, {}, kMintNow, kMintNow - std::chrono::hours(1));
    EXPECT_THAT(lint_crl(backwards.der(), ca.certificate()), Contains(HasSubstr("ends before it begins")));
}

TEST(RevocationReason, HasOneWordAndOneNumberEach) {
    for (std::int64_t number = -1; number < 20; ++number) {
        const auto reason = revocation_reason_of(number);
        EXPECT_EQ(reason.has_value(), number >= 0 && number <= 10 && number != 7) << number;
        if (reason) {
            EXPECT_EQ(revocation_reason_of(text_of(*reason)), reason);
        }
    }
    EXPECT_FALSE(revocation_reason_of(""));
    EXPECT_FALSE(revocation_reason_of("KeyCompromise"));
}

}  // namespace
}  // namespace cotter::x509
