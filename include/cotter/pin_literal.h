// Pins as compile-time constants: using namespace cotter::literals; constexpr auto kServer = "sha256/…"_pin; Malformed
// text does not compile.
#pragma once

#include <cotter/detail/base64.h>
#include <cotter/detail/pin_prefix.h>
#include <cotter/pin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace cotter {

namespace detail {

/// A string literal as a template argument.
template <std::size_t N>
struct Literal {
    char text[N]{};
    consteval Literal(const char (&literal)[N]) { std::copy_n(literal, N, text); }
    [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

/// Hex as long as a digest's is never base64 of one by chance.
[[nodiscard]] constexpr bool is_hex(std::string_view value) {
    return value.size() >= 32 && value.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

[[nodiscard]] constexpr bool is_zero(std::string_view value) {
    return value.find_first_not_of("A=") == std::string_view::npos;
}

/// The octets of a canonical pin's value. What throws here is a compilation error that shows the text.
template <Literal Text>
consteval auto pin_octets() {
    constexpr auto prefix = find_pin_prefix(Text.view());
    static_assert(prefix.has_value(), "a pin begins with sha256/, cert-sha256/, key-sha256/, spki-der/ or the like");
    constexpr std::string_view value = Text.view().substr(prefix->text.size());
    constexpr Base64Check check = check_base64(value);
    static_assert(check.fault == Base64Fault::kNone,
                  "a pin's value is canonical base64 with its padding and nothing else");
    static_assert(prefix->form == PinForm::kDer || check.size == digest_size(prefix->form),
                  "the pin's value has not the length of its digest");
    static_assert(!is_hex(value), "the pin's value is hex, and base64 is needed");
    static_assert(!is_zero(value), "the pin's value is all zero bytes: a placeholder");
    std::array<std::byte, check.size> octets{};
    decode_base64(value, octets.data());
    return octets;
}

template <Literal Text>
inline constexpr auto kPinOctets = pin_octets<Text>();

}  // namespace detail

/// A pin whose octets have static storage. A digest of nothing is refused when it becomes a Pin, and so is DER of the
/// wrong shape.
struct PinConstant {
    PinTarget target;  ///< as Pin::target()
    PinForm form;      ///< as Pin::form()
    Bytes octets;      ///< the digest, or the DER; valid to the program's end

    /// The same pin as a Pin. Throws std::invalid_argument where Pin::from_octets refuses: a fault of the program's
    /// text.
    operator Pin() const {
        auto pin = Pin::from_octets(target, form, octets);
        if (!pin) throw std::invalid_argument(pin.error().why);
        return *std::move(pin);
    }
};

namespace literals {

/// "sha256/…"_pin: canonical text (docs/pins.md), or it does not compile.
template <detail::Literal Text>
consteval PinConstant operator""_pin() {
    constexpr auto prefix = detail::find_pin_prefix(Text.view());
    constexpr const auto& octets = detail::kPinOctets<Text>;
    return PinConstant{prefix->target, prefix->form, Bytes(octets)};
}

}  // namespace literals
}  // namespace cotter
