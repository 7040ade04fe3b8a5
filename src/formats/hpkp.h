// Public Key Pinning Extension for HTTP (RFC 7469): pins in header fields of a response.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// What a browser forgets at the latest (RFC 7469, section 4.1).
inline constexpr std::chrono::seconds kMostHpkpAge = std::chrono::days(60);

/// Reads header fields, one a line, as a response has them, or the value of one alone. Of several Public-Key-Pins
/// fields the first counts (2.3.1); where there is none, the first Public-Key-Pins-Report-Only, as mode = "report". The
/// host is context.host, a name. A field that breaks the grammar or says a directive twice is refused whole (2.1):
/// nothing is mended. max-age counts from context.now, at most kMostHpkpAge; max-age=0, and pins of unknown algorithms
/// alone, take pins back and are an Error. Losses: report-uri, unknown directives and algorithms, clipped max-age,
/// fields that don't count.
[[nodiscard]] Result<Imported> import_hpkp(std::string_view text, const ImportContext& context);

/// One header field, of one entry with at least two pins (a host without a backup pin is not noted, 2.5).
/// mode = "report" becomes Public-Key-Pins-Report-Only.
[[nodiscard]] Result<Exported> export_hpkp(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

/// pin-sha256="…" (2.1.1); `pin` is the SHA-256 of a SubjectPublicKeyInfo.
[[nodiscard]] std::string hpkp_directive(const Pin& pin);

}  // namespace cotter::formats
