// ghostunnel's --allow-spki-pin: ALGORITHM:BASE64 of the SubjectPublicKeyInfo (its docs/ACCESS-FLAGS.md). The peer is
// known by its own key alone: chain, dates and names are not looked at.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads a command line, a file of options, or a bare list of values. `context.host` is needed.
[[nodiscard]] Result<Imported> import_ghostunnel(std::string_view text, const ImportContext& context);

/// One option a line, of one entry.
[[nodiscard]] Result<Exported> export_ghostunnel(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
