// A digest whose base64 begins with a slash: its canonical text looks like curl's spelling, and is not.
#include <cotter/pin.h>

#include <gtest/gtest.h>

namespace cotter {
namespace {

constexpr std::string_view kValue = "/vxPnMP0EM0G2OTWV9bTOntE2ANvKllXywqXErqwc8w=";

TEST(PinGrammar, ReadsACanonicalPinWhoseDigestBeginsWithASlash) {
    const std::string canonical = "sha256/" + std::string(kValue);
    const auto pin = Pin::parse(canonical);
    ASSERT_TRUE(pin) << pin.error().why;
    EXPECT_EQ(pin->to_string(), canonical);
}

TEST(PinGrammar, ReadsTheSameDigestInCurlsSpelling) {
    const auto pin = Pin::parse("sha256//" + std::string(kValue));
    ASSERT_TRUE(pin) << pin.error().why;
    EXPECT_EQ(pin->to_string(), "sha256/" + std::string(kValue));
}

TEST(PinGrammar, RefusesCurlsSpellingWithoutItsPadding) {
    EXPECT_FALSE(Pin::parse("sha256//vxPnMP0EM0G2OTWV9bTOntE2ANvKllXywqXErqwc8w"));
    EXPECT_FALSE(Pin::parse("sha256//avxPnMP0EM0G2OTWV9bTOntE2ANvKllXywqXErqwc8w"));
}

}  // namespace
}  // namespace cotter
