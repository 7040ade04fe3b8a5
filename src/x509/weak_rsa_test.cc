// RSA keys that look sound and are not.
#include "x509/weak_rsa.h"

#include "x509/certificate.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

namespace cotter::x509 {
namespace {

using testing::mint;
using testing::MintKey;

using NumberPtr = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
using NumberContextPtr = std::unique_ptr<BN_CTX, FreeBy<BN_CTX_free>>;

ByteVector octets_of(const BIGNUM& number) {
    ByteVector result(static_cast<std::size_t>(BN_num_bytes(&number)));
    BN_bn2bin(&number, octets(std::span<std::byte>(result)));
    return result;
}

/// A number of that many bits, or one more, that is a power of 65537 modulo the primes up to 167, as Infineon's moduli
/// were.
ByteVector roca_modulus(int bits) {
    const NumberContextPtr context(BN_CTX_new());
    const NumberPtr constant(BN_new());
    const NumberPtr power(BN_new());
    const NumberPtr exponent(BN_new());
    const NumberPtr modulus(BN_new());
    BN_one(constant.get());
    for (unsigned n = 2; n <= 167; ++n) {
        bool is_prime = true;
        for (unsigned divisor = 2; divisor * divisor <= n; ++divisor) is_prime = is_prime && n % divisor != 0;
        if (is_prime) BN_mul_word(constant.get(), n);
    }
    BN_set_word(power.get(), 65537);
    BN_set_word(exponent.get(), 123'456'789);
    BN_mod_exp(power.get(), power.get(), exponent.get(), constant.get(), context.get());
    BN_rand(modulus.get(), bits + 1 - BN_num_bits(constant.get()), BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
    BN_mul(modulus.get(), modulus.get(), constant.get(), context.get());
    BN_add(modulus.get(), modulus.get(), power.get());
    return octets_of(*modulus);
}

/// (a - b)(a + b) with a of half the bits and that b.
ByteVector near_modulus(int bits, unsigned long b) {
    const NumberContextPtr context(BN_CTX_new());
    const NumberPtr a(BN_new());
    const NumberPtr low(BN_new());
    const NumberPtr high(BN_new());
    BN_rand(a.get(), bits / 2, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
    if (b % 2 == 1) BN_add_word(a.get(), 1);
    BN_copy(low.get(), a.get());
    BN_copy(high.get(), a.get());
    BN_sub_word(low.get(), b);
    BN_add_word(high.get(), b);
    BN_mul(a.get(), low.get(), high.get(), context.get());
    return octets_of(*a);
}

PublicKey key_of(const ByteVector& modulus) {
    using testing::joined;
    using testing::tlv;
    ByteVector number = modulus;
    if ((number.front() & std::byte{0x80}) != std::byte{0}) number.insert(number.begin(), std::byte{0});
    const ByteVector key =
        tlv(der::Tag::kSequence,
            joined({tlv(der::Tag::kInteger, number), testing::octets_of({0x02, 0x03, 0x01, 0x00, 0x01})}));
    const ByteVector algorithm =
        testing::octets_of({0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00});
    const ByteVector spki = tlv(der::Tag::kSequence,
                                joined({algorithm, tlv(der::Tag::kBitString, joined({testing::octets_of({0}), key}))}));
    auto parsed = PublicKey::parse(spki);
    if (!parsed) std::abort();
    return std::move(*parsed);
}

TEST(WeakRsa, A104_KnowsTheShapeOfRocaWhateverTheSize) {
    for (const int bits : {512, 1024, 2048, 3072, 4096}) EXPECT_TRUE(is_roca(roca_modulus(bits))) << bits;
    ByteVector near_miss = roca_modulus(2048);
    near_miss.back() ^= std::byte{0x02};
    EXPECT_FALSE(is_roca(near_miss));
}

TEST(WeakRsa, A104_EveryLookAtSuchAKeyFindsItWeak) {
    const PublicKey key = key_of(roca_modulus(2048));
    ASSERT_TRUE(key.weakness());
    EXPECT_NE(key.weakness()->find("ROCA"), std::string::npos);
    EXPECT_EQ(weakness_on_inspection(key), key.weakness());
}

TEST(WeakRsa, A105_FindsPrimesThatAreTooNear) {
    for (const int bits : {2048, 3072, 4096, 8192}) {
        EXPECT_TRUE(has_close_primes(near_modulus(bits, 2))) << bits;
        EXPECT_TRUE(has_close_primes(near_modulus(bits, 1'000'000'007))) << bits;
    }
    const PublicKey key = key_of(near_modulus(2048, 1'000'000'007));
    EXPECT_FALSE(key.weakness());
    ASSERT_TRUE(weakness_on_inspection(key));
    EXPECT_NE(weakness_on_inspection(key)->find("CVE-2022-26320"), std::string::npos);
}

TEST(WeakRsa, TakesSoundKeysForSound) {
    for (int i = 0; i < 3; ++i) {
        const Certificate sound = testing::Minted(mint().key(MintKey::kRsa2048)).certificate();
        EXPECT_FALSE(weakness_on_inspection(sound.public_key()));
    }
    EXPECT_FALSE(weakness_on_inspection(testing::Minted(mint()).certificate().public_key()));
}

TEST(WeakRsa, A105_NumbersThatNoKeyHasDoNoHarm) {
    const NumberPtr square(BN_new());
    BN_set_word(square.get(), 1'000'003UL * 1'000'003UL);
    EXPECT_TRUE(has_close_primes(octets_of(*square)));
    for (const ByteVector& number :
         {ByteVector{}, ByteVector{std::byte{0}}, ByteVector{std::byte{1}}, ByteVector{std::byte{2}}})
        EXPECT_FALSE(has_close_primes(number));
}

TEST(WeakKeyList, A103_KnowsKeysByEitherSpelling) {
    const PublicKey key = key_of(roca_modulus(2048));
    const PublicKey other = key_of(roca_modulus(2048));
    const std::string by_spki =
        "# a list\n\n" + pin_of(key, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string();
    EXPECT_FALSE(WeakKeyList::parse(by_spki, "list")) << "base64 is not hex";
    std::string hex;
    const auto pin = pin_of(key, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    for (const std::byte octet : pin->octets()) {
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        hex += kDigits[std::to_integer<std::size_t>(octet) >> 4U];
        hex += kDigits[std::to_integer<std::size_t>(octet) & 15U];
    }
    const auto list = WeakKeyList::parse("# keys of others\r\n\n" + hex + "  # this one\r\n", "list");
    ASSERT_TRUE(list) << list.error().why;
    EXPECT_TRUE(list->contains(key));
    EXPECT_FALSE(list->contains(other));
}

TEST(WeakKeyList, A103_RefusesAListThatIsNone) {
    for (const std::string_view text :
         {"", "# nothing\n", "abc\n", "0123456789abcdef012g\n", "0123456789abcdef01234\n", "01234567 89abcdef0123\n"}) {
        const auto list = WeakKeyList::parse(text, "list");
        ASSERT_FALSE(list) << text;
        EXPECT_EQ(list.error().kind, ErrorKind::kMalformedInput);
    }
    const auto list = WeakKeyList::parse("0123456789abcdef0123\n\nno\n", "list");
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().place->line, 3U);
}

}  // namespace
}  // namespace cotter::x509
