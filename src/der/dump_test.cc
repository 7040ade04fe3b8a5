// The dump: what each element says, where it stops, and that no input makes it deep, long or slow.
#include "der/dump.h"

#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cotter::der {
namespace {

using text::testing::filled;
using text::testing::octets;
using text::testing::octets_of;

struct Dumped {
    std::vector<DumpRow> rows;
    std::optional<DerError> fault;
};

Dumped dumped(const ByteVector& input, const DumpOptions& options = {}) {
    Dumped result;
    result.fault = dump(input, options, [&](const DumpRow& row) { result.rows.push_back(row); });
    return result;
}

/// An element of that tag round the content.
ByteVector wrapped(unsigned tag, const ByteVector& content) {
    ByteVector result{static_cast<std::byte>(tag)};
    std::vector<std::byte> length;
    for (std::size_t rest = content.size(); rest > 0; rest >>= 8U)
        length.insert(length.begin(), static_cast<std::byte>(rest & 0xffU));
    if (content.size() < 0x80) {
        result.push_back(static_cast<std::byte>(content.size()));
    } else {
        result.push_back(static_cast<std::byte>(0x80U | length.size()));
        result.insert(result.end(), length.begin(), length.end());
    }
    result.insert(result.end(), content.begin(), content.end());
    return result;
}

TEST(Dump, SaysWhatAValueIs) {
    constexpr struct {
        std::string_view der;
        std::string_view type;
        std::string_view value;
    } kRows[] = {
        {"0101ff", "BOOLEAN", "TRUE"},
        {"010100", "BOOLEAN", "FALSE"},
        {"0203010001", "INTEGER", "0x010001"},
        {"0201ff", "INTEGER", "0xff"},
        {"0a0102", "ENUMERATED", "0x02"},
        {"0500", "NULL", ""},
        {"0603550403", "OBJECT IDENTIFIER", "2.5.4.3"},
        {"06092a864886f70d010101", "OBJECT IDENTIFIER", "1.2.840.113549.1.1.1"},
        {"0c03c3a961", "UTF8String", "\"éa\""},
        {"130461076261", "PrintableString", "\"a\\x07ba\""},
        {"16056122625c63", "IA5String", "\"a\"b\\\\c\""},
        {"1e060061202e00e9", "BMPString", "\"a\\u{202e}é\""},
        {"1c0800000061 0001f600", "UniversalString", "\"a😀\""},
        {"170d3236313132343130333033345a", "UTCTime", "2026-11-24T10:30:34Z"},
        {"170d3735313132343130333033345a", "UTCTime", "1975-11-24T10:30:34Z"},
        {"180f32303531313132343130333033345a", "GeneralizedTime", "2051-11-24T10:30:34Z"},
        {"0404deadbeef", "OCTET STRING", "deadbeef"},
        {"0303048fb0", "BIT STRING", "8fb0 (4 bits unused)"},
        {"8203612e62", "[2]", "\"a.b\""},
        {"8704c0000201", "[7]", "c0000201"},
        {"a003020102", "[0]", ""},
        {"7803020100", "[APPLICATION 24]", ""},
        {"c10161", "[PRIVATE 1]", "\"a\""},
        {"3000", "SEQUENCE", ""},
        {"3100", "SET", ""},
    };
    for (const auto& row : kRows) {
        const Dumped result = dumped(octets(row.der));
        ASSERT_FALSE(result.rows.empty()) << row.der;
        EXPECT_EQ(result.rows.front().type, row.type) << row.der;
        EXPECT_EQ(result.rows.front().value, row.value) << row.der;
        EXPECT_FALSE(result.fault) << row.der << ": " << result.fault->why;
    }
}

TEST(Dump, NamesObjectIdentifiersAsItIsTold) {
    const auto result = dumped(
        octets("0603550403"), {[](Bytes content) { return content.size() == 3 ? std::string("common\x1bName") : ""; }});
    EXPECT_EQ(result.rows.front().value, "common\\x1bName (2.5.4.3)");
}

TEST(Dump, CountsOffsetsAndDepthFromTheOutside) {
    // SEQUENCE { [0] { INTEGER 2 }, OCTET STRING holding SEQUENCE { NULL }, BIT STRING holding SEQUENCE {} }
    const Dumped result = dumped(octets("3010 a003020102 0404 30020500 0303 003000"));
    ASSERT_FALSE(result.fault) << result.fault->why;
    constexpr struct {
        std::size_t offset;
        unsigned depth;
        std::string_view type;
        bool holds_der;
    } kRows[] = {{0, 0, "SEQUENCE", false},    {2, 1, "[0]", false},      {4, 2, "INTEGER", false},
                 {7, 1, "OCTET STRING", true}, {9, 2, "SEQUENCE", false}, {11, 3, "NULL", false},
                 {13, 1, "BIT STRING", true},  {16, 2, "SEQUENCE", false}};
    ASSERT_EQ(result.rows.size(), std::size(kRows));
    for (std::size_t i = 0; i < std::size(kRows); ++i) {
        EXPECT_EQ(result.rows[i].element.offset, kRows[i].offset) << i;
        EXPECT_EQ(result.rows[i].depth, kRows[i].depth) << i;
        EXPECT_EQ(result.rows[i].type, kRows[i].type) << i;
        EXPECT_EQ(result.rows[i].holds_der, kRows[i].holds_der) << i;
    }
}

TEST(Dump, EntersStringsOnlyWhereAllOfThemIsOneElementAndOnlyIfItMay) {
    EXPECT_EQ(dumped(octets("04020500")).rows.size(), 2U);
    EXPECT_EQ(dumped(octets("0403050000")).rows.size(), 1U) << "an octet after it";
    EXPECT_EQ(dumped(octets("0404020200 01")).rows.size(), 1U) << "not DER";
    EXPECT_EQ(dumped(octets("0303010500")).rows.size(), 1U) << "unused bits";
    EXPECT_EQ(dumped(octets("04020500"), {{}, false, false}).rows.size(), 1U);
}

TEST(Dump, SaysWhereItStopsBeingDerAndShowsWhatPrecedes) {
    constexpr struct {
        std::string_view der;
        std::size_t rows;
        std::size_t offset;
        std::string_view why;
    } kRows[] = {
        {"", 0, 0, "nothing at all"},
        {"30", 0, 0, "cut short"},
        {"3080 020101 0000", 0, 0, "indefinite length"},
        {"3005 020101 3080", 2, 5, "indefinite length"},
        {"3003 020201", 1, 2, "a length that goes beyond the end"},
        {"308103 020101", 0, 0, "length not in its shortest form"},
        {"3f8101 00", 0, 0, "a tag number over 30"},
        {"3004 02020001", 2, 2, "INTEGER not in its shortest form"},
        {"3006 010101 020101", 3, 2, "BOOLEAN that is neither 00 nor FF"},
        {"3106 020102 020101", 3, 5, "SET OF not in order"},
        {"2403 040161", 2, 0, "a string in pieces"},
        {"0500 00", 1, 2, "bytes after the end"},
        {"0500 0500", 2, 2, "bytes after the end"},
        {"170b323631313234313033305a", 1, 0, "time not in the form that ends in seconds and Z"},
    };
    for (const auto& row : kRows) {
        const Dumped result = dumped(octets(row.der));
        ASSERT_TRUE(result.fault) << row.der;
        EXPECT_EQ(result.rows.size(), row.rows) << row.der;
        EXPECT_EQ(result.fault->offset, row.offset) << row.der;
        EXPECT_EQ(result.fault->why, row.why) << row.der;
    }
}

TEST(Dump, FindsNothingWrongExactlyWhereTheStrictReaderDoes) {
    for (const std::string_view der : {"3000", "3005a003020102", "3104 0500 0500", "3106 020102 020101", "010102",
                                       "0500", "050000", "30040c02c3a9", "3003 800100", "0402 3080", "0380"}) {
        EXPECT_EQ(dumped(octets(der)).fault.has_value(), !check_strict(octets(der)).has_value()) << der;
    }
}

TEST(Dump, A166_A234_IsNeverDeeperThan64) {
    ByteVector nested = octets("0500");
    for (int i = 0; i < 100; ++i) nested = wrapped(i % 2 == 0 ? 0x30 : 0x04, nested);
    const Dumped result = dumped(nested);
    EXPECT_EQ(result.rows.size(), 64U);
    EXPECT_EQ(result.rows.back().depth, 63U);
    ASSERT_TRUE(result.fault);
    EXPECT_EQ(result.fault->why, "nested deeper than is shown");
}

TEST(Dump, A166_A234_EndsAfterAMillionElements) {
    ByteVector many;
    for (int i = 0; i < 1'000'010; ++i) {
        many.push_back(std::byte{0x05});
        many.push_back(std::byte{0x00});
    }
    std::size_t rows = 0;
    const auto fault = dump(wrapped(0x30, many), {}, [&](const DumpRow&) { ++rows; });
    EXPECT_EQ(rows, 1'000'000U);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->why, "more elements than are shown");
}

TEST(Dump, A166_A234_BoundsEveryValue) {
    ByteVector arcs = filled(100'000, 0x81);  // one arc of 700,000 bits
    arcs.push_back(std::byte{0x01});
    const ByteVector rows[] = {wrapped(0x02, filled(1'000'000, 0x7f)),
                               wrapped(0x04, filled(1'000'000, 0x00)),
                               wrapped(0x0c, filled(1'000'000, 0x1b)),
                               wrapped(0x1e, filled(1'000'000, 0x20)),
                               wrapped(0x06, arcs),
                               wrapped(0x06, filled(1'000'000, 0x01)),
                               wrapped(0x82, filled(1'000'000, 'a')),
                               wrapped(0x17, filled(1'000'000, '1'))};
    for (const ByteVector& der : rows) {
        const Dumped result = dumped(der);
        ASSERT_EQ(result.rows.size(), 1U);
        EXPECT_LE(result.rows.front().value.size(), 400U) << result.rows.front().type;
        EXPECT_NE(result.rows.front().value.find("…"), std::string::npos) << result.rows.front().value;
    }
}

TEST(Dump, HidesWhatMakesAPrivateKeyPrivate) {
    // SEQUENCE { INTEGER 0, INTEGER of six octets, OCTET STRING holding SEQUENCE { OCTET STRING }, text that looks like
    // it }
    const Dumped result = dumped(octets("3018 020100 0206 010203040506 0405 3003 040155 0404 1602 6162"),
                                 {.name_of = {}, .enters_strings = true, .hides_values = true});
    std::string all;
    for (const DumpRow& row : result.rows) all += row.type + " " + row.value + "\n";
    EXPECT_EQ(all,
              "SEQUENCE \nINTEGER 0x00\nINTEGER hidden (6 octets)\nOCTET STRING \nSEQUENCE \n"
              "OCTET STRING hidden (1 octet)\nOCTET STRING hidden (4 octets)\n");
}

TEST(Dump, WritesObjectIdentifiersWithDots) {
    constexpr struct {
        std::string_view content;
        std::string_view text;
    } kRows[] = {{"00", "0.0"},
                 {"28", "1.0"},
                 {"27", "0.39"},
                 {"88 37", "2.999"},
                 {"2b0601", "1.3.6.1"},
                 {"81ffffffffffffffff7f", "2.18446744073709551535"},
                 {"2b83ffffffffffffffff7f", "1.3…"},
                 {"", ""}};
    for (const auto& row : kRows) EXPECT_EQ(dotted(octets(row.content)), row.text) << row.content;
}

}  // namespace
}  // namespace cotter::der
