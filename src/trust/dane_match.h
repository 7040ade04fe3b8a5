// What a host's TLSA records ask of a server (RFC 6698, section 2.1; RFC 7671, sections 4, 5 and 9): the records that
// can be used, each as a pin of one kind of certificate. The verdict is made of them in trust/judge_dane.h. OpenSSL's
// own matching of TLSA records is not used (INVARIANT A147).
#pragma once

#include "trust/tlsa.h"

#include <cotter/pin.h>

#include <span>
#include <string>
#include <vector>

namespace cotter::trust {

/// RFC 7218, section 2.1: which certificate a record is of, and what must hold besides.
enum class DaneUsage : std::uint8_t {
    kPkixTrustAnchor,  ///< 0: an authority of a path to the usual trust anchors; names and dates count
    kPkixEndEntity,    ///< 1: the server's own, with such a path; names and dates count
    kDaneTrustAnchor,  ///< 2: an authority that is itself the trust anchor; names and dates count
    kDaneEndEntity,    ///< 3: the server's own; names, dates and issuers don't count
};

/// One record that can be used.
struct DaneConstraint {
    DaneUsage usage;
    Pin pin;                                         ///< selector, matching type and data
    std::optional<x509::Certificate> certificate{};  ///< the whole certificate, if the record has it
    std::string text{};                              ///< "3 1 1 23f40526…"
};

struct DaneConstraints {
    std::vector<DaneConstraint> usable;    ///< the most specific usage first: 3, 2, 1, 0
    std::vector<std::string> unusable;     ///< why, a phrase a record
    std::vector<std::string> passed_over;  ///< texts of weaker digests where a stronger one of their kind is there
};

/// A record is usable if its numbers are known and its data is a digest of the right length, or strict DER of what it
/// selects. Of the digests of one usage and selector only the strongest kind counts; whole objects always do
/// (RFC 7671, section 9).
[[nodiscard]] DaneConstraints constraints_of(std::span<const TlsaRecord> records);

}  // namespace cotter::trust
