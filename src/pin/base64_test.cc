// Strict base64: every fault with its place, and the same octets as another decoder would give.
#include <cotter/detail/base64.h>

#include "text/encoding.h"
#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cotter::detail {
namespace {

using text::testing::octets_of;

struct Row {
    std::string_view text;
    Base64Fault fault;
    std::size_t offset;
};

TEST(Base64, A58_NamesEachFaultAndItsPlace) {
    constexpr Row kRows[] = {
        {"", Base64Fault::kEmpty, 0},
        {"AA==", Base64Fault::kNone, 0},
        {"AAA=", Base64Fault::kNone, 0},
        {"AAAA", Base64Fault::kNone, 0},
        {"////", Base64Fault::kNone, 0},
        {"++++", Base64Fault::kNone, 0},
        {"A", Base64Fault::kMissingPadding, 1},
        {"AA", Base64Fault::kMissingPadding, 2},
        {"AA=", Base64Fault::kMissingPadding, 3},
        {"AAA", Base64Fault::kMissingPadding, 3},
        {"AAAAA", Base64Fault::kMissingPadding, 5},
        {"A===", Base64Fault::kMissingPadding, 4},
        {"AAAA=", Base64Fault::kTrailing, 4},
        {"AAA==", Base64Fault::kTrailing, 4},
        {"AA===", Base64Fault::kTrailing, 4},
        {"AA==AA==", Base64Fault::kTrailing, 4},
        {"AA==A", Base64Fault::kTrailing, 4},
        {"=", Base64Fault::kTrailing, 0},
        {"====", Base64Fault::kTrailing, 0},
        {"AAA= ", Base64Fault::kWhiteSpace, 4},
        {"AAAA ", Base64Fault::kWhiteSpace, 4},
        {" AAAA", Base64Fault::kWhiteSpace, 0},
        {"AA\nAA", Base64Fault::kWhiteSpace, 2},
        {"AA\rAA", Base64Fault::kWhiteSpace, 2},
        {"AA\tAA", Base64Fault::kWhiteSpace, 2},
        {"AA\fAA", Base64Fault::kWhiteSpace, 2},
        {"A-AA", Base64Fault::kUrlAlphabet, 1},
        {"AA_A", Base64Fault::kUrlAlphabet, 2},
        {"AAA*", Base64Fault::kBadCharacter, 3},
        {"AAA,", Base64Fault::kBadCharacter, 3},
        {std::string_view("AA\0A", 4), Base64Fault::kBadCharacter, 2},
        {"AB==", Base64Fault::kPaddingBits, 1},
        {"AP==", Base64Fault::kPaddingBits, 1},
        {"AQ==", Base64Fault::kNone, 0},
        {"AAB=", Base64Fault::kPaddingBits, 2},
        {"AAD=", Base64Fault::kPaddingBits, 2},
        {"AAE=", Base64Fault::kNone, 0},
    };
    for (const Row& row : kRows) {
        const Base64Check check = check_base64(row.text);
        EXPECT_EQ(static_cast<int>(check.fault), static_cast<int>(row.fault)) << row.text;
        EXPECT_EQ(check.offset, row.offset) << row.text;
        if (row.fault != Base64Fault::kNone) {
            EXPECT_EQ(check.size, 0U) << row.text;
        }
    }
}

TEST(Base64, A58_HasExactlyTheAlphabetOfRfc4648) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned octet = 0; octet < 0x100; ++octet) {
        const char c = static_cast<char>(octet);
        const std::size_t place = kAlphabet.find(c);
        EXPECT_EQ(base64_digit(c), place == std::string_view::npos ? -1 : static_cast<int>(place)) << octet;
    }
}

TEST(Base64, A58_OfAllTextsOfFourLettersOnlyOneMeansTheSameOctets) {
    // Every group that is taken decodes to octets that no other group decodes to.
    constexpr std::string_view kLetters = "AEQg/+=-\n";
    std::set<std::string> seen;
    for (const char a : kLetters)
        for (const char b : kLetters)
            for (const char c : kLetters)
                for (const char d : kLetters) {
                    const std::string text{a, b, c, d};
                    const Base64Check check = check_base64(text);
                    if (check.fault != Base64Fault::kNone) continue;
                    ByteVector decoded(check.size);
                    decode_base64(text, decoded.data());
                    EXPECT_TRUE(seen.insert(text::hex(decoded)).second) << text;
                    EXPECT_EQ(text::base64(decoded), text);
                }
    EXPECT_GT(seen.size(), 1000U);
}

TEST(Base64, ReadsWhatIsWritten) {
    constexpr std::pair<std::string_view, std::string_view> kVectors[] = {
        // RFC 4648, 10
        {"f", "Zg=="},        {"fo", "Zm8="},        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, coded] : kVectors) {
        EXPECT_EQ(text::base64(octets_of(plain)), coded);
        ByteVector decoded(check_base64(coded).size);
        decode_base64(coded, decoded.data());
        EXPECT_EQ(decoded, ByteVector(octets_of(plain).begin(), octets_of(plain).end()));
    }
    ByteVector all;
    for (unsigned i = 0; i < 1000; ++i) {
        ByteVector decoded(all.size());
        const std::string coded = text::base64(all);
        if (!all.empty()) {
            ASSERT_EQ(check_base64(coded).size, all.size());
            decode_base64(coded, decoded.data());
        }
        EXPECT_EQ(decoded, all);
        all.push_back(static_cast<std::byte>(i * 37 + (i >> 3U)));
    }
}

}  // namespace
}  // namespace cotter::detail
