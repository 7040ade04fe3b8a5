// TLSA records as text: every spelling of one record, and what is none.
#include "formats/tlsa_record.h"

#include "pin/testing/golden.h"
#include "text/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace cotter::formats {
namespace {

using pin::testing::kGolden;

const std::string kHex = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
const std::string kHex512 =
    "c73313cc191ef782de559ad9eaf01c104c8284399414709f55e014058af96d6b07da66d15369ae3b6bdbb46cadd517cb2c018c80b2d2b2a3a1"
    "5ee5"
    "bc2c75f399";
const std::string kCertificateHex = "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db";

struct Read {
    std::string text;
    std::string record;
};

TEST(TlsaRecord, ReadsEverySpellingOfOneRecord) {
    std::string upper = kHex;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    const std::string full = text::hex(kGolden.object(PinTarget::kSubjectPublicKeyInfo));
    const std::string certificate = text::hex(kGolden.certificate);
    const std::vector<Read> cases{
        {"3 1 1 " + kHex, "3 1 1 " + kHex},
        {"  3\t1  1 " + kHex + "  ", "3 1 1 " + kHex},
        {"03 01 01 " + kHex, "3 1 1 " + kHex},
        {"3 1 1 " + upper, "3 1 1 " + kHex},
        {"DANE-EE SPKI SHA2-256 " + kHex, "3 1 1 " + kHex},
        {"dane-ee spki sha2-256 " + kHex, "3 1 1 " + kHex},
        {"PKIX-TA Cert SHA2-256 " + kCertificateHex, "0 0 1 " + kCertificateHex},
        {"PKIX-EE Cert SHA2-256 " + kCertificateHex, "1 0 1 " + kCertificateHex},
        {"DANE-TA Cert SHA2-256 " + kCertificateHex, "2 0 1 " + kCertificateHex},
        {"DANE-EE 1 SHA2-512 " + kHex512, "3 1 2 " + kHex512},
        {"3 1 0 " + full, "3 1 0 " + full},
        {"3 0 Full " + certificate, "3 0 0 " + certificate},
        {"3 1 1 " + kHex.substr(0, 7) + " " + kHex.substr(7, 20) + " " + kHex.substr(27), "3 1 1 " + kHex},
        {"3 1 1 ( " + kHex.substr(0, 32) + "\n" + kHex.substr(32) + " )", "3 1 1 " + kHex},
        {"3 1 1 (" + kHex + ")", "3 1 1 " + kHex},
        {"( 3 1\n1 " + kHex + ")", "3 1 1 " + kHex},
        {"\\# 35 030101" + kHex, "3 1 1 " + kHex},
        {"\\# 35 0301 01 ( " + kHex.substr(0, 10) + "\r\n" + kHex.substr(10) + ")", "3 1 1 " + kHex},
        {"\\# 67 030102" + kHex512, "3 1 2 " + kHex512},
    };
    for (const Read& test : cases) {
        const auto record = parse_tlsa_record(test.text);
        ASSERT_TRUE(record) << test.text << ": " << record.error().why;
        EXPECT_EQ(to_string(*record), test.record) << test.text;
    }
}

struct Refused {
    std::string text;
    std::string code;
    std::size_t offset;
    std::string reason;
};

TEST(TlsaRecord, A57_RefusesWhatIsNone) {
    const std::string nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const std::vector<Refused> cases{
        {"", "tlsa_short", 0, "nothing"},
        {"3", "tlsa_short", 1, "one field"},
        {"3 1 1", "tlsa_short", 5, "no data"},
        {"3 1 1 ()", "tlsa_short", 8, "no data in parentheses"},
        {"4 1 1 " + kHex, "tlsa_field", 0, "an unknown usage"},
        {"3 2 1 " + kHex, "tlsa_field", 2, "an unknown selector"},
        {"3 1 3 " + kHex, "tlsa_field", 4, "an unknown matching type"},
        {"255 1 1 " + kHex, "tlsa_field", 0, "a private usage"},
        {"-3 1 1 " + kHex, "tlsa_field", 0, "a negative number"},
        {"+3 1 1 " + kHex, "tlsa_field", 0, "a sign"},
        {"3.0 1 1 " + kHex, "tlsa_field", 0, "a fraction"},
        {"0x3 1 1 " + kHex, "tlsa_field", 0, "hex"},
        {"0003 1 1 " + kHex, "tlsa_field", 0, "more digits than an octet has"},
        {"259 1 1 " + kHex, "tlsa_field", 0, "a number over an octet"},
        {"99999999999999999999 1 1 " + kHex, "tlsa_field", 0, "A69: a number over any"},
        {"DANE 1 1 " + kHex, "tlsa_field", 0, "half a mnemonic"},
        {"SPKI 1 1 " + kHex, "tlsa_field", 0, "a mnemonic of another field"},
        {"3 1 SHA-256 " + kHex, "tlsa_field", 4, "a digest that has another name here"},
        {"3 1 1 " + kHex.substr(1), "bad_hex", 6, "half an octet"},
        {"3 1 1 " + kHex.substr(2), "pin_wrong_length", 6, "an octet short"},
        {"3 1 1 " + kHex + "00", "pin_wrong_length", 6, "an octet long"},
        {"3 1 2 " + kHex, "pin_wrong_length", 6, "a SHA-256 as a SHA-512"},
        {"3 1 1 " + kHex512, "pin_wrong_length", 6, "a SHA-512 as a SHA-256"},
        {"3 1 1 0x" + kHex, "bad_hex", 7, "0x"},
        {"3 1 1 23:f4:05", "bad_hex", 8, "colons"},
        {"3 1 1 \"" + kHex + "\"", "bad_hex", 6, "quotes"},
        {"3 1 1 " + kHex + " ; comment", "bad_hex", 71, "a comment belongs to a zone file"},
        {"3 1 1 I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=", "bad_hex", 6, "base64"},
        {"3 1 0 " + kHex, "pin_wrong_der", 6, "a digest as a full key"},
        {"3 0 0 " + text::hex(kGolden.object(PinTarget::kSubjectPublicKeyInfo)), "pin_wrong_der", 6,
         "a key as a certificate"},
        {"3 1 0 " + text::hex(kGolden.certificate), "pin_wrong_der", 6, "a certificate as a key"},
        {"3 1 0 " + text::hex(kGolden.object(PinTarget::kSubjectPublicKeyInfo)) + "00", "pin_wrong_der", 6,
         "an octet after it"},
        {"3 1 1 " + nothing, "pin_mistake", 6, "the SHA-256 of nothing"},
        {"3 1 1 " + std::string(64, '0'), "pin_mistake", 6, "a placeholder"},
        {"3 1 1 (" + kHex, "tlsa_parentheses", 6, "a parenthesis that stays open"},
        {"3 1 1 " + kHex + ")", "tlsa_parentheses", 70, "a parenthesis that nobody opened"},
        {"3 1 1 ((" + kHex + "))", "tlsa_parentheses", 7, "parentheses in parentheses"},
        {"\\#", "tlsa_short", 2, "an empty generic record"},
        {"\\# 35", "tlsa_short", 5, "a generic record without data"},
        {"\\# x 030101" + kHex, "tlsa_length", 3, "a length that is no number"},
        {"\\# 34 030101" + kHex, "tlsa_length", 3, "a length too short"},
        {"\\# 36 030101" + kHex, "tlsa_length", 3, "a length too long"},
        {"\\# 99999999999999999999999 030101" + kHex, "tlsa_length", 3, "A69: a length over any"},
        {"\\# 3 030101", "tlsa_length", 3, "no data at all"},
        {"\\# 35 040101" + kHex, "tlsa_field", 6, "an unknown usage"},
        {"\\# 34 030101" + kHex.substr(2), "pin_wrong_length", 6, "an octet short"},
        {std::string("3 1 1 \0", 7) + kHex, "bad_hex", 6, "a NUL"},
    };
    for (const Refused& test : cases) {
        const auto record = parse_tlsa_record(test.text);
        ASSERT_FALSE(record) << test.reason;
        EXPECT_EQ(record.error().code, test.code) << test.reason << ": " << record.error().why;
        ASSERT_TRUE(record.error().place) << test.reason;
        EXPECT_EQ(record.error().place->offset, test.offset) << test.reason;
    }
}

TEST(TlsaRecord, WhatIsPrintedIsReadBack) {
    std::mt19937 random(3);
    for (int round = 0; round < 200; ++round) {
        trust::TlsaRecord record{static_cast<std::uint8_t>(random() % 4),
                                 static_cast<std::uint8_t>(random() % 2),
                                 static_cast<std::uint8_t>(1 + random() % 2),
                                 {}};
        record.data.resize(record.matching == 1 ? 32 : 64);
        for (std::byte& octet : record.data) octet = static_cast<std::byte>(random() % 256);
        const auto again = parse_tlsa_record(to_string(record));
        ASSERT_TRUE(again) << again.error().why;
        EXPECT_EQ(*again, record);
    }
}

}  // namespace
}  // namespace cotter::formats
