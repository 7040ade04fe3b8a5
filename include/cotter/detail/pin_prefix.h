// The prefixes of pins' canonical text, for the reader at run time and the literal at compile time. Not a public
// interface.
#pragma once

#include <cotter/pin.h>

#include <array>
#include <optional>
#include <string_view>

namespace cotter::detail {

struct PinPrefix {
    std::string_view text;
    PinTarget target;
    PinForm form;
};

/// The first of each kind is the canonical one.
inline constexpr std::array<PinPrefix, 16> kPinPrefixes{{
    {"sha256/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256},
    {"sha384/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384},
    {"sha512/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512},
    {"spki-der/", PinTarget::kSubjectPublicKeyInfo, PinForm::kDer},
    {"cert-sha256/", PinTarget::kCertificate, PinForm::kSha256},
    {"cert-sha384/", PinTarget::kCertificate, PinForm::kSha384},
    {"cert-sha512/", PinTarget::kCertificate, PinForm::kSha512},
    {"cert-der/", PinTarget::kCertificate, PinForm::kDer},
    {"key-sha256/", PinTarget::kKey, PinForm::kSha256},
    {"key-sha384/", PinTarget::kKey, PinForm::kSha384},
    {"key-sha512/", PinTarget::kKey, PinForm::kSha512},
    {"key-der/", PinTarget::kKey, PinForm::kDer},
    {"spki-sha256/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256},
    {"spki-sha384/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384},
    {"spki-sha512/", PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512},
    {"der/", PinTarget::kSubjectPublicKeyInfo, PinForm::kDer},
}};

[[nodiscard]] constexpr std::optional<PinPrefix> find_pin_prefix(std::string_view text) {
    for (const PinPrefix& prefix : kPinPrefixes) {
        if (text.starts_with(prefix.text)) return prefix;
    }
    return std::nullopt;
}

}  // namespace cotter::detail
