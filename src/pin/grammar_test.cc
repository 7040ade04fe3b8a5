// Every spelling of a pin that is taken, and that what is printed reads back as the same pin.
#include <cotter/pin.h>

#include "pin/digest.h"
#include "pin/testing/golden.h"
#include "text/encoding.h"
#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace cotter {
namespace {

using pin::testing::kGolden;
using text::testing::octets;

ByteVector copy(Bytes octets) {
    return {octets.begin(), octets.end()};
}

std::string with_colons(std::string_view hex) {
    std::string result;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
        if (at > 0) result += ':';
        result += hex.substr(at, 2);
    }
    return result;
}

std::string upper(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

TEST(PinGrammar, TakesEverySpellingOfOneKeysDigest) {
    const std::string base64 = "I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=";
    const std::string hex = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
    const Pin wanted = *Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, octets(hex));
    const std::vector<std::string> spellings = {
        "sha256/" + base64,
        "spki-sha256/" + base64,
        "sha256//" + base64,
        "pin-sha256=\"" + base64 + "\"",
        "spki-sha256:" + hex,
        "spki-sha256:" + upper(hex),
        "spki-sha256:" + with_colons(hex),
        "spki-sha256:" + with_colons(upper(hex)),
    };
    for (const std::string& spelling : spellings) {
        const auto pin = Pin::parse(spelling);
        ASSERT_TRUE(pin) << spelling << ": " << pin.error().why;
        EXPECT_EQ(*pin, wanted) << spelling;
        EXPECT_EQ(pin->to_string(), "sha256/" + base64) << spelling;
    }
}

TEST(PinGrammar, TakesEverySpellingOfOneCertificatesDigest) {
    const std::string hex = "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db";
    const Pin wanted = *Pin::from_octets(PinTarget::kCertificate, PinForm::kSha256, octets(hex));
    const std::vector<std::string> spellings = {
        "cert-sha256/" + text::base64(octets(hex)),      "cert-sha256:" + hex, "cert-sha256:" + with_colons(upper(hex)),
        "sha256 Fingerprint=" + with_colons(upper(hex)),  // OpenSSL 3
        "SHA256 Fingerprint=" + with_colons(upper(hex)),  // OpenSSL 1
    };
    for (const std::string& spelling : spellings) {
        const auto pin = Pin::parse(spelling);
        ASSERT_TRUE(pin) << spelling << ": " << pin.error().why;
        EXPECT_EQ(*pin, wanted) << spelling;
    }
}

TEST(PinGrammar, A58_ReadsHexOfEitherCaseAsTheSameOctets) {
    const std::string lower = "key-sha256:ab" + std::string(62, '0');
    const std::string mixed = "key-sha256:aB" + std::string(62, '0');
    EXPECT_EQ(*Pin::parse(lower), *Pin::parse(mixed));
    EXPECT_EQ(Pin::parse(mixed)->to_string(), Pin::parse(lower)->to_string());
}

struct Vector {
    PinTarget target;
    PinForm form;
    std::string_view hex;  ///< of the digest
};

TEST(PinGrammar, MeetsTheGoldenVector) {
    constexpr Vector kRows[] = {
        {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256,
         "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b"},
        {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512,
         "c73313cc191ef782de559ad9eaf01c104c8284399414709f55e014058af96d6b07da66d15369ae3b6bdbb46cadd517cb2c018c80b2d2b"
         "2a3a15ee5bc2c75f399"},
        {PinTarget::kCertificate, PinForm::kSha256, "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db"},
        {PinTarget::kKey, PinForm::kSha256, "22e3395ba98fd4f4adec16446d20e98e22c7a19fedbdcf291acee3e1c5cec425"},
    };
    for (const Vector& row : kRows) {
        EXPECT_EQ(text::hex(digest(row.form, kGolden.object(row.target))), row.hex);
    }
    EXPECT_EQ(Pin::parse(kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256))->to_string(),
              "sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=");
    EXPECT_EQ(kGolden.text(PinTarget::kKey, PinForm::kSha256),
              "key-sha256/IuM5W6mP1PSt7BZEbSDpjiLHoZ/tvc8pGs7j4cXOxCU=");
    EXPECT_EQ(
        kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kDer),
        "spki-der/MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/Y2IAOBnfOpAZypbj759rQi8aPG"
        "GxtV376ttpzePdDzVUyzWoYPmA==");
}

struct Prefix {
    std::string_view text;
    PinTarget target;
    PinForm form;
    bool is_canonical;
};

constexpr Prefix kPrefixes[] = {
    {"sha256/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, true},
    {"sha384/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384, true},
    {"sha512/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512, true},
    {"spki-der/", PinTarget::kSubjectPublicKeyInfo, PinForm::kDer, true},
    {"cert-sha256/", PinTarget::kCertificate, PinForm::kSha256, true},
    {"cert-sha384/", PinTarget::kCertificate, PinForm::kSha384, true},
    {"cert-sha512/", PinTarget::kCertificate, PinForm::kSha512, true},
    {"cert-der/", PinTarget::kCertificate, PinForm::kDer, true},
    {"key-sha256/", PinTarget::kKey, PinForm::kSha256, true},
    {"key-sha384/", PinTarget::kKey, PinForm::kSha384, true},
    {"key-sha512/", PinTarget::kKey, PinForm::kSha512, true},
    {"key-der/", PinTarget::kKey, PinForm::kDer, true},
    {"spki-sha256/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, false},
    {"spki-sha384/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384, false},
    {"spki-sha512/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512, false},
    {"der/", PinTarget::kSubjectPublicKeyInfo, PinForm::kDer, false},
};

TEST(PinGrammar, TakesEachThingInEachForm) {
    for (const Prefix& row : kPrefixes) {
        const ByteVector octets = digest(row.form, kGolden.object(row.target));
        const auto pin = Pin::parse(std::string(row.text) + text::base64(octets));
        ASSERT_TRUE(pin) << row.text << ": " << pin.error().why;
        EXPECT_EQ(pin->target(), row.target) << row.text;
        EXPECT_EQ(pin->form(), row.form) << row.text;
        EXPECT_EQ(copy(pin->octets()), octets) << row.text;
        EXPECT_EQ(pin->to_string() == std::string(row.text) + text::base64(octets), row.is_canonical) << row.text;
        EXPECT_EQ(*Pin::parse(pin->to_string()), *pin) << row.text;
    }
}

TEST(PinGrammar, A58_ReadsBackWhatItPrintsWhateverTheDigest) {
    std::mt19937 random(20261124);  // NOLINT: the same pins every time
    for (const Prefix& row : kPrefixes) {
        if (row.form == PinForm::kDer) continue;
        for (int count = 0; count < 2000; ++count) {
            ByteVector octets(digest_size(row.form));
            for (std::byte& octet : octets) octet = static_cast<std::byte>(random());
            const auto pin = Pin::from_octets(row.target, row.form, octets);
            ASSERT_TRUE(pin);
            const auto again = Pin::parse(pin->to_string());
            ASSERT_TRUE(again) << pin->to_string() << ": " << again.error().why;
            EXPECT_EQ(*again, *pin);
            EXPECT_EQ(again->to_string(), pin->to_string());
        }
    }
}

TEST(PinGrammar, TellsADigestThatBeginsWithASlashFromCurlsSecondSlash) {
    // fc… is /… in base64: one pin in 64 has it.
    ByteVector slash = text::testing::filled(32, 0xff);
    const Pin pin = *Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, slash);
    ASSERT_TRUE(pin.to_string().starts_with("sha256//"));
    EXPECT_EQ(*Pin::parse(pin.to_string()), pin);
    EXPECT_EQ(*Pin::parse("sha256//" + text::base64(slash)), pin);
    EXPECT_EQ(*Pin::parse("spki-sha256/" + text::base64(slash)), pin);
    EXPECT_EQ(*PinSet::parse(pin.to_string() + ";sha256//" + text::base64(slash)), PinSet({pin}));
    const auto unpadded = Pin::parse("sha256//" + text::base64(slash).substr(0, 43));
    ASSERT_FALSE(unpadded);
    EXPECT_EQ(unpadded.error().code, "pin_padding");
}

TEST(PinSet, ReadsCurlsListInItsOrder) {
    const std::string one = kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    const std::string two = kGolden.text(PinTarget::kCertificate, PinForm::kSha384);
    const std::string three = kGolden.text(PinTarget::kKey, PinForm::kDer);
    const auto pins = PinSet::parse(one + ";" + two + ";" + three);
    ASSERT_TRUE(pins) << pins.error().why;
    std::vector<std::string> read;
    for (const Pin& pin : *pins) read.push_back(pin.to_string());
    EXPECT_EQ(read, (std::vector{one, two, three}));
    EXPECT_TRUE(pins->contains(*Pin::parse(two)));
    EXPECT_EQ(PinSet::parse(one + ";" + one + ";spki-" + one)->size(), 1U) << "the same pin again";
    EXPECT_EQ(PinSet::parse(one)->size(), 1U);
    const std::string curls = "sha256//" + one.substr(7);
    EXPECT_EQ(*PinSet::parse(curls + ";" + curls), *PinSet::parse(one));
}

TEST(PinSet, A57_IsReadWhollyOrNotAtAll) {
    const std::string good = kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    struct Row {
        std::string text;
        std::string_view code;
        std::size_t offset;
    };
    const Row kRows[] = {
        {"", "pin_empty", 0},
        {";", "pin_empty", 0},
        {good + ";", "pin_empty", good.size() + 1},
        {";" + good, "pin_empty", 0},
        {good + ";;" + good, "pin_empty", good.size() + 1},
        {good + ";sha256/", "pin_empty", good.size() + 8},
        {good + ";nonsense;" + good, "pin_unknown_form", good.size() + 1},
        {good + "; " + good, "pin_white_space", good.size() + 1},
        {good + " ;" + good, "pin_white_space", good.size()},
        {good + "," + good, "pin_trailing", good.size()},
        {good + "\n" + good, "pin_white_space", good.size()},
        {good + ";sha256/AAAA", "pin_wrong_length", good.size() + 8},
        {good + ";sha1/AAAA", "pin_weak_digest", good.size() + 1},
        {"pin-" + good + ";" + good, "pin_unknown_form", 0},
    };
    for (const Row& row : kRows) {
        const auto pins = PinSet::parse(row.text);
        ASSERT_FALSE(pins) << row.text;
        EXPECT_EQ(pins.error().code, row.code) << row.text;
        ASSERT_TRUE(pins.error().place) << row.text;
        EXPECT_EQ(pins.error().place->offset, std::optional(row.offset)) << row.text;
    }
}

}  // namespace
}  // namespace cotter
