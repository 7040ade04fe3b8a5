// Digests that are known to be of nothing, and pins printed as samples in manuals.
#pragma once

#include <cotter/pin.h>

#include <optional>
#include <string_view>

namespace cotter {

/// What a digest known to be a mistake is of: "the SHA-256 of nothing: the command before it failed".
[[nodiscard]] std::optional<std::string_view> mistake_of(PinForm form, Bytes octets);

/// Where this SHA-256 is printed as a sample.
[[nodiscard]] std::optional<std::string_view> manual_of(PinForm form, Bytes octets);

}  // namespace cotter
