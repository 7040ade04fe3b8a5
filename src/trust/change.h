// Change: what a changed key looks like, rotation or attack, as far as the evidence goes. It never turns a refusal into
// anything else: it tells a person what to ask the owner.
#pragma once

#include "trust/sight.h"

#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

struct Continuity;

enum class ChangeKind : std::uint8_t {
    kRenewal,    ///< the key that issued the old certificate issued the new one, for this host, near the old one's end
    kEarly,      ///< the same, but the old certificate had long to live
    kOtherHost,  ///< the same issuer, but the new certificate is for another host
    kOtherIssuer,  ///< it names another issuer
    kUnproven,     ///< it names the same issuer, and nothing proves that this one issued it
    kSelfSigned,   ///< the old certificate had no issuer but itself
    kUnrecorded,   ///< nothing was written down of the old certificate
};

/// "renewal", "early", …
[[nodiscard]] std::string_view text_of(ChangeKind kind);

struct Change {
    ChangeKind kind = ChangeKind::kUnrecorded;
    std::vector<Pin> remembered;              ///< every key that would have matched
    std::optional<x509::Time> first_seen;     ///< of the oldest of them
    std::optional<x509::Time> last_seen;      ///< of the one seen last
    std::optional<x509::Time> old_not_after;  ///< end of its certificate as of then

    [[nodiscard]] bool looks_like_renewal() const { return kind == ChangeKind::kRenewal; }
    /// A sentence without a full stop, for people.
    [[nodiscard]] std::string message(x509::Time now) const;
};

/// Certificates are renewed in the last third of their lives or less; what is replaced longer before its end than this
/// was not due.
inline constexpr std::chrono::days kRenewalWindow{30};

/// What a key that is not among those remembered looks like. `presented`: leaf first, not empty.
[[nodiscard]] Change classify_change(const Continuity& continuity, const std::vector<x509::Certificate>& presented,
                                     const std::optional<HostPort>& host, x509::Time now);

}  // namespace cotter::trust
