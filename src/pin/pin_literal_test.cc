// Pins as constants. That malformed ones don't compile is shown by tests/compile/compile_test.py.
#include <cotter/pin_literal.h>

#include "pin/testing/golden.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace cotter {
namespace {

using namespace cotter::literals;
using pin::testing::kGolden;

constexpr PinConstant kKey = "sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s="_pin;
static_assert(kKey.target == PinTarget::kSubjectPublicKeyInfo && kKey.form == PinForm::kSha256);
static_assert(kKey.octets.size() == 32 && kKey.octets[0] == std::byte{0x23} && kKey.octets[31] == std::byte{0x9b});

TEST(PinLiteral, IsThePinOfItsText) {
    EXPECT_EQ(Pin(kKey), *Pin::parse(kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)));
    EXPECT_EQ(Pin("spki-sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s="_pin), Pin(kKey));
    EXPECT_EQ(Pin("key-sha256/IuM5W6mP1PSt7BZEbSDpjiLHoZ/tvc8pGs7j4cXOxCU="_pin),
              *Pin::parse(kGolden.text(PinTarget::kKey, PinForm::kSha256)));
    EXPECT_EQ(Pin("cert-sha256/fsi/mn7cUVh3WmXRQt3WgRajuLfnHJU6DNo2DJmeods="_pin),
              *Pin::parse(kGolden.text(PinTarget::kCertificate, PinForm::kSha256)));
    EXPECT_EQ(
        Pin("spki-der/MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/Y2IAOBnfOpAZypbj759rQi"
            "8aPGGxtV376ttpzePdDzVUyzWoYPmA=="_pin),
        *Pin::parse(kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kDer)));
}

TEST(PinLiteral, TakesADigestThatBeginsWithASlash) {
    EXPECT_EQ(Pin("sha256//AQFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s="_pin).to_string(),
              "sha256//AQFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=");
}

TEST(PinLiteral, A55_ServesAsAMemberOfASet) {
    const PinSet pins({kKey, "key-sha256/IuM5W6mP1PSt7BZEbSDpjiLHoZ/tvc8pGs7j4cXOxCU="_pin});
    EXPECT_EQ(pins.size(), 2U);
    EXPECT_TRUE(pins.contains(kKey));
}

TEST(PinLiteral, RefusesTheDigestOfNothingWhenItBecomesAPin) {
    constexpr auto kNothing = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="_pin;
    EXPECT_THROW((void)Pin(kNothing), std::invalid_argument);
    EXPECT_THROW((void)Pin("spki-der/MAA="_pin), std::invalid_argument);
}

}  // namespace
}  // namespace cotter
