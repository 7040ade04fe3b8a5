// Evidence: everything known about a peer before it is judged. Gathered outside; the judge does no I/O.
#pragma once

#include "trust/key_log_finding.h"
#include "trust/notary_finding.h"
#include "trust/reason.h"
#include "trust/sight.h"
#include "trust/tlsa.h"
#include "x509/certificate.h"
#include "x509/crl_memory.h"
#include "x509/path.h"

#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter::trust {

using x509::Time;

struct ClientRules;

/// Whether the peer has shown that it holds the leaf's private key.
enum class Possession : std::uint8_t {
    kProven,  ///< by a signature in this handshake (TLS 1.3 CertificateVerify, or 1.2 ECDHE), which the library checks
              ///< before the handshake finishes; or in the handshake of the session being resumed
    kNotProven,  ///< a file, or a protocol that proves nothing
};

/// The protocol of the connection being judged.
enum class Protocol : std::uint8_t { kNone, kTls12, kTls13 };

/// What the registry says of a client's key: filled from one immutable snapshot.
enum class StandingState : std::uint8_t {
    kUnknown,
    kActive,
    kSuspended,
    kRevoked,
    kExpired,
    kUnavailable,  ///< no snapshot young enough: nobody is admitted
};

struct Standing {
    StandingState state = StandingState::kUnavailable;
    std::string name;             ///< client's name where known
    std::optional<Pin> matched;   ///< the registered pin that is this leaf's, for kActive
    std::optional<Time> expires;  ///< of the client's admission
    std::string detail;           ///< reason given at revocation or suspension, escaped
    /// For kRevoked, where this very key is: what the owner wants its holder told; empty: nothing.
    std::string farewell{};
    /// Of the client, for kActive; null: nothing is bounded.
    std::shared_ptr<const ClientRules> rules{};
    /// How often the owner has disconnected the client: a stream that was let in before the last time ends.
    std::uint64_t disconnects = 0;
};

/// What key continuity remembers of a host and port. Error, unknown, match and changed are different (INVARIANT A128).
enum class ContinuityState : std::uint8_t { kNotAsked, kError, kUnknown, kMatch, kChanged, kRevoked };

struct Continuity {
    ContinuityState state = ContinuityState::kNotAsked;
    std::vector<Pin> remembered{};     ///< for kMatch the one that matched, for kChanged all of them
    std::optional<Time> first_seen{};  ///< of the remembered key
    std::string detail{};              ///< for kError: why, escaped
    std::optional<Time> last_seen{};   ///< of the remembered key that was seen last
    Sight sight{};                     ///< what was written down of its certificate then
};

struct Evidence {
    /// As presented, leaf first, exact bytes. Empty: the peer sent none.
    std::vector<x509::Certificate> presented;
    /// Why what the peer sent can't be read; if set, `presented` holds only what could be.
    std::optional<std::string> malformed;
    Possession possession = Possession::kNotProven;
    Protocol protocol = Protocol::kNone;
    /// Server judged by a client: the name and port asked for.
    std::optional<HostPort> host;
    /// Trust anchors for path validation; none given: none trusted.
    x509::TrustAnchors anchors;
    std::vector<x509::CertificateRevocationList> crls;
    std::vector<x509::OcspResponse> ocsp_responses;
    /// What the server stapled in its handshake, where it can be read.
    std::optional<x509::OcspResponse> stapled;
    /// The newest CRLs seen before; null: nothing is remembered.
    std::shared_ptr<const x509::CrlMemory> crl_memory;
    /// What was to be found out about revocation and could not be: sentences, escaped.
    std::vector<std::string> unfetched;
    /// Client judged by a server.
    Standing standing;
    /// Where it comes from; none: it has no address, as behind a UNIX socket.
    std::optional<IpAddress> source;
    Continuity continuity;
    /// Where continuity does not know the key.
    KeyLogFinding key_log;
    NotaryFindings notaries;
    DaneAnswer dane;
};

}  // namespace cotter::trust
