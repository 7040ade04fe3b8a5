// The rules of DER for a whole tree (X.690, 8 and 11), one row an encoding.
#include "der/reader.h"

#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cotter::der {
namespace {

using text::testing::octets;
using text::testing::octets_of;

struct Row {
    std::string_view input;  ///< hex
    std::string_view why;    ///< of the refusal; empty where it is DER
    std::size_t offset = 0;  ///< of the element at fault
};

void check(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        const auto checked = check_strict(octets(row.input));
        if (row.why.empty()) {
            EXPECT_TRUE(checked) << row.input << ": " << (checked ? "" : checked.error().why);
        } else {
            ASSERT_FALSE(checked) << row.input << " should be refused: " << row.why;
            EXPECT_EQ(checked.error(), (DerError{row.why, row.offset})) << row.input << ": " << checked.error().why;
        }
    }
}

ByteVector element(unsigned tag, std::string_view content) {
    ByteVector result{static_cast<std::byte>(tag), static_cast<std::byte>(content.size())};
    const Bytes octets = octets_of(content);
    result.insert(result.end(), octets.begin(), octets.end());
    return result;
}

std::string two(unsigned first, unsigned second) {
    return {static_cast<char>(first), static_cast<char>(second)};
}

TEST(StrictDer, A70_TakesABooleanIn00OrFFOnly) {
    for (unsigned value = 0; value < 0x100; ++value) {
        const bool is_der = value == 0x00 || value == 0xff;
        EXPECT_EQ(check_strict(element(0x01, std::string(1, static_cast<char>(value)))).has_value(), is_der) << value;
    }
    check({{"0100", "BOOLEAN that is neither 00 nor FF"},
           {"0102ffff", "BOOLEAN that is neither 00 nor FF"},
           {"01020000", "BOOLEAN that is neither 00 nor FF"},
           {"3006 020101 010101", "BOOLEAN that is neither 00 nor FF", 5},
           {"2103 0101ff", "a string in pieces"}});
}

TEST(StrictDer, A70_TakesIntegersInTheirShortestFormOnly) {
    for (unsigned first = 0; first < 0x100; ++first) {
        EXPECT_TRUE(check_strict(element(0x02, std::string(1, static_cast<char>(first))))) << first;
        for (unsigned second = 0; second < 0x100; ++second) {
            // Nine bits in a row that are alike say the sign twice (X.690, 8.3.2).
            const unsigned nine = (first << 1U) | (second >> 7U);
            const bool is_der = nine != 0 && nine != 0x1ff;
            EXPECT_EQ(check_strict(element(0x02, two(first, second))).has_value(), is_der) << first << ' ' << second;
            EXPECT_EQ(check_strict(element(0x0a, two(first, second))).has_value(), is_der) << first << ' ' << second;
        }
    }
    check({{"0200", "INTEGER without content"},
           {"0a00", "INTEGER without content"},
           {"0203008000", ""},
           {"0203007fff", "INTEGER not in its shortest form"},
           {"0203ff7fff", ""},
           {"0203ff8000", "INTEGER not in its shortest form"},
           {"2203020101", "a string in pieces"},
           {"300802010130030201 00", ""},
           {"3009020101300402020001", "INTEGER not in its shortest form", 7}});
}

TEST(StrictDer, A72_TakesBitStringsWithZeroPaddingOnly) {
    for (unsigned unused = 0; unused < 0x100; ++unused) {
        for (unsigned last = 0; last < 0x100; ++last) {
            const bool is_der = unused < 8 && last % (1U << (unused % 8)) == 0;
            EXPECT_EQ(check_strict(element(0x03, two(unused, last))).has_value(), is_der) << unused << ' ' << last;
        }
        EXPECT_EQ(check_strict(element(0x03, std::string(1, static_cast<char>(unused)))).has_value(), unused == 0);
    }
    check({{"0300", "BIT STRING without its count of unused bits"},
           {"030101", "BIT STRING with impossible unused bits"},
           {"030208ff", "BIT STRING with impossible unused bits"},
           {"0302ff00", "BIT STRING with impossible unused bits"},
           {"03020101", "BIT STRING with padding that is not zero"},
           {"030304ff08", "BIT STRING with padding that is not zero"},
           {"030304fff0", ""},
           {"2304 0302 00ff", "a string in pieces"},
           {"3006 0500 03020101", "BIT STRING with padding that is not zero", 4}});
}

TEST(StrictDer, A70_TakesNullWithoutContentOnly) {
    check({{"0500", ""},
           {"050100", "NULL with content"},
           {"05020500", "NULL with content"},
           {"2500", "a string in pieces"},
           {"3003050100", "NULL with content", 2}});
}

TEST(StrictDer, A166_TakesObjectIdentifiersInTheirShortestFormOfAnyLength) {
    check({{"060100", ""},
           {"06012a", ""},
           {"06032a8648", ""},
           {"06032a8686", "OBJECT IDENTIFIER cut short"},
           {"06062a864886f70d", ""},
           {"06092a864886f70d010101", ""},
           {"06082a8648ce3d030107", ""},
           {"0602812a", ""},
           {"06028800", ""},
           {"0603ffff7f", ""},
           {"060affffffffffffffffff7f", ""},
           {"0600", "OBJECT IDENTIFIER cut short"},
           {"060180", "OBJECT IDENTIFIER cut short"},
           {"060181", "OBJECT IDENTIFIER cut short"},
           {"06022a80", "OBJECT IDENTIFIER cut short"},
           {"06022a81", "OBJECT IDENTIFIER cut short"},
           {"0602802a", "OBJECT IDENTIFIER not in its shortest form"},
           {"06032a8001", "OBJECT IDENTIFIER not in its shortest form"},
           {"06042a808001", "OBJECT IDENTIFIER not in its shortest form"},
           {"06032a8180", "OBJECT IDENTIFIER cut short"},
           {"06042a818001", ""},
           {"06042a01802a", "OBJECT IDENTIFIER not in its shortest form"},
           {"26030601 2a", "a string in pieces"},
           {"300b 06092a864886f70d018001", "OBJECT IDENTIFIER not in its shortest form", 2}});
    // One arc of a megabyte: read once, not once an octet.
    ByteVector gigantic = octets("0683100000");
    gigantic.resize(gigantic.size() + 0x100000, std::byte{0xff});
    gigantic.back() = std::byte{0x7f};
    EXPECT_TRUE(check_strict(gigantic));
    gigantic.back() = std::byte{0xff};
    EXPECT_FALSE(check_strict(gigantic));
}

struct Time {
    unsigned tag;
    std::string_view text;
    bool is_taken;
    std::string_view reason;
};

TEST(StrictDer, A121_TakesTimesInSecondsAndZOnly) {
    constexpr Time kRows[] = {
        {0x17, "261124103034Z", true, "plain"},
        {0x17, "000101000000Z", true, "year 2000"},
        {0x17, "500101000000Z", true, "year 1950"},
        {0x17, "491231235959Z", true, "year 2049"},
        {0x17, "2611241030Z", false, "no seconds"},
        {0x17, "261124103034", false, "no zone"},
        {0x17, "261124103034z", false, "small z"},
        {0x17, "261124103034+0000", false, "an offset"},
        {0x17, "261124103034-0100", false, "an offset"},
        {0x17, "2611241030+00", false, "an offset in the right length"},
        {0x17, "261124103034+", false, "the sign of an offset"},
        {0x17, "20261124103034Z", false, "a year of four digits"},
        {0x17, "261124103060Z", false, "second 60"},
        {0x17, "261124106034Z", false, "minute 60"},
        {0x17, "261124243034Z", false, "hour 24"},
        {0x17, "260024103034Z", false, "month 0"},
        {0x17, "261324103034Z", false, "month 13"},
        {0x17, "261100103034Z", false, "day 0"},
        {0x17, "261132103034Z", false, "day 32"},
        {0x17, "2611241030 4Z", false, "a blank"},
        {0x17, "-61124103034Z", false, "a sign"},
        {0x17, "26112410303:Z", false, "the character after 9"},
        {0x17, "26112410303/Z", false, "the character before 0"},
        {0x17, "", false, "nothing"},
        {0x17, "Z", false, "a zone alone"},
        {0x18, "20261124103034Z", true, "plain"},
        {0x18, "20500101000000Z", true, "the first that certificates use"},
        {0x18, "20380119031408Z", true, "after 32 bits"},
        {0x18, "99991231235959Z", true, "no end (A124)"},
        {0x18, "00000101000000Z", true, "year 0: the certificate's reader refuses it"},
        {0x18, "20261124103034.5Z", false, "a fraction"},
        {0x18, "20261124103034,5Z", false, "a fraction with a comma"},
        {0x18, "202611241030Z", false, "no seconds"},
        {0x18, "2026112410Z", false, "no minutes"},
        {0x18, "20261124103034", false, "no zone"},
        {0x18, "20261124103034+0000", false, "an offset"},
        {0x18, "20261124103034+", false, "the sign of an offset"},
        {0x18, "261124103034Z", false, "a year of two digits"},
        {0x18, "20261124103060Z", false, "second 60"},
        {0x18, "20261124106000Z", false, "minute 60"},
        {0x18, "20261124240000Z", false, "hour 24"},
        {0x18, "20261301000000Z", false, "month 13"},
        {0x18, "20261132000000Z", false, "day 32"},
        {0x18, "120261124103034Z", false, "a year of five digits"},
    };
    for (const Time& row : kRows) {
        const auto checked = check_strict(element(row.tag, row.text));
        EXPECT_EQ(checked.has_value(), row.is_taken) << row.text << ": " << row.reason;
    }
    check({{"3003 170130", "time not in the form that ends in seconds and Z", 2},
           {"370f 170d3236313132343130333033345a", "a string in pieces"}});
}

TEST(StrictDer, A70_TakesSetsInOrderOnly) {
    check({{"3100", ""},
           {"3103020101", ""},
           {"3106020101020102", ""},
           {"3106020101020101", ""},
           {"3106020102020101", "SET OF not in order", 5},
           {"3107020200ff020101", "SET OF not in order", 6},
           {"3107020101020200ff", ""},
           {"31060101ff020101", ""},
           {"31060201010101ff", "SET OF not in order", 5},
           {"310602017f020180", ""},
           {"310602018002017f", "SET OF not in order", 5},
           {"31053000020101", "SET OF not in order", 4},
           {"31050201013000", ""},
           {"3009 3107 020102 02020080", ""},
           {"3008 3106 020102 020101", "SET OF not in order", 7},
           {"3109 020101 020102 020101", "SET OF not in order", 8},
           {"31050201010280", "indefinite length", 5},
           {"110302 0101", "a SEQUENCE or SET that is not constructed"}});
}

TEST(StrictDer, A70_KnowsEveryUniversalType) {
    // Which of the 32 numbers stand for something, when they are not constructed and hold a digit.
    for (unsigned number = 0; number < 0x1f; ++number) {
        const bool is_string = number == 0x04 || number == 0x0c || (number >= 0x12 && number <= 0x16) ||
                               (number >= 0x19 && number <= 0x1c) || number == 0x1e;
        const bool is_integer = number == 0x02 || number == 0x0a || number == 0x06;
        EXPECT_EQ(check_strict(element(number, "0")).has_value(), is_string || is_integer) << number;
        const bool is_list = number == 0x10 || number == 0x11;
        EXPECT_EQ(check_strict(element(0x20U | number, std::string("\x02\x01\x05"))).has_value(), is_list) << number;
    }
    check({{"0000", "a type that certificates don't have"},
           {"2000", "a string in pieces"},
           {"1000", "a SEQUENCE or SET that is not constructed"},
           {"1003020101", "a SEQUENCE or SET that is not constructed"},
           {"1100", "a SEQUENCE or SET that is not constructed"},
           {"0d012a", "a type that certificates don't have"},
           {"090100", "a type that certificates don't have"},
           {"24040402 4142", "a string in pieces"},
           {"2c040c0241 42", "a string in pieces"},
           {"33041302 4142", "a string in pieces"},
           {"3004 0400 0000", "a type that certificates don't have", 4},
           {"30800000", "indefinite length"},
           {"3080020101 0000", "indefinite length"},
           {"3004 2480 0000", "indefinite length", 2}});
}

TEST(StrictDer, A70_EntersTaggedElementsButNotStrings) {
    check({{"a003020101", ""},
           {"a00402020001", "INTEGER not in its shortest form", 2},
           {"800402020001", ""},
           {"a000", ""},
           {"8000", ""},
           {"6003020101", ""},
           {"6004 0202 0001", "INTEGER not in its shortest form", 2},
           {"c00402020001", ""},
           {"e0040202 0001", "INTEGER not in its shortest form", 2},
           {"040402020001", ""},
           {"0305000202 0001", ""},
           {"3006 a004 0202 0001", "INTEGER not in its shortest form", 4},
           {"300402020001", "INTEGER not in its shortest form", 2},
           {"30030201", "a length that goes beyond the end"},
           {"3002 0201", "a length that goes beyond the end", 2},
           {"3001 02", "cut short", 2},
           {"300302 8101", "length not in its shortest form", 2},
           {"3003028180", "a length that goes beyond the end", 2},
           {"3004 02810101", "length not in its shortest form", 2},
           {"3003 1f0100", "a tag number over 30", 2},
           {"3003 bf8100", "a tag number over 30", 2}});
}

TEST(StrictDer, A70_RefusesWhatFollowsTheOneElement) {
    check({{"3000 00", "bytes after the end", 2},
           {"3000 0000", "bytes after the end", 2},
           {"020101 020101", "bytes after the end", 3},
           {"0500 0a", "bytes after the end", 2},
           {"", "cut short"},
           {"30", "cut short"}});
}

/// `levels` SEQUENCEs in each other, the innermost with that content.
ByteVector nested(unsigned levels, std::string_view innermost) {
    ByteVector inner = octets(innermost);
    for (unsigned level = 0; level < levels; ++level) {
        ByteVector outer{std::byte{0x30}};
        if (inner.size() >= 0x80) outer.push_back(std::byte{0x81});
        outer.push_back(static_cast<std::byte>(inner.size()));
        outer.insert(outer.end(), inner.begin(), inner.end());
        inner = std::move(outer);
    }
    return inner;
}

TEST(StrictDer, A166_EndsAt64Levels) {
    for (const unsigned levels : {1U, 2U, 32U, 63U, 64U}) {
        EXPECT_TRUE(check_strict(nested(levels, ""))) << levels;
        EXPECT_TRUE(check_strict(nested(levels, "020101"))) << levels;
    }
    const auto deep = check_strict(nested(65, ""));
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().why, "nested more than 64 deep");
    EXPECT_EQ(deep.error().offset, nested(65, "").size() - 2);
    EXPECT_FALSE(check_strict(nested(80, "020101")));
    // Any constructed type counts, and a hundred thousand levels cost no stack.
    EXPECT_FALSE(check_strict(nested(64, "a000")));
    EXPECT_FALSE(check_strict(nested(64, "3100")));
    ByteVector bottomless;
    for (std::size_t rest = 300000; rest >= 0x10000; rest -= 5) {
        for (const std::size_t octet : {std::size_t{0x30}, std::size_t{0x83}, (rest >> 16U), (rest >> 8U), rest}) {
            bottomless.push_back(static_cast<std::byte>(octet));
        }
    }
    bottomless.resize(300005, std::byte{0});
    const auto refused = check_strict(bottomless);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().why, "nested more than 64 deep");
    EXPECT_EQ(refused.error().offset, 64U * 5);
}

}  // namespace
}  // namespace cotter::der
