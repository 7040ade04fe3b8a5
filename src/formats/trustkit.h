// TrustKit's TSKConfiguration (TrustKit, "TSKConfiguration" in its API reference), a property list or the same in JSON.
// A pin is of any certificate of the chain; after TSKExpirationDate the chain alone counts.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads an Info.plist with TSKConfiguration, that dictionary alone, or its JSON. What TrustKit itself refuses is
/// refused: fewer than two pins where they are enforced, an exclusion without a parent that is pinned. Losses:
/// local_midnight, report_only, report_uri, trust_anchors, override_pins, unknown_key.
[[nodiscard]] Result<Imported> import_trustkit(std::string_view text, const ImportContext& context);

/// A property list. An Error where only one pin can be written of an entry that is enforced.
[[nodiscard]] Result<Exported> export_trustkit(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
