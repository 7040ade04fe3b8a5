// What certificates and OCSP answers have in common when they are read strictly: a fault that unwinds one parse, times,
// and signature algorithms. For the readers of this room, which catch Malformed before it leaves their file.
#pragma once

#include "der/reader.h"
#include "x509/certificate.h"

#include <optional>
#include <string>
#include <type_traits>

namespace cotter::x509 {

/// Why an object can't be read: unwinds one parse, and never leaves its reader.
struct Malformed {
    std::string why;
};

template <class T>
T need(expected<T, der::DerError> value) {
    if (!value) throw Malformed{std::string(value.error().why) + " at byte " + std::to_string(value.error().offset)};
    if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// A UTCTime or GeneralizedTime of strict DER (RFC 5280 4.1.2.5); throws Malformed where it is another type or does not
/// exist.
[[nodiscard]] Time time_of(const der::Element& element);

/// Why a signature of that AlgorithmIdentifier is too weak to be relied on (MD5, SHA-1, unknown), else nothing.
[[nodiscard]] std::optional<std::string> weakness_of_signature(const der::Element& algorithm);

}  // namespace cotter::x509
