// policy.toml as one format among the others. Reading it is policy_file.h; here it is written.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

[[nodiscard]] Result<Imported> import_cotter(std::string_view text, const ImportContext& context);

/// Says all of every entry; the reader reads back equal entries in the same order. What no policy file may say (a
/// report without an end, a proxy that nobody approved, two entries for one host) is the Error that reading it would
/// be.
[[nodiscard]] Result<Exported> export_cotter(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
