// The keys that DNSSEC validation begins with: DS and DNSKEY records out of a file, else the root zone's.
#pragma once

#include <cotter/error.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::evidence {

/// Records of a zone file's syntax, one a line: `example. [TTL] [IN] DS|DNSKEY …`; `;` begins a comment, as in what
/// dig, ldns-keygen and Debian's root.key have. Given back in the form that libunbound takes. Refused whole with the
/// line: any other record, a DS by SHA-1, a DNSKEY that is no zone key or is revoked (RFC 5011, section 2.1), an empty
/// file.
[[nodiscard]] Result<std::vector<std::string>> parse_dnssec_anchors(std::string_view text, std::string_view source);

/// The same out of a file.
[[nodiscard]] Result<std::vector<std::string>> read_dnssec_anchors(const std::filesystem::path& path);

/// The root zone's keys: Debian's (dns-root-data) where they are installed, since it keeps them up to date, else those
/// of IANA's root-anchors.xml that are built in: 20326 of 2017 and 38696 of 2024.
[[nodiscard]] Result<std::vector<std::string>> root_dnssec_anchors();

}  // namespace cotter::evidence
