// TLSA records of a zone (RFC 6698, RFC 7671, RFC 7218) as entries of a policy, one for each host and port. The record
// alone is formats/tlsa_record.h; judging by live records is trust = "dane".
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads records as zone files, dig, danetool and ldns print them: `_443._tcp.host. [TTL] [IN] TLSA 3 1 1 HEX`, also as
/// TYPE52, over several lines in parentheses, with comments; or the data alone, of context.host. Names are written in
/// full, with or without the last dot.
///
/// Usage 3 becomes trust = "pins", match = "leaf"; 2: "pins", "issuer", which is a private anchor whose chain, dates
/// and names are checked; 1: "chain+pins", "leaf"; 0: "chain+pins", "issuer". A host has one entry, so where its
/// records have several usages, those of 3, else 1, 0, 2 are kept, which trusts less, and the others are a Loss.
[[nodiscard]] Result<Imported> import_tlsa(std::string_view text, const ImportContext& context);

/// One line a pin, two where match = "any". Without a port the records are for 443.
[[nodiscard]] Result<Exported> export_tlsa(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
