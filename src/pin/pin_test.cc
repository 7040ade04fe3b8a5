// Pins and sets of them as values, whatever text they came from.
#include <cotter/pin.h>

#include "pin/digest.h"
#include "pin/mistakes.h"
#include "pin/testing/golden.h"
#include "text/encoding.h"
#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace cotter {
namespace {

using pin::testing::kGolden;
using text::testing::filled;
using text::testing::octets;

constexpr PinTarget kTargets[] = {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey};
constexpr PinForm kForms[] = {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer};

TEST(Pin, A59_IsEqualOnlyInThingFormAndEveryOctet) {
    std::vector<Pin> all;
    for (const PinTarget target : kTargets) {
        for (const PinForm form : kForms) {
            all.push_back(*Pin::from_octets(target, form, digest(form, kGolden.object(target))));
        }
        for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512}) {
            // The same octets under another name are another pin.
            all.push_back(*Pin::from_octets(target, form, filled(digest_size(form), 0x42)));
        }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) {
            EXPECT_EQ(all[i] == all[j], i == j) << all[i].to_string() << ' ' << all[j].to_string();
            EXPECT_EQ(all[i] < all[j], !(all[j] <= all[i])) << i << ' ' << j;
        }
    }
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
    ByteVector octets = filled(32, 0x42);
    const Pin pin = *Pin::from_octets(PinTarget::kCertificate, PinForm::kSha256, octets);
    for (std::size_t bit = 0; bit < 256; ++bit) {
        octets[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        EXPECT_NE(*Pin::from_octets(PinTarget::kCertificate, PinForm::kSha256, octets), pin) << bit;
        octets[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    }
}

TEST(Pin, A59_SaysWhatItPinsInItsText) {
    const ByteVector same = filled(32, 0x42);
    std::set<std::string> texts;
    for (const PinTarget target : kTargets) {
        const Pin pin = *Pin::from_octets(target, PinForm::kSha256, same);
        texts.insert(pin.to_string());
        EXPECT_TRUE(pin.to_string().starts_with(pin.abbreviated().substr(0, pin.abbreviated().find("…"))));
    }
    EXPECT_EQ(texts.size(), 3U);
    EXPECT_EQ(Pin::from_octets(PinTarget::kCertificate, PinForm::kSha256, same)->abbreviated(),
              "cert-sha256/QkJCQkJC…");
}

TEST(Pin, A80_HasADigestOfItsFormsLengthOnly) {
    for (const PinTarget target : kTargets) {
        for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512}) {
            for (std::size_t size = 0; size < 130; ++size) {
                const auto pin = Pin::from_octets(target, form, filled(size, 0x42));
                EXPECT_EQ(pin.has_value(), size == digest_size(form)) << size;
            }
        }
    }
    EXPECT_EQ(digest_size(PinForm::kDer), 0U);
}

struct Shape {
    PinTarget target;
    std::string der;  ///< hex
    bool is_taken;
    std::string_view reason;
};

TEST(Pin, A73_A75_TakesStrictDerOfWhatItPinsOnly) {
    const std::string point65 = "04" + std::string(128, 'a');
    const std::string x32(64, 'b');
    const Shape kRows[] = {
        {PinTarget::kSubjectPublicKeyInfo, "3007 3000 0303 000102", true, "the shape of an SPKI"},
        {PinTarget::kSubjectPublicKeyInfo, "300a 3003060129 0303 000102", true, "with an algorithm"},
        {PinTarget::kSubjectPublicKeyInfo, "3007 3000 0403 000102", false, "an OCTET STRING"},
        {PinTarget::kSubjectPublicKeyInfo, "3009 3000 0303 000102 0500", false, "one element too many"},
        {PinTarget::kSubjectPublicKeyInfo, "3002 3000", false, "no key"},
        {PinTarget::kSubjectPublicKeyInfo, "3000", false, "empty"},
        {PinTarget::kSubjectPublicKeyInfo, "3007 3000 0303 000102 00", false, "a byte after it"},
        {PinTarget::kSubjectPublicKeyInfo, "308107 3000 0303 000102", false, "a length that is too long"},
        {PinTarget::kSubjectPublicKeyInfo, "3080 3000 0303 000102 0000", false, "indefinite length"},
        {PinTarget::kSubjectPublicKeyInfo, "3007 3000 0303 010101", false, "padding that is not zero"},
        {PinTarget::kSubjectPublicKeyInfo, "3009 3002 0500 0303 000102", true, "NULL inside"},
        {PinTarget::kSubjectPublicKeyInfo, "300a 3003 050100 0303 000102", false, "NULL with content inside"},
        {PinTarget::kSubjectPublicKeyInfo, "3107 3000 0303 000102", false, "a SET"},
        {PinTarget::kSubjectPublicKeyInfo, "", false, "nothing"},
        {PinTarget::kCertificate, "3009 3000 3000 0303 000102", true, "the shape of a certificate"},
        {PinTarget::kCertificate, "3007 3000 0303 000102", false, "an SPKI"},
        {PinTarget::kCertificate, "3009 3000 3000 0303 000102 ff", false, "a byte after it"},
        {PinTarget::kCertificate, "", false, "nothing"},
        {PinTarget::kKey, point65, true, "P-256, not compressed"},
        {PinTarget::kKey, "04" + std::string(192, 'a'), true, "P-384, not compressed"},
        {PinTarget::kKey, "04" + std::string(264, 'a'), true, "P-521, not compressed"},
        {PinTarget::kKey, "02" + x32, true, "P-256, compressed"},
        {PinTarget::kKey, "03" + x32, true, "P-256, compressed"},
        {PinTarget::kKey, "02" + std::string(96, 'a'), true, "P-384, compressed"},
        {PinTarget::kKey, "03" + std::string(132, 'a'), true, "P-521, compressed"},
        {PinTarget::kKey, "06" + std::string(128, 'a'), false, "hybrid"},
        {PinTarget::kKey, "07" + std::string(128, 'a'), false, "hybrid"},
        {PinTarget::kKey, "05" + x32, false, "no form of a point"},
        {PinTarget::kKey, "00", false, "the point at infinity"},
        {PinTarget::kKey, point65 + "aa", false, "one octet too many"},
        {PinTarget::kKey, "04" + std::string(96, 'a'), false, "P-192"},
        {PinTarget::kKey, x32, true, "Ed25519"},
        {PinTarget::kKey, std::string(114, 'c'), true, "Ed448"},
        {PinTarget::kKey, std::string(112, 'c'), false, "56 octets"},
        {PinTarget::kKey, "3006 020103 020105", true, "RSAPublicKey by its shape"},
        {PinTarget::kKey, "3009 020103 020105 020107", false, "three INTEGERs"},
        {PinTarget::kKey, "3003 020103", false, "one INTEGER"},
        {PinTarget::kKey, "3007 02020003 020105", false, "an INTEGER that is not minimal"},
        {PinTarget::kKey, "3006 020103 020105 00", false, "a byte after it"},
        {PinTarget::kKey, "020103", false, "an INTEGER alone, as DSA has"},
        {PinTarget::kKey, "", false, "nothing"},
    };
    for (const Shape& row : kRows) {
        const auto pin = Pin::from_octets(row.target, PinForm::kDer, octets(row.der));
        EXPECT_EQ(pin.has_value(), row.is_taken) << row.der << ": " << row.reason;
        if (!pin) {
            EXPECT_EQ(pin.error().code, "pin_wrong_der");
        } else {
            EXPECT_EQ(Pin::parse(pin->to_string()).value(), *pin) << row.reason;
        }
    }
}

TEST(Pin, KnowsTheSamplesOfManualsWhateverTheyArePinning) {
    constexpr std::pair<std::string_view, std::string_view> kSamples[] = {
        {"E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=", "RFC 7469"},
        {"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "RFC 7469"},
        {"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=", "RFC 7469"},
        {"YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=", "curl's manual"},
        {"t62CeU2tQiqkexU74Gxa2eg7fRbEgoChTociMee9wno=", "curl's manual"},
        {"NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=", "Envoy's manual"},
    };
    for (const auto& [value, source] : kSamples) {
        for (const std::string_view prefix : {"sha256/", "sha256//", "cert-sha256/"}) {
            const auto pin = Pin::parse(std::string(prefix) + std::string(value));
            ASSERT_TRUE(pin) << value << " is taken, with a warning";
            EXPECT_EQ(pin->sample_of(), std::optional(source)) << value;
        }
    }
    EXPECT_FALSE(Pin::parse("sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=")->sample_of());
    EXPECT_FALSE(Pin::parse(kGolden.text(PinTarget::kKey, PinForm::kDer))->sample_of());
}

TEST(PinSet, A55_MatchesNothingWhenItIsEmpty) {
    const Pin pin = *Pin::from_octets(PinTarget::kKey, PinForm::kSha256, filled(32, 1));
    PinSet pins;
    EXPECT_TRUE(pins.empty());
    EXPECT_FALSE(pins.contains(pin));
    EXPECT_FALSE(PinSet::parse("")) << "an empty list is no set";
    EXPECT_FALSE(PinSet::parse(";"));
    pins.insert(pin);
    EXPECT_TRUE(pins.contains(pin));
    pins.insert(pin);
    EXPECT_EQ(pins.size(), 1U);
    EXPECT_FALSE(pins.contains(*Pin::from_octets(PinTarget::kCertificate, PinForm::kSha256, filled(32, 1))));
    EXPECT_EQ(PinSet({pin, pin}), pins);
}

TEST(PinDigest, IsSha2OfExactlyThoseOctets) {
    EXPECT_EQ(text::hex(sha256(text::testing::octets_of("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(text::hex(digest(PinForm::kSha384, text::testing::octets_of("abc"))),
              "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    EXPECT_EQ(
        text::hex(digest(PinForm::kSha512, text::testing::octets_of("abc"))),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce8"
        "0e2a9ac94fa54ca49f");
    EXPECT_EQ(digest(PinForm::kDer, text::testing::octets_of("abc")), octets("616263"));
}

}  // namespace
}  // namespace cotter
