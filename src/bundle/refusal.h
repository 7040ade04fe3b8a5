// Refusal: why a bundle was not believed. Each is an Error with a code of its own, so that whoever prints it can tell a
// repository that lies, or is kept from saying anything new, from one that can't be reached.
#pragma once

#include <cotter/error.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace cotter::bundle {

enum class Refusal : std::uint8_t {
    kUnderSigned,   ///< too few distinct keys of the role have signed (INVARIANT A139)
    kRolledBack,    ///< older than what was trusted before (A134)
    kExpired,       ///< past its end: nobody has said for too long that it still holds (A135)
    kMixed,         ///< parts of different versions (A136)
    kWrongContent,  ///< not the octets that were signed
    kTooLarge,      ///< more octets than were signed, or than such a file may have (A138)
    kNoTarget,      ///< the bundle has no file of that name
    kUnusable,      ///< signed and whole, but no policy that this cotter reads
};

/// The Error's code: "bundle_under_signed"; for an expired one that of the verdict, "policy_expired".
[[nodiscard]] std::string_view code_of(Refusal refusal);

[[nodiscard]] unexpected<Error> refused(Refusal refusal, std::string what, std::string why, std::string next = {});

/// Whether it is one of those, and so a verdict against the bundle and no fault on the way.
[[nodiscard]] bool is_refusal(const Error& error);

}  // namespace cotter::bundle
