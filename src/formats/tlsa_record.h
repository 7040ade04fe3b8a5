// The presentation form of TLSA records (RFC 6698, section 2.2; RFC 7218's mnemonics; RFC 3597's form for any type):
// text to trust::TlsaRecord and back. What a record means as a pin is formats/tlsa.h.
#pragma once

#include "trust/tlsa.h"

#include <cotter/error.h>

#include <string>
#include <string_view>

namespace cotter::formats {

/// Reads "USAGE SELECTOR MATCHING HEX": numbers, also with leading zeros as danetool prints them, or RFC 7218's
/// mnemonics in any case; the hex may be split by blanks and stand in parentheses, which may also hold all of it. Or
/// "\# LENGTH HEX" (RFC 3597). Refused: numbers outside 0 to 2 (usage: 0 to 3), a digest of another length than its
/// matching type's, a full object that is not DER of a certificate or SubjectPublicKeyInfo, a digest that is known to
/// be a mistake. An Error's offset is in `text`.
[[nodiscard]] Result<trust::TlsaRecord> parse_tlsa_record(std::string_view text);

/// "3 1 1 23f4…": as RFC 6698 prints it, in one line.
[[nodiscard]] std::string to_string(const trust::TlsaRecord& record);

}  // namespace cotter::formats
