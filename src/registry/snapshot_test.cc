// What the list says of a leaf: admission by exact octets, denial by the key itself.
#include "registry/snapshot.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cotter::registry {
namespace {

using trust::Standing;
using trust::StandingState;
using x509::Certificate;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

using BigNumberPtr = std::unique_ptr<BIGNUM, x509::FreeBy<BN_free>>;
using EcdsaSignaturePtr = std::unique_ptr<ECDSA_SIG, x509::FreeBy<ECDSA_SIG_free>>;
using EcGroupPtr = std::unique_ptr<EC_GROUP, x509::FreeBy<EC_GROUP_free>>;
using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, x509::FreeBy<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, x509::FreeBy<OSSL_PARAM_free>>;

constexpr std::chrono::seconds kSecond{1};

Pin pin_of(const Certificate& certificate, PinTarget target = PinTarget::kSubjectPublicKeyInfo,
           PinForm form = PinForm::kSha256) {
    return certificate.pin(target, form).value();
}

/// A key of which everything is known.
ClientKey whole(const Certificate& certificate) {
    return {pin_of(certificate), certificate.public_key().canonical(), certificate.issuer_and_serial(), kMintNow};
}

/// A key of which no more than a pin is known.
ClientKey bare(Pin pin) {
    return {std::move(pin), std::nullopt, std::nullopt, kMintNow};
}

Client client(std::string_view name, std::vector<ClientKey> keys, ClientState state = ClientState::kActive) {
    return {.name = ClientName::parse(name).value(),
            .state = state,
            .state_reason = state == ClientState::kActive ? "" : "laptop stolen",
            .state_since = kMintNow,
            .state_actor = "owner@host",
            .expires = std::nullopt,
            .note = "",
            .added = kMintNow,
            .keys = std::move(keys)};
}

SnapshotRows rows(std::vector<Client> clients) {
    SnapshotRows rows;
    rows.version = 7;
    rows.clients = std::move(clients);
    return rows;
}

Standing standing(SnapshotRows given, const Certificate& leaf, Time now = kMintNow) {
    return Snapshot(std::move(given)).standing_of(leaf, now);
}

Certificate leaf(MintKey kind = MintKey::kP256) {
    return mint().key(kind).leaf("web.example").make().certificate();
}

/// The same key in two encodings: a certificate with the compressed point, and one with the whole of it.
struct TwoEncodings {
    Certificate compressed;
    Certificate uncompressed;
};

TwoEncodings two_encodings() {
    const Minted compressed = mint().key(MintKey::kP256Compressed).leaf("web.example").make();
    std::shared_ptr<EVP_PKEY> other(EVP_PKEY_dup(compressed.key()), EVP_PKEY_free);
    EXPECT_EQ(EVP_PKEY_set_utf8_string_param(other.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed"),
              1);
    return {compressed.certificate(), mint().reuse_key(std::move(other)).leaf("web.example").make().certificate()};
}

/// A public RSA key of the same modulus with another exponent.
std::shared_ptr<EVP_PKEY> with_exponent(EVP_PKEY* key, unsigned long exponent) {
    BIGNUM* n = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    const BigNumberPtr modulus(n);
    const BigNumberPtr e(BN_new());
    BN_set_word(e.get(), exponent);
    const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
    const x509::EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* made = nullptr;
    EXPECT_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()), 1);
    return {made, EVP_PKEY_free};
}

/// The same certificate with its ECDSA signature (r, s) written as (r, n - s): it verifies, anybody can make it, and no
/// digest of it is the same.
Certificate with_other_signature(const Certificate& certificate) {
    const unsigned char* der = x509::octets(certificate.der());
    const x509::X509Ptr parsed(d2i_X509(nullptr, &der, static_cast<long>(certificate.der().size())));
    const ASN1_BIT_STRING* bits = nullptr;
    X509_get0_signature(&bits, nullptr, parsed.get());
    const unsigned char* at = ASN1_STRING_get0_data(bits);
    const EcdsaSignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, ASN1_STRING_length(bits)));
    const EcGroupPtr group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    const BigNumberPtr other(BN_new());
    BN_sub(other.get(), EC_GROUP_get0_order(group.get()), ECDSA_SIG_get0_s(signature.get()));
    ECDSA_SIG_set0(signature.get(), BN_dup(ECDSA_SIG_get0_r(signature.get())), BN_dup(other.get()));
    unsigned char* written = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &written);
    ASN1_STRING_set0(const_cast<ASN1_BIT_STRING*>(bits), written, size);
    ByteVector rewritten(static_cast<std::size_t>(i2d_X509(parsed.get(), nullptr)));
    const std::span<std::byte> out(rewritten);
    unsigned char* next = x509::octets(out);
    i2d_X509(parsed.get(), &next);
    return Certificate::parse(rewritten).value();
}

TEST(Snapshot, AdmitsByEveryKindOfPin) {
    const Certificate peer = leaf();
    for (const PinTarget target : {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey}) {
        for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer}) {
            const Pin pin = pin_of(peer, target, form);
            const Standing said = standing(rows({client("web", {bare(pin)})}), peer);
            EXPECT_EQ(said.state, StandingState::kActive) << pin.to_string();
            EXPECT_EQ(said.name, "web");
            EXPECT_EQ(said.matched, pin);
        }
    }
}

TEST(Snapshot, DoesNotKnowAStranger) {
    const Standing said = standing(rows({client("web", {whole(leaf())})}), leaf());
    EXPECT_EQ(said.state, StandingState::kUnknown);
    EXPECT_EQ(said.name, "");
    EXPECT_EQ(said.matched, std::nullopt);
    EXPECT_EQ(standing({}, leaf()).state, StandingState::kUnknown);
}

TEST(Snapshot, ADigestOfOneObjectIsNotTheDigestOfAnother) {
    const Certificate peer = leaf();
    const Pin wrong = Pin::from_octets(PinTarget::kCertificate, PinForm::kSha256, pin_of(peer).octets()).value();
    EXPECT_EQ(standing(rows({client("web", {bare(wrong)})}), peer).state, StandingState::kUnknown);
}

TEST(Snapshot, SaysTheStateOfAClientAndWhy) {
    const Certificate peer = leaf();
    const Standing suspended = standing(rows({client("web", {whole(peer)}, ClientState::kSuspended)}), peer);
    EXPECT_EQ(suspended.state, StandingState::kSuspended);
    EXPECT_EQ(suspended.name, "web");
    EXPECT_EQ(suspended.detail, "laptop stolen");
    const Standing revoked = standing(rows({client("web", {whole(peer)}, ClientState::kRevoked)}), peer);
    EXPECT_EQ(revoked.state, StandingState::kRevoked);
    EXPECT_EQ(revoked.name, "web");
    EXPECT_EQ(revoked.detail, "laptop stolen");
}

TEST(Snapshot, AnAdmissionEndsAtItsSecond) {
    const Certificate peer = leaf();
    Client web = client("web", {whole(peer)});
    web.expires = kMintNow;
    EXPECT_EQ(standing(rows({web}), peer, kMintNow - kSecond).state, StandingState::kActive);
    EXPECT_EQ(standing(rows({web}), peer, kMintNow - kSecond).expires, kMintNow);
    EXPECT_EQ(standing(rows({web}), peer, kMintNow).state, StandingState::kExpired);
}

TEST(Snapshot, A71_DenialOutlivesAnotherThumbprint) {
    const Certificate peer = leaf();
    const Certificate other = with_other_signature(peer);
    ASSERT_NE(pin_of(other, PinTarget::kCertificate), pin_of(peer, PinTarget::kCertificate));
    ClientKey key = whole(peer);
    key.pin = pin_of(peer, PinTarget::kCertificate);
    EXPECT_EQ(standing(rows({client("web", {key}, ClientState::kRevoked)}), other).state, StandingState::kRevoked);
    EXPECT_EQ(standing(rows({client("web", {key}, ClientState::kSuspended)}), other).state, StandingState::kSuspended);
    // And a thumbprint only admits what it is of.
    EXPECT_EQ(standing(rows({client("web", {key})}), other).state, StandingState::kUnknown);
}

TEST(Snapshot, A71_IssuerAndSerialDenyWhateverTheKey) {
    const Minted authority = mint().authority("ca").make();
    const Certificate peer = mint().leaf("web.example").signed_by(authority).serial(7).make().certificate();
    const Certificate other = mint().leaf("web.example").signed_by(authority).serial(7).make().certificate();
    const Certificate next = mint().leaf("web.example").signed_by(authority).serial(8).make().certificate();
    const SnapshotRows denied = rows({client("web", {whole(peer)}, ClientState::kRevoked)});
    EXPECT_EQ(standing(denied, other).state, StandingState::kRevoked);
    EXPECT_EQ(standing(denied, next).state, StandingState::kUnknown);
}

TEST(Snapshot, A228_OnlyTheRevokedKeyItselfIsToldWhatTheOwnerSays) {
    const Minted authority = mint().authority("ca").make();
    const Certificate peer = mint().leaf("web.example").signed_by(authority).serial(7).make().certificate();
    const Certificate other = mint().leaf("web.example").signed_by(authority).serial(7).make().certificate();
    Client web = client("web", {whole(peer)}, ClientState::kRevoked);
    web.farewell = "goodbye";
    EXPECT_EQ(standing(rows({web}), peer).farewell, "goodbye");
    EXPECT_EQ(standing(rows({web}), with_other_signature(peer)).farewell, "goodbye");
    EXPECT_EQ(standing(rows({web}), other).farewell, "");
}

TEST(Snapshot, A117_ASerialOfAnotherIssuerIsAnotherCertificate) {
    const Certificate peer =
        mint().leaf("a").signed_by(mint().authority("first").make()).serial(7).make().certificate();
    const Certificate other =
        mint().leaf("a").signed_by(mint().authority("second").make()).serial(7).make().certificate();
    EXPECT_EQ(standing(rows({client("web", {whole(peer)}, ClientState::kRevoked)}), other).state,
              StandingState::kUnknown);
}

TEST(Snapshot, A73_AnotherEncodingOfAKeyIsDeniedButNotAdmitted) {
    const auto [compressed, uncompressed] = two_encodings();
    ASSERT_NE(pin_of(compressed), pin_of(uncompressed));
    EXPECT_EQ(standing(rows({client("web", {whole(uncompressed)})}), uncompressed).state, StandingState::kActive);
    const Standing admitted = standing(rows({client("web", {whole(uncompressed)})}), compressed);
    EXPECT_EQ(admitted.state, StandingState::kUnknown);
    EXPECT_NE(admitted.detail.find("web"), std::string::npos);
    for (const auto& [state, said] : {std::pair(ClientState::kSuspended, StandingState::kSuspended),
                                      std::pair(ClientState::kRevoked, StandingState::kRevoked)}) {
        EXPECT_EQ(standing(rows({client("web", {whole(uncompressed)}, state)}), compressed).state, said);
    }
    Client expired = client("web", {whole(uncompressed)});
    expired.expires = kMintNow;
    EXPECT_EQ(standing(rows({expired}), compressed).state, StandingState::kExpired);
}

TEST(Snapshot, A76_AnotherExponentOfARevokedModulusIsRevoked) {
    const Minted authority = mint().authority("ca").make();
    const Minted peer = mint().key(MintKey::kRsa2048).leaf("web.example").signed_by(authority).make();
    const Certificate other = mint()
                                  .reuse_key(with_exponent(peer.key(), 65539))
                                  .leaf("web.example")
                                  .signed_by(authority)
                                  .make()
                                  .certificate();
    ASSERT_NE(pin_of(peer.certificate()), pin_of(other));
    EXPECT_EQ(standing(rows({client("web", {whole(peer.certificate())}, ClientState::kRevoked)}), other).state,
              StandingState::kRevoked);
}

TEST(Snapshot, A116_TombstonesDenyWithoutAClient) {
    const Certificate peer = leaf();
    const auto denies = [&](auto tell) {
        SnapshotRows given = rows({client("again", {whole(peer)})});
        tell(given);
        return standing(std::move(given), peer).state;
    };
    EXPECT_EQ(denies([](SnapshotRows&) {}), StandingState::kActive);
    EXPECT_EQ(denies([&](SnapshotRows& given) { given.denied_keys = {peer.public_key().canonical()}; }),
              StandingState::kRevoked);
    EXPECT_EQ(
        denies([&](SnapshotRows& given) { given.denied_pins = {pin_of(peer, PinTarget::kKey, PinForm::kSha512)}; }),
        StandingState::kRevoked);
    EXPECT_EQ(denies([&](SnapshotRows& given) { given.denied_certificates = {peer.issuer_and_serial()}; }),
              StandingState::kRevoked);
}

TEST(Snapshot, A210_OneKeyUnderTwoNamesIsNobody) {
    const Certificate peer = leaf();
    const Standing two_pins =
        standing(rows({client("a", {bare(pin_of(peer))}), client("b", {bare(pin_of(peer, PinTarget::kKey))})}), peer);
    EXPECT_EQ(two_pins.state, StandingState::kUnknown);
    EXPECT_EQ(two_pins.matched, std::nullopt);

    const auto [compressed, uncompressed] = two_encodings();
    const SnapshotRows two_encoded =
        rows({client("a", {whole(uncompressed)}), client("b", {bare(pin_of(compressed))})});
    const Standing said = standing(two_encoded, compressed);
    EXPECT_EQ(said.state, StandingState::kUnknown);
    EXPECT_NE(said.detail.find("is of b"), std::string::npos) << said.detail;
    EXPECT_NE(said.detail.find("is of a"), std::string::npos) << said.detail;
}

TEST(Snapshot, ADenialOfOneOfTwoNamesDenies) {
    const Certificate peer = leaf();
    for (const auto& [state, said] : {std::pair(ClientState::kSuspended, StandingState::kSuspended),
                                      std::pair(ClientState::kRevoked, StandingState::kRevoked)}) {
        const Client active = client("a", {bare(pin_of(peer))});
        const Client denied = client("b", {bare(pin_of(peer, PinTarget::kKey))}, state);
        EXPECT_EQ(standing(rows({active, denied}), peer).state, said);
        EXPECT_EQ(standing(rows({denied, active}), peer).state, said);
    }
}

TEST(Snapshot, KnowsWhichKeysItHasMet) {
    const Certificate met = leaf();
    const Certificate denied = leaf();
    const Certificate unmet = leaf();
    SnapshotRows given = rows({client("a", {whole(met)}), client("b", {bare(pin_of(unmet))})});
    given.denied_keys = {denied.public_key().canonical()};
    const Snapshot snapshot(std::move(given));
    EXPECT_TRUE(snapshot.knows_canonical(met.public_key().canonical()));
    EXPECT_TRUE(snapshot.knows_canonical(denied.public_key().canonical()));
    EXPECT_FALSE(snapshot.knows_canonical(unmet.public_key().canonical()));
    EXPECT_EQ(snapshot.version(), 7U);
    EXPECT_EQ(snapshot.client_count(), 2U);
}

TEST(Snapshot, A174_FindsOneAmongAHundredThousand) {
    const Certificate peer = leaf();
    std::vector<Client> clients;
    constexpr std::size_t kOthers = 100'000;
    clients.reserve(kOthers + 1);
    for (std::size_t number = 0; number < kOthers; ++number) {
        ByteVector digest(32);
        for (std::size_t at = 0; at < 8; ++at) digest[24 + at] = static_cast<std::byte>(number >> (8 * at));
        digest.front() = std::byte{1};
        clients.push_back(
            client("c" + std::to_string(number),
                   {bare(Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, digest).value())}));
    }
    clients.push_back(client("web", {whole(peer)}));
    const Snapshot snapshot(rows(std::move(clients)));
    EXPECT_EQ(snapshot.standing_of(peer, kMintNow).name, "web");
    EXPECT_EQ(snapshot.standing_of(leaf(), kMintNow).state, StandingState::kUnknown);
    EXPECT_EQ(snapshot.client_count(), kOthers + 1);
}

}  // namespace
}  // namespace cotter::registry
