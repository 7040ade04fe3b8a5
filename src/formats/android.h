// Android's Network Security Config (developer.android.com, "Network security configuration"), with TrustKit-Android's
// trustkit-config. A pin is of any certificate of the chain that Android built; after the pin-set's expiration the
// chain alone counts.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads the whole file. What a nested domain-config doesn't say it has from the one round it; a pin-set replaces the
/// outer one whole. A domain without pins becomes an entry with mode = "off". Losses: local_midnight, override_pins,
/// trust_anchors, cleartext, debug_overrides, report_only, report_uri, unknown_element, unknown_attribute.
[[nodiscard]] Result<Imported> import_android(std::string_view text, const ImportContext& context);

/// One domain-config an entry.
[[nodiscard]] Result<Exported> export_android(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
