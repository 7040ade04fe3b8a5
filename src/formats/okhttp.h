// OkHttp's CertificatePinner: patterns of hosts with pins of keys anywhere in the chain.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads the calls `.add("PATTERN", "sha256/…", …)` out of Kotlin or Java, whatever stands between them, or lines of
/// PATTERN and pins alone. `*.x` is one label before x, `**.x` any number of them and x itself. In OkHttp all patterns
/// that match a host add up, and here the most specific entry counts alone: so the pins of every wider pattern are
/// added to the narrower ones that it covers, and the verdict stays. sha1/ pins are refused: they can't be carried
/// over. A string that is put together, or interpolated, is refused.
[[nodiscard]] Result<Imported> import_okhttp(std::string_view text, const ImportContext& context);

/// Kotlin: a CertificatePinner.Builder() with one add an entry. Where a wider entry would add its pins to a narrower
/// one's, which is laxer, it is an Error.
[[nodiscard]] Result<Exported> export_okhttp(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
