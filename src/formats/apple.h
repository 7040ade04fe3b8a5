// Apple's NSPinnedDomains (developer.apple.com, "NSPinnedDomains"), inside NSAppTransportSecurity: base64 SHA-256 of
// the SubjectPublicKeyInfo, of the server's own certificate in one list, of a CA in the other; where both are given
// both must match. NSIncludesSubdomains covers exactly one label more.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads an Info.plist, its NSAppTransportSecurity, or either in JSON. A domain with both lists is refused, since no
/// entry can ask for two pins. A domain with NSIncludesSubdomains becomes two entries: the name and its wildcard.
[[nodiscard]] Result<Imported> import_apple(std::string_view text, const ImportContext& context);

/// A property list. match = "any" is written as pins of CAs, which trusts less.
[[nodiscard]] Result<Exported> export_apple(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
