// Hex and base64 as they are written and read; what is no base64 is pin/base64_test.cc.
#include "text/encoding.h"

#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::text {
namespace {

using testing::octets;
using testing::octets_of;

TEST(Encoding, WritesHexInLowerCase) {
    EXPECT_EQ(hex({}), "");
    EXPECT_EQ(hex(octets("00 09 0a 10 7f 80 ff")), "00090a107f80ff");
    for (unsigned value = 0; value < 0x100; ++value) {
        const ByteVector one{static_cast<std::byte>(value)};
        EXPECT_EQ(octets(hex(one)), one);
    }
}

TEST(Encoding, ReadsHexInEitherCase) {
    EXPECT_EQ(octets_of_hex(""), ByteVector());
    EXPECT_EQ(octets_of_hex("00090a10AbFf"), octets("00 09 0a 10 ab ff"));
    for (const std::string_view text : {"0", "0g", "g0", "0x00", "00 ", " 0", "00:01", "\xc3\xa9"})
        EXPECT_FALSE(octets_of_hex(text)) << text;
}

TEST(Encoding, WritesBase64WithItsPadding) {
    EXPECT_EQ(base64({}), "");
    EXPECT_EQ(base64(octets_of("f")), "Zg==");  // RFC 4648, 10
    EXPECT_EQ(base64(octets_of("fo")), "Zm8=");
    EXPECT_EQ(base64(octets_of("foo")), "Zm9v");
    EXPECT_EQ(base64(octets_of("foobar")), "Zm9vYmFy");
    EXPECT_EQ(base64(octets("fb ff bf")), "+/+/");
    EXPECT_EQ(base64(octets("ff ff ff")), "////");
    EXPECT_EQ(base64(octets("00")), "AA==");
}

TEST(Encoding, ReadsTheBase64ThatItWritesAndNothingElse) {
    for (const char* all : {"f", "fo", "foo", "foobar"}) {
        const auto read = octets_of_base64(base64(octets_of(all)));
        ASSERT_TRUE(read) << all;
        EXPECT_TRUE(std::ranges::equal(*read, octets_of(all))) << all;
    }
    for (const char* wrong : {"", "Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Z-8="})
        EXPECT_FALSE(octets_of_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace cotter::text
