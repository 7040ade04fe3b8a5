// Public keys: one name for a key whatever its encoding, what is refused, and what is too weak.
#include "x509/public_key.h"

#include "x509/certificate.h"
#include "x509/oids.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

using der::Tag;
using testing::joined;
using testing::mint;
using testing::Minted;
using testing::MintKey;
using testing::octets_of;
using testing::tlv;

template <std::size_t N>
ByteVector oid_of(const oid::Oid<N>& oid) {
    const Bytes content = as_bytes(oid.data(), oid.size());
    return tlv(Tag::kObjectIdentifier, content);
}

ByteVector spki(const ByteVector& algorithm_content, const ByteVector& key) {
    return tlv(Tag::kSequence,
               joined({tlv(Tag::kSequence, algorithm_content), tlv(Tag::kBitString, joined({octets_of({0}), key}))}));
}

const ByteVector kNull = octets_of({0x05, 0x00});

ByteVector unsigned_integer(ByteVector content) {
    if (!content.empty() && (content.front() & std::byte{0x80}) != std::byte{0}) {
        content.insert(content.begin(), std::byte{0});
    }
    return tlv(Tag::kInteger, content);
}

/// A modulus of that many bits, odd, as it might be a key's.
ByteVector modulus_of(std::size_t bits, unsigned last = 0x01) {
    ByteVector modulus((bits + 7) / 8, std::byte{0xab});
    modulus.front() = static_cast<std::byte>(1U << ((bits - 1) % 8));
    modulus.back() = static_cast<std::byte>(last);
    return modulus;
}

ByteVector rsa_key(const ByteVector& modulus, const ByteVector& exponent) {
    return tlv(Tag::kSequence, joined({unsigned_integer(modulus), unsigned_integer(exponent)}));
}

ByteVector rsa_spki(const ByteVector& modulus, const ByteVector& exponent) {
    return spki(joined({oid_of(oid::kRsaEncryption), kNull}), rsa_key(modulus, exponent));
}

const ByteVector kF4 = octets_of({1, 0, 1});

/// The affine point of a P-256 key, in that form: 2 or 3 compressed, 4 uncompressed, 6 or 7 hybrid.
ByteVector point_of(const PublicKey& key, bool compressed, bool hybrid) {
    ByteVector point(key.key_octets().begin(), key.key_octets().end());
    const bool is_odd = (point.back() & std::byte{1}) != std::byte{0};
    if (hybrid) point.front() = is_odd ? std::byte{7} : std::byte{6};
    if (compressed) {
        point.front() = is_odd ? std::byte{3} : std::byte{2};
        point.resize(33);
    }
    return point;
}

const ByteVector& p256_algorithm() {
    static const ByteVector kContent = joined({oid_of(oid::kEcPublicKey), oid_of(oid::kP256)});
    return kContent;
}

const PublicKey& p256() {
    static const PublicKey kKey = mint().make().certificate().public_key();
    return kKey;
}

TEST(PublicKey, TellsTypesAndSizes) {
    const struct {
        MintKey kind;
        KeyType type;
        unsigned bits;
        const char* description;
    } kCases[] = {
        {MintKey::kP256, KeyType::kEcP256, 256, "EC P-256"},  {MintKey::kP384, KeyType::kEcP384, 384, "EC P-384"},
        {MintKey::kP521, KeyType::kEcP521, 521, "EC P-521"},  {MintKey::kEd25519, KeyType::kEd25519, 255, "Ed25519"},
        {MintKey::kRsa2048, KeyType::kRsa, 2048, "RSA 2048"}, {MintKey::kRsa3072, KeyType::kRsa, 3072, "RSA 3072"},
    };
    for (const auto& one : kCases) {
        const PublicKey key = mint().key(one.kind).make().certificate().public_key();
        EXPECT_EQ(key.type(), one.type);
        EXPECT_EQ(key.bits(), one.bits);
        EXPECT_EQ(key.description(), one.description);
        EXPECT_FALSE(key.weakness()) << one.description;
        EXPECT_FALSE(key.reencodes_differently()) << one.description;
        EXPECT_TRUE(key.binds_concrete_key()) << one.description;
    }
}

TEST(PublicKey, A73_NamesACompressedPointAsTheSameKeyButPinsItsOwnBytes) {
    const auto compressed = PublicKey::parse(spki(p256_algorithm(), point_of(p256(), true, false)));
    ASSERT_TRUE(compressed);
    EXPECT_TRUE(compressed->reencodes_differently());
    EXPECT_EQ(compressed->canonical(), p256().canonical());
    const auto pin = pin_of(p256(), PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    EXPECT_TRUE(matches(p256(), *pin));
    EXPECT_FALSE(matches(*compressed, *pin));
    const PublicKey minted = mint().key(MintKey::kP256Compressed).make().certificate().public_key();
    EXPECT_TRUE(minted.reencodes_differently());
    EXPECT_EQ(minted.key_octets().size(), 33U);
}

TEST(PublicKey, A73_A165_RefusesHybridPointsAndExplicitParameters) {
    EXPECT_FALSE(PublicKey::parse(spki(p256_algorithm(), point_of(p256(), false, true))));
    EXPECT_FALSE(Certificate::parse(mint().key(MintKey::kP256Explicit).make().der()));
    EXPECT_FALSE(PublicKey::parse(spki(oid_of(oid::kEcPublicKey), point_of(p256(), false, false))));
    EXPECT_FALSE(PublicKey::parse(spki(joined({oid_of(oid::kEcPublicKey), kNull}), point_of(p256(), false, false))));
}

TEST(PublicKey, RefusesPointsThatAreNotOnTheCurve) {
    ByteVector off = point_of(p256(), false, false);
    off.back() ^= std::byte{1};
    ByteVector cut = point_of(p256(), false, false);
    cut.pop_back();
    for (const ByteVector& point :
         {off, cut, octets_of({0}), ByteVector(), ByteVector(65, std::byte{4}), ByteVector(65, std::byte{0xff})}) {
        EXPECT_FALSE(PublicKey::parse(spki(p256_algorithm(), point)));
    }
    EXPECT_TRUE(PublicKey::parse(spki(p256_algorithm(), point_of(p256(), false, false))));
}

TEST(PublicKey, A74_GivesNoKeyPinOfAKeyWhoseParametersCountToo) {
    const PublicKey dsa = mint().key(MintKey::kDsa).make().certificate().public_key();
    const PublicKey other_curve = mint().key(MintKey::kP192).make().certificate().public_key();
    const auto pss = PublicKey::parse(spki(oid_of(oid::kRsassaPss), rsa_key(modulus_of(2048), kF4)));
    ASSERT_TRUE(pss);
    for (const PublicKey& key : {dsa, other_curve, *pss}) {
        EXPECT_FALSE(key.binds_concrete_key()) << key.description();
        EXPECT_FALSE(pin_of(key, PinTarget::kKey, PinForm::kSha256)) << key.description();
        EXPECT_TRUE(pin_of(key, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)) << key.description();
        const auto rsa = PublicKey::parse(rsa_spki(modulus_of(2048), kF4));
        EXPECT_FALSE(matches(key, *pin_of(*rsa, PinTarget::kKey, PinForm::kSha256))) << key.description();
    }
}

TEST(PublicKey, A75_NamesAnRsaKeyByItsModulusUnderEveryAlgorithmIdentifier) {
    const ByteVector key = rsa_key(modulus_of(2048), kF4);
    const auto with_null = PublicKey::parse(spki(joined({oid_of(oid::kRsaEncryption), kNull}), key));
    const auto without_null = PublicKey::parse(spki(oid_of(oid::kRsaEncryption), key));
    const auto pss = PublicKey::parse(spki(oid_of(oid::kRsassaPss), key));
    ASSERT_TRUE(with_null && without_null && pss);
    EXPECT_FALSE(with_null->reencodes_differently());
    EXPECT_TRUE(without_null->reencodes_differently());
    EXPECT_EQ(without_null->canonical(), with_null->canonical());
    EXPECT_EQ(pss->canonical(), with_null->canonical());
    const auto pin = pin_of(*with_null, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    EXPECT_FALSE(matches(*without_null, *pin));
    EXPECT_FALSE(matches(*pss, *pin));
    EXPECT_FALSE(PublicKey::parse(spki(joined({oid_of(oid::kRsaEncryption), oid_of(oid::kP256)}), key)));

    ByteVector padded = modulus_of(2048);
    padded.insert(padded.begin(), 2, std::byte{0});
    EXPECT_FALSE(
        PublicKey::parse(spki(joined({oid_of(oid::kRsaEncryption), kNull}),
                              tlv(Tag::kSequence, joined({tlv(Tag::kInteger, padded), unsigned_integer(kF4)})))));
}

TEST(PublicKey, A76_NamesAnRsaKeyByItsModulusWhateverTheExponent) {
    const auto key = PublicKey::parse(rsa_spki(modulus_of(2048), kF4));
    const auto same_modulus = PublicKey::parse(rsa_spki(modulus_of(2048), octets_of({1, 0, 3})));
    const auto other_modulus = PublicKey::parse(rsa_spki(modulus_of(2048, 0x03), kF4));
    ASSERT_TRUE(key && same_modulus && other_modulus);
    EXPECT_EQ(same_modulus->canonical(), key->canonical());
    EXPECT_NE(other_modulus->canonical(), key->canonical());
}

TEST(PublicKey, A77_KeepsTheSame32OctetsOfDifferentTypesApart) {
    const ByteVector octets(32, std::byte{0x42});
    const auto edwards = PublicKey::parse(spki(oid_of(oid::kEd25519), octets));
    const auto montgomery = PublicKey::parse(spki(octets_of({0x06, 0x03, 0x2b, 0x65, 0x6e}), octets));
    ASSERT_TRUE(edwards && montgomery);
    EXPECT_NE(edwards->canonical(), montgomery->canonical());
    const auto pin = pin_of(*edwards, PinTarget::kKey, PinForm::kSha256);
    ASSERT_TRUE(pin);
    EXPECT_TRUE(matches(*edwards, *pin));
    EXPECT_FALSE(matches(*montgomery, *pin));
    EXPECT_TRUE(montgomery->weakness());
    EXPECT_FALSE(PublicKey::parse(spki(oid_of(oid::kEd25519), ByteVector(31, std::byte{0x42}))));
    EXPECT_FALSE(PublicKey::parse(spki(joined({oid_of(oid::kEd25519), kNull}), octets)));
}

TEST(PublicKey, A101_CallsSmallAndOutdatedKeysWeak) {
    for (const MintKey kind : {MintKey::kRsa1024, MintKey::kP192, MintKey::kDsa}) {
        const PublicKey key = mint().key(kind).make().certificate().public_key();
        EXPECT_TRUE(key.weakness()) << key.description();
    }
    const struct {
        const char* what;
        ByteVector spki;
        bool is_weak;
    } kCases[] = {
        {"2047 bits", rsa_spki(modulus_of(2047), kF4), true},
        {"2048 bits", rsa_spki(modulus_of(2048), kF4), false},
        {"2049 bits, an odd size", rsa_spki(modulus_of(2049), kF4), false},
        {"exponent 3", rsa_spki(modulus_of(2048), octets_of({3})), true},
        {"exponent 65535", rsa_spki(modulus_of(2048), octets_of({0xff, 0xff})), true},
    };
    for (const auto& one : kCases) {
        const auto key = PublicKey::parse(one.spki);
        ASSERT_TRUE(key) << one.what;
        EXPECT_EQ(key->weakness().has_value(), one.is_weak) << one.what;
    }
}

TEST(PublicKey, A101_RefusesRsaNumbersThatNoKeyHas) {
    EXPECT_FALSE(PublicKey::parse(rsa_spki(modulus_of(2048, 0x02), kF4))) << "an even modulus";
    EXPECT_FALSE(PublicKey::parse(rsa_spki(modulus_of(2048), octets_of({1, 0, 0})))) << "an even exponent";
    EXPECT_FALSE(PublicKey::parse(rsa_spki(modulus_of(2048), octets_of({1})))) << "exponent 1";
    EXPECT_FALSE(PublicKey::parse(rsa_spki(modulus_of(2048), octets_of({0})))) << "exponent 0";
    EXPECT_FALSE(PublicKey::parse(rsa_spki(octets_of({0}), kF4))) << "modulus 0";
    EXPECT_FALSE(PublicKey::parse(
        spki(joined({oid_of(oid::kRsaEncryption), kNull}),
             tlv(Tag::kSequence, joined({tlv(Tag::kInteger, octets_of({0x81})), unsigned_integer(kF4)})))))
        << "a negative modulus";
}

TEST(PublicKey, A102_CallsKeysTooLargeToComputeWithWeak) {
    const struct {
        const char* what;
        ByteVector spki;
        bool is_weak;
    } kCases[] = {
        {"8192 bits", rsa_spki(modulus_of(8192), kF4), false},
        {"8193 bits", rsa_spki(modulus_of(8193), kF4), true},
        {"65536 bits", rsa_spki(modulus_of(65536), kF4), true},
        {"an exponent of 64 bits", rsa_spki(modulus_of(2048), ByteVector(8, std::byte{0xff})), false},
        {"an exponent of 72 bits", rsa_spki(modulus_of(2048), ByteVector(9, std::byte{0xff})), true},
        {"an exponent of 2048 bits", rsa_spki(modulus_of(2048), modulus_of(2048)), true},
    };
    for (const auto& one : kCases) {
        const auto key = PublicKey::parse(one.spki);
        ASSERT_TRUE(key) << one.what;
        EXPECT_EQ(key->weakness().has_value(), one.is_weak) << one.what;
    }
}

TEST(PublicKey, A107_RefusesEdwardsKeysForWhichAnybodyCanSign) {
    const auto ed25519 = [](unsigned first, unsigned rest, unsigned last) {
        ByteVector key(32, static_cast<std::byte>(rest));
        key.front() = static_cast<std::byte>(first);
        key.back() = static_cast<std::byte>(last);
        return key;
    };
    const ByteVector order_8 =
        octets_of({0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
                   0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05});
    ByteVector order_8_negative = order_8;
    order_8_negative.back() |= std::byte{0x80};
    const struct {
        const char* what;
        ByteVector key;
        bool is_taken;
    } kCases[] = {
        {"y = 1, the identity", ed25519(1, 0, 0), false},
        {"y = 1, with the sign of -0", ed25519(1, 0, 0x80), false},
        {"y = 0, order 4", ed25519(0, 0, 0), false},
        {"y = 0, the other sign", ed25519(0, 0, 0x80), false},
        {"y = p - 1, order 2", ed25519(0xec, 0xff, 0x7f), false},
        {"y = p, not reduced", ed25519(0xed, 0xff, 0x7f), false},
        {"y = p + 1, not reduced", ed25519(0xee, 0xff, 0xff), false},
        {"y = 2^255 - 1, not reduced", ed25519(0xff, 0xff, 0xff), false},
        {"order 8", order_8, false},
        {"order 8, the other sign", order_8_negative, false},
        {"y = 3", ed25519(3, 0, 0), true},
        {"y = p - 2", ed25519(0xeb, 0xff, 0x7f), true},
    };
    for (const auto& one : kCases) {
        EXPECT_EQ(PublicKey::parse(spki(oid_of(oid::kEd25519), one.key)).has_value(), one.is_taken) << one.what;
    }
    ByteVector minus_one(57, std::byte{0xff});
    minus_one.at(0) = minus_one.at(28) = std::byte{0xfe};
    minus_one.back() = std::byte{0};
    ByteVector minus_two = minus_one;
    minus_two.at(0) = std::byte{0xfd};
    EXPECT_FALSE(PublicKey::parse(spki(oid_of(oid::kEd448), minus_one)));
    EXPECT_FALSE(PublicKey::parse(spki(oid_of(oid::kEd448), ByteVector(57, std::byte{0}))));
    EXPECT_TRUE(PublicKey::parse(spki(oid_of(oid::kEd448), minus_two)));
}

}  // namespace
}  // namespace cotter::x509
