// Tags, lengths and offsets: what is one element, and what is refused before anybody looks at its content.
#include "der/reader.h"

#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace cotter::der {
namespace {

using text::testing::filled;
using text::testing::octets;

ByteVector joined(ByteVector first, const ByteVector& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

struct Framing {
    std::string_view header;  ///< hex
    std::size_t content;      ///< octets that follow it
    std::string_view why;     ///< of the refusal; empty where it is taken
};

TEST(DerReader, A70_TakesEachLengthInItsOneSpellingOnly) {
    constexpr Framing kRows[] = {
        {"0400", 0, ""},
        {"0401", 1, ""},
        {"047f", 127, ""},
        {"048180", 128, ""},
        {"0481ff", 255, ""},
        {"04820100", 256, ""},
        {"0482ffff", 65535, ""},
        {"0483010000", 65536, ""},
        {"0483ffffff", 0xffffff, ""},
        {"048401000000", 0x1000000, ""},
        {"0480", 0, "indefinite length"},
        {"3080", 2, "indefinite length"},
        {"048100", 0, "length not in its shortest form"},
        {"048101", 1, "length not in its shortest form"},
        {"04817f", 127, "length not in its shortest form"},
        {"04820000", 0, "length not in its shortest form"},
        {"04820001", 1, "length not in its shortest form"},
        {"0482007f", 127, "length not in its shortest form"},
        {"04820080", 128, "length not in its shortest form"},
        {"048200ff", 255, "length not in its shortest form"},
        {"0483000100", 256, "length not in its shortest form"},
        {"048300ffff", 65535, "length not in its shortest form"},
        {"048400010000", 65536, "length not in its shortest form"},
        {"048400ffffff", 0xffffff, "length not in its shortest form"},
        {"04850000000001", 1, "a length of more than four octets"},
        {"04850100000000", 0, "a length of more than four octets"},
        {"0488ffffffffffffffff", 0, "a length of more than four octets"},
        {"04fe", 126, "a length of more than four octets"},
        {"04ff", 127, "a length of more than four octets"},
        {"0401", 0, "a length that goes beyond the end"},
        {"047f", 126, "a length that goes beyond the end"},
        {"048180", 127, "a length that goes beyond the end"},
        {"04820100", 255, "a length that goes beyond the end"},
        {"0484ffffffff", 16, "a length that goes beyond the end"},
        {"04847fffffff", 16, "a length that goes beyond the end"},
        {"", 0, "cut short"},
        {"04", 0, "cut short"},
        {"0481", 0, "cut short"},
        {"048201", 0, "cut short"},
        {"04830100", 0, "cut short"},
        {"0484010000", 0, "cut short"},
        {"1f", 0, "cut short"},
    };
    for (const Framing& row : kRows) {
        const ByteVector header = octets(row.header);
        const ByteVector input = joined(header, filled(row.content, 0x41));
        Reader reader(input);
        const auto element = reader.next();
        if (row.why.empty()) {
            ASSERT_TRUE(element) << row.header;
            EXPECT_EQ(element->encoding.data(), input.data()) << row.header;
            EXPECT_EQ(element->encoding.size(), input.size()) << row.header;
            EXPECT_EQ(element->content.data(), input.data() + header.size()) << row.header;
            EXPECT_EQ(element->content.size(), row.content) << row.header;
            EXPECT_TRUE(reader.at_end()) << row.header;
            EXPECT_EQ(reader.offset(), input.size()) << row.header;
        } else {
            ASSERT_FALSE(element) << row.header << ", " << row.why;
            EXPECT_EQ(element.error(), (DerError{row.why, 0})) << row.header;
            EXPECT_EQ(reader.offset(), 0U) << row.header << ": a refusal takes nothing";
        }
    }
}

TEST(DerReader, A70_ReadsBackEveryLengthAsItIsWritten) {
    for (std::size_t size = 0; size < 70000; size = size < 600 ? size + 1 : size * 3 / 2) {
        ByteVector minimal{std::byte{0x04}};
        ByteVector wasteful{std::byte{0x04}};
        std::string digits;  // base 256, most significant first
        for (std::size_t rest = size; rest > 0; rest >>= 8U) digits.insert(digits.begin(), static_cast<char>(rest));
        const auto append = [](ByteVector& to, std::string_view text) {
            std::ranges::transform(text, std::back_inserter(to), [](char c) { return static_cast<std::byte>(c); });
        };
        if (size < 0x80) {
            minimal.push_back(static_cast<std::byte>(size));
        } else {
            minimal.push_back(static_cast<std::byte>(0x80U | digits.size()));
            append(minimal, digits);
        }
        wasteful.push_back(static_cast<std::byte>(0x80U | (digits.size() + 1)));
        append(wasteful, std::string(1, '\0') + digits);
        const ByteVector content = filled(size, 0x55);
        const auto read = read_single(joined(minimal, content), Tag::kOctetString);
        ASSERT_TRUE(read) << size;
        EXPECT_EQ(read->content.size(), size);
        EXPECT_FALSE(read_single(joined(wasteful, content), Tag::kOctetString)) << size;
    }
}

TEST(DerReader, A70_RefusesEveryHighTagNumber) {
    for (unsigned identifier = 0; identifier < 0x100; ++identifier) {
        const ByteVector input{static_cast<std::byte>(identifier), std::byte{0x01}, std::byte{0x00}};
        const auto element = Reader(input).next();
        if ((identifier & 0x1fU) == 0x1fU) {
            ASSERT_FALSE(element) << identifier;
            EXPECT_EQ(element.error().why, "a tag number over 30");
        } else {
            ASSERT_TRUE(element) << identifier;
            EXPECT_EQ(static_cast<unsigned>(element->tag), identifier);
            EXPECT_EQ(element->is_constructed(), (identifier & 0x20U) != 0);
        }
    }
}

TEST(DerReader, CountsOffsetsFromTheOutermostInput) {
    //                                0   2   4     7   9   11
    const ByteVector input = octets("30 0b 30 03 02 01 05 a0 04 30 02 05 00");
    Reader outer(input);
    const auto sequence = outer.next();
    ASSERT_TRUE(sequence);
    EXPECT_EQ(sequence->offset, 0U);
    Reader members = Reader::inside(*sequence);
    const auto first = members.next();
    const auto second = members.next();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->offset, 2U);
    EXPECT_EQ(Reader::inside(*first).next()->offset, 4U);
    EXPECT_EQ(second->offset, 7U);
    const auto third = Reader::inside(*second).next();
    ASSERT_TRUE(third);
    EXPECT_EQ(third->offset, 9U);
    EXPECT_EQ(Reader::inside(*third).next()->offset, 11U);
    EXPECT_EQ(Reader(input, 100).next()->offset, 100U);
}

TEST(DerReader, CountsOffsetsPastLongHeaders) {
    const ByteVector member = joined(octets("04820100"), filled(256, 0));
    const ByteVector input = joined(octets("30820106"), joined(member, octets("0280")));
    const auto sequence = read_single(input, Tag::kSequence);
    ASSERT_TRUE(sequence);
    Reader members = Reader::inside(*sequence);
    EXPECT_EQ(members.offset(), 4U);
    ASSERT_TRUE(members.next());
    EXPECT_EQ(members.offset(), 264U);
    const auto bad = members.next();
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error(), (DerError{"indefinite length", 264}));
}

TEST(DerReader, ExpectsOneTagAndTakesNothingElse) {
    const ByteVector input = octets("020105 0500");
    Reader reader(input);
    EXPECT_TRUE(reader.next_is(Tag::kInteger));
    EXPECT_FALSE(reader.next_is(Tag::kNull));
    EXPECT_EQ(reader.expect(Tag::kNull).error(), (DerError{"another element than expected", 0}));
    EXPECT_TRUE(reader.expect(Tag::kInteger));
    EXPECT_EQ(reader.finish().error(), (DerError{"bytes after the end", 3}));
    EXPECT_TRUE(reader.expect(Tag::kNull));
    EXPECT_TRUE(reader.finish());
    EXPECT_FALSE(reader.next_is(Tag::kNull));
    EXPECT_EQ(reader.expect(Tag::kNull).error(), (DerError{"an element is missing", 5}));
}

TEST(DerReader, TellsTheContextTagsApart) {
    EXPECT_EQ(context(0, true), static_cast<Tag>(0xa0));
    EXPECT_EQ(context(0, false), static_cast<Tag>(0x80));
    EXPECT_EQ(context(30, true), static_cast<Tag>(0xbe));
    EXPECT_TRUE(Reader(octets("a000")).next_is(context(0, true)));
    EXPECT_FALSE(Reader(octets("a000")).next_is(context(0, false)));
    EXPECT_FALSE(Reader(octets("8000")).next_is(context(0, true)));
}

TEST(DerReader, A70_ReadsOneElementAndNothingBehindIt) {
    const ByteVector whole = octets("3003020100");
    EXPECT_TRUE(read_single(whole, Tag::kSequence));
    EXPECT_FALSE(read_single(whole, Tag::kSet));
    for (const std::string_view more : {"00", "0000", "0500", "3003020100", "ff", "0a"}) {
        const auto read = read_single(joined(whole, octets(more)), Tag::kSequence);
        ASSERT_FALSE(read) << more;
        EXPECT_EQ(read.error(), (DerError{"bytes after the end", 5})) << more;
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(read_single(Bytes(whole).first(size), Tag::kSequence)) << size;
        EXPECT_FALSE(check_strict(Bytes(whole).first(size))) << size;
    }
}

struct Number {
    std::string_view element;
    std::optional<std::string_view> octets;  ///< nothing: refused
    std::string_view why;
};

TEST(DerReader, A75_GivesUnsignedIntegersWithoutTheirSign) {
    constexpr Number kRows[] = {
        {"020100", "", ""},
        {"020101", "01", ""},
        {"02017f", "7f", ""},
        {"02020080", "80", ""},
        {"020200ff", "ff", ""},
        {"02020100", "0100", ""},
        {"02027fff", "7fff", ""},
        {"0203008000", "8000", ""},
        {"020180", std::nullopt, "a negative INTEGER"},
        {"0201ff", std::nullopt, "a negative INTEGER"},
        {"0202ff7f", std::nullopt, "a negative INTEGER"},
        {"02028000", std::nullopt, "a negative INTEGER"},
        {"02020001", std::nullopt, "INTEGER not in its shortest form"},
        {"02020000", std::nullopt, "INTEGER not in its shortest form"},
        {"0203000080", std::nullopt, "INTEGER not in its shortest form"},
        {"0202ffff", std::nullopt, "INTEGER not in its shortest form"},
        {"0202ff80", std::nullopt, "INTEGER not in its shortest form"},
        {"0200", std::nullopt, "INTEGER without content"},
        {"030100", std::nullopt, "another element than an INTEGER"},
        {"0a0101", std::nullopt, "another element than an INTEGER"},
        {"810101", std::nullopt, "another element than an INTEGER"},
        {"220101", std::nullopt, "another element than an INTEGER"},
    };
    for (const Number& row : kRows) {
        const ByteVector input = octets(row.element);
        const auto element = Reader(input, 7).next();
        ASSERT_TRUE(element) << row.element;
        const auto number = unsigned_integer(*element);
        if (row.octets) {
            ASSERT_TRUE(number) << row.element;
            EXPECT_EQ(ByteVector(number->begin(), number->end()), octets(*row.octets)) << row.element;
        } else {
            ASSERT_FALSE(number) << row.element;
            EXPECT_EQ(number.error(), (DerError{row.why, 7})) << row.element;
        }
    }
}

TEST(DerReader, A72_GivesBitStringsOfWholeOctetsOnly) {
    constexpr Number kRows[] = {
        {"030100", "", ""},
        {"030200ff", "ff", ""},
        {"03030004aa", "04aa", ""},
        {"03020180", std::nullopt, "BIT STRING with unused bits"},
        {"03020780", std::nullopt, "BIT STRING with unused bits"},
        {"030208ff", std::nullopt, "BIT STRING with unused bits"},
        {"0300", std::nullopt, "BIT STRING with unused bits"},
        {"040200ff", std::nullopt, "another element than a BIT STRING"},
        {"2304030200ff", std::nullopt, "another element than a BIT STRING"},
    };
    for (const Number& row : kRows) {
        const ByteVector input = octets(row.element);
        const auto element = Reader(input, 9).next();
        ASSERT_TRUE(element) << row.element;
        const auto content = whole_octets(*element);
        if (row.octets) {
            ASSERT_TRUE(content) << row.element;
            EXPECT_EQ(ByteVector(content->begin(), content->end()), octets(*row.octets)) << row.element;
        } else {
            ASSERT_FALSE(content) << row.element;
            EXPECT_EQ(content.error(), (DerError{row.why, 9})) << row.element;
        }
    }
}

}  // namespace
}  // namespace cotter::der
