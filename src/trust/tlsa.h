// TlsaRecord: one record of DNS-based authentication of named entities (RFC 6698, RFC 7671), and what a look-up of a
// host's records came to.
#pragma once

#include "x509/certificate.h"

#include <cotter/bytes.h>
#include <cotter/host_name.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cotter::trust {

/// As on the wire (RFC 6698, section 2.1): a record of unknown numbers is kept, and is unusable.
struct TlsaRecord {
    std::uint8_t usage = 0;     ///< 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218)
    std::uint8_t selector = 0;  ///< 0 Cert, 1 SPKI
    std::uint8_t matching = 0;  ///< 0 Full, 1 SHA2-256, 2 SHA2-512
    ByteVector data{};          ///< the object, or its digest
    bool operator==(const TlsaRecord&) const = default;
};

/// What asking for a host's records came to. Only kSecure has records that count (INVARIANT A143).
enum class DaneState : std::uint8_t {
    kNotAsked,
    kSecure,    ///< validated by DNSSEC, or given on the command line
    kAbsent,    ///< validated: there are none
    kInsecure,  ///< the zone is not signed
    kBogus,     ///< the signatures don't hold
    kError,     ///< no answer
};

struct DaneAnswer {
    DaneState state = DaneState::kNotAsked;
    std::vector<TlsaRecord> records{};
    std::string detail{};  ///< for people, escaped: why bogus, why no answer
    std::string asked{};   ///< "_443._tcp.db.example.": whose records they are; empty: given on the command line
    /// What the host is a validated alias of, if the records are from there: a name that the certificate may have, too
    /// (RFC 7671, section 7).
    std::optional<HostName> alias_of{};
    std::optional<x509::Time> expires{};  ///< after it the answer counts for nothing
};

}  // namespace cotter::trust
