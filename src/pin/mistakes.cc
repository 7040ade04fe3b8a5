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

constexpr std::array<Known, 6> kMistakes{{
    {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
     "it is the SHA-256 of nothing: the command that should have given the key failed"},
    {"AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs=",
     "it is the SHA-256 of one newline: the command that should have given the key failed"},
    {"OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb",
     "it is the SHA-384 of nothing: the command that should have given the key failed"},
    {"7GZOiJ7WwbJ2PKz3iZ2Vt/NHNz65guUjQZ/uo6o2LYkbO/Al8pImelhUBJCReJw+",
     "it is the SHA-384 of one newline: the command that should have given the key failed"},
    {"z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
     "it is the SHA-512 of nothing: the command that should have given the key failed"},
    {"vmiIOMqGhuXJBom/KrWFzvETfJmbSMcLkvZ6XDTcFWl7XRHJgu1tcb4eHn97TgcziEqpfD96M5qO0DV3z3S+CQ==",
     "it is the SHA-512 of one newline: the command that should have given the key failed"},
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
    if (form == PinForm::kDer) return std::nullopt;
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
