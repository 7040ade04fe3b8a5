// Reason: one ground for a verdict, as a code that scripts know and a sentence that people read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

/// INTERFACE 5, in the order of INTERFACE 7 "Precedence": the smaller value is what must be mended first.
enum class ReasonCode : std::uint8_t {
    kMalformed,
    kNoCertificate,
    kPinDenied,
    kRevoked,
    kNotAdmitted,
    kSuspended,
    kClientExpired,
    kPinMismatch,
    kChainUntrusted,
    kHostMismatch,
    kExpired,
    kEmptyPinset,
    kContinuityChanged,
    kContinuityUnknown,
    kContinuityRevoked,
    kNotYetValid,
    kWrongPurpose,
    kWeakKey,
    kWeakSignature,
    kRevocationUnknown,
    kStaleRevocation,
    kPolicyExpired,
    kNoPolicy,
    kDaneBogus,
    kDaneMismatch,
    kDowngradedProtocol,
    kProxyPin,     ///< a note, never a refusal
    kDaneRecords,  ///< a note: what was asked of the DNS and what came
    kTimestamps,   ///< a note: what certificate logs have signed
    kNotary,       ///< a note: what a notary sees the server show
    kKeyLog,       ///< beside what continuity says: what the log of the server's keys says, or that it is false
};

/// "pin_mismatch", …
[[nodiscard]] std::string_view text_of(ReasonCode code);

struct Reason {
    ReasonCode code;
    std::string message;  ///< one sentence without a full stop, peer text escaped
    bool operator==(const Reason&) const = default;
};

/// In the order of precedence, each code and message once.
void sort_by_precedence(std::vector<Reason>& reasons);

}  // namespace cotter::trust
