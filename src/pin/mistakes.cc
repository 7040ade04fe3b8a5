// The tables of mistakes and samples (found in published configurations, RFC 7469, OWASP, TrustKit, curl and Envoy).
#include "pin/mistakes.h"

#include "text/encoding.h"

#include <algorithm>
#include <array>

namespace cotter {
namespace {

struct Known {
    std::string_view base64;
    std::string_view what;
};

constexpr std::array<Known, 2> kMistakes{{
    {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
     "it is the SHA-256 of nothing: the command that should have given the key failed"},
    {"AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs=",
     "it is the SHA-256 of one newline: the command that should have given the key failed"},
}};

constexpr std::array<Known, 6> kSamples{{
    {"E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=", "RFC 7469"},
    {"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "RFC 7469"},
    {"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=", "RFC 7469"},
    {"YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=", "curl's manual"},
    {"t62CeU2tQiqkexU74Gxa2eg7fRbEgoChTociMee9wno=", "curl's manual"},
    {"NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=", "Envoy's manual"},
}};

template <std::size_t N>
std::optional<std::string_view> find(const std::array<Known, N>& table, PinForm form, Bytes octets) {
    if (form != PinForm::kSha256) return std::nullopt;
    const auto found = std::ranges::find(table, text::base64(octets), &Known::base64);
    return found == table.end() ? std::nullopt : std::optional(found->what);
}

}  // namespace

std::optional<std::string_view> mistake_of(PinForm form, Bytes octets) {
    if (form != PinForm::kDer && std::ranges::all_of(octets, [](std::byte octet) { return octet == std::byte{0}; })) {
        return "it is all zero bytes: a placeholder";
    }
    return find(kMistakes, form, octets);
}

std::optional<std::string_view> manual_of(PinForm form, Bytes octets) {
    return find(kSamples, form, octets);
}

}  // namespace cotter
