// Chromium's static pin list (net/http/transport_security_state_static.pins and .json, as read by its
// transport_security_state_generator): names of keys in one text, pinsets and hosts in the other. A pin is of any
// certificate of the chain; 70 days after the list's timestamp the chain alone counts.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads both texts joined, the .pins first; or the .json alone, whose .pins is looked for beside it: a file of the
/// same name in `context.folder`. The names of keys become labels, bad_static_spki_hashes `deny`. The all-zero TestSPKI
/// matches nothing: an entry of it alone has an empty pinset, which admits nobody. Losses: report_uri,
/// test_pin, https_only.
[[nodiscard]] Result<Imported> import_chromium(std::string_view text, const ImportContext& context);

/// Both texts joined. An Error where more than 16 pinsets would be needed, which its generator doesn't take.
[[nodiscard]] Result<Exported> export_chromium(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
