// What peers say, made safe to print.
#include "text/escape.h"

#include <gtest/gtest.h>

#include <string>

namespace cotter::text {
namespace {

struct Row {
    std::string_view text;
    std::string_view escaped;
};

TEST(Escape, A150_LetsNothingThroughThatATerminalObeys) {
    constexpr Row kRows[] = {
        {"", ""},
        {"db.example", "db.example"},
        {"Zoë Ключ 鍵 🔑", "Zoë Ключ 鍵 🔑"},
        {"\"quoted\" 'too'", "\"quoted\" 'too'"},
        {"back\\slash", "back\\\\slash"},
        {"\\x1b", "\\\\x1b"},
        {"\x1b[31mred", "\\x1b[31mred"},
        {"\x1b]0;title\x07", "\\x1b]0;title\\x07"},
        {"a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"},
        {std::string_view("nul\0", 4), "nul\\x00"},
        {"\x7f", "\\x7f"},
        {"\xc2\x80", "\\u{0080}"},
        {"\xc2\x9b", "\\u{009b}"},  // CSI in one character
        {"\xc2\x9f", "\\u{009f}"},
        {"\xc2\xa0", "\xc2\xa0"},
        {"\u061c", "\\u{061c}"},
        {"\u200b\u200e\u200f", "\\u{200b}\\u{200e}\\u{200f}"},
        {"\u2028\u2029", "\\u{2028}\\u{2029}"},
        {"\u202a\u202b\u202c\u202d\u202e", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"},
        {"\u2060\u2066\u2069\u206f", "\\u{2060}\\u{2066}\\u{2069}\\u{206f}"},
        {"\ufeff\ufff9", "\\u{feff}\\u{fff9}"},
        {"\U000e0041", "\\u{0e0041}"},
        {"\x9b", "\\x9b"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc0\x80", "\\xc0\\x80"},           // NUL written long
        {"\xc1\xbf", "\\xc1\\xbf"},           // written long
        {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},  // newline written long
        {"\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // a surrogate
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond Unicode
        {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
        {"\xe2\x82", "\\xe2\\x82"},           // cut
        {"\xe2\x1b\x82", "\\xe2\\x1b\\x82"},  // an escape inside a cut character
        {"\xc3", "\\xc3"},
    };
    for (const Row& row : kRows) EXPECT_EQ(escape(row.text), row.escaped);
}

TEST(Escape, A149_A150_GivesNoControlCharacterOfAnyTwoOctets) {
    for (unsigned first = 0; first < 0x100; ++first) {
        for (unsigned second = 0; second < 0x100; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second), 'z'};
            const std::string escaped = escape(text);
            EXPECT_TRUE(escaped.ends_with('z')) << first << ' ' << second;
            for (std::size_t at = 0; at < escaped.size(); ++at) {
                const auto octet = static_cast<unsigned char>(escaped[at]);
                EXPECT_TRUE(octet >= 0x20 && octet != 0x7f) << first << ' ' << second;
                if (octet < 0x80) continue;
                // The only octets over 7f are the two of a character from U+00A0 on.
                EXPECT_EQ(escaped, text) << first << ' ' << second;
                EXPECT_TRUE(first >= 0xc2 && (first > 0xc2 || second >= 0xa0)) << first << ' ' << second;
            }
        }
    }
}

TEST(Escape, CanBeUndone) {
    // Two texts are never printed alike.
    EXPECT_NE(escape("\x1b"), escape("\\x1b"));
    EXPECT_NE(escape("\u202e"), escape("\\u{202e}"));
    EXPECT_NE(escape("\\"), escape("\\\\"));
}

TEST(Escape, CutsBetweenCharactersAndSaysSo) {
    EXPECT_EQ(escape("abcdef", 6), "abcdef");
    EXPECT_EQ(escape("abcdefg", 6), "abcdef…");
    EXPECT_EQ(escape("abcdë", 5), "abcd…");
    EXPECT_EQ(escape("abc\x1b", 5), "abc…");
    EXPECT_EQ(escape("abc\x1b", 7), "abc\\x1b");
    EXPECT_EQ(escape("a", 0), "…");
    EXPECT_EQ(escape("", 0), "");
    EXPECT_LE(escape(std::string(1U << 20U, '\n')).size(), 1024U + 3U);
}

}  // namespace
}  // namespace cotter::text
