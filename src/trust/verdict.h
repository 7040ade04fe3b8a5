// Verdict: what the judge decided and why. The one source of every message, alert, log line and exit code. Trusted: the
// proof that a verdict let the peer in, which only a trusting verdict gives.
#pragma once

#include "trust/change.h"
#include "trust/reason.h"
#include "x509/certificate.h"

#include <cotter/pin.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter::trust {

struct ClientRules;

enum class Outcome : std::uint8_t { kTrusted, kRefused, kReported };

/// The pin that decided, and which certificate of `chain` (0 is the leaf) it matched.
struct MatchedPin {
    Pin pin;
    std::size_t position = 0;
    bool operator==(const MatchedPin&) const = default;
};

/// A server let in by its key log: the number of the entry, and the keys in whose place its key is to be remembered.
struct LoggedKey {
    std::uint64_t entry = 0;
    std::vector<Pin> former;
};

struct Verdict {
    Outcome outcome = Outcome::kRefused;
    std::optional<MatchedPin> matched;
    std::vector<Reason> reasons;  ///< sorted by precedence; empty only if trusted
    std::vector<Reason> notes;
    std::vector<x509::Certificate> presented;
    std::vector<x509::Certificate> chain;  ///< as verified, leaf first; the leaf alone where a leaf pin decided
    /// A client judged by a server: the registry's name, or "ca:" and the subject alternative name, escaped.
    std::string client_name;
    bool by_authority = false;  ///< judged, for or against, by a client CA, since the registry has no row for the key
    /// A client of whose key the registry knows nothing at all.
    bool is_stranger = false;
    /// What the owner wants a client told whose key is revoked, in place of the alert that strangers get; else empty.
    std::string farewell;
    /// A server let in although nothing is remembered of it (accept-new): its key is to be remembered now.
    bool is_first_contact = false;
    /// Refused only because continuity does not know the key, and a key log that nobody has read yet may.
    bool wants_key_log = false;
    std::optional<LoggedKey> logged;
    /// For continuity_changed: what the change looks like.
    std::optional<Change> change;
    /// The last second of this verdict if nothing changes: the earliest of certificate, pin and client expiry that
    /// counted.
    std::optional<x509::Time> valid_until;
    /// Of a client that was let in: what bounds it from now on, and Standing::disconnects.
    std::shared_ptr<const ClientRules> rules;
    std::uint64_t disconnects = 0;

    [[nodiscard]] bool lets_pass() const { return outcome != Outcome::kRefused; }
    /// The reason to mend first; only for a refusal or report.
    [[nodiscard]] const Reason& first_reason() const { return reasons.front(); }
};

}  // namespace cotter::trust
