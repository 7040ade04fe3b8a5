// PolicyWarning: what a policy that loads may still do to its owner: lock him out, or let in more than he means.
#pragma once

#include "trust/policy_set.h"
#include "trust/verdict.h"

#include <cotter/pin.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

enum class WarningCode : std::uint8_t {
    kEnded,               ///< the entry is past its end
    kEndsSoon,            ///< the entry ends within kSoon
    kPinEnded,            ///< a pin is past its end
    kPinEndsSoon,         ///< a pin ends within kSoon
    kNoBackup,            ///< one key is all that admits the server: when it is lost, so is the server (INVARIANT A140)
    kEmptyPinset,         ///< nobody is admitted
    kSamplePin,           ///< a pin printed in a manual
    kDeniedPin,           ///< a pin that the entry denies as well
    kPublicSuffix,        ///< the entry covers names of different owners (INVARIANT A65)
    kReportMode,          ///< pins are not enforced
    kOffMode,             ///< the entry adds nothing
    kProxyPin,            ///< an interception proxy is let in
    kDenialNotInherited,  ///< a more specific entry takes hosts away from one that denies more
    kRefusedNow,          ///< its server, as it is now, is not let in
    kNotPresented,        ///< a primary pin of nothing that its server presents
    kUnreachable,         ///< its server could not be looked at
};

/// "no_backup", …
[[nodiscard]] std::string_view text_of(WarningCode code);

struct PolicyWarning {
    WarningCode code;
    std::string host;        ///< the entry's pattern
    std::string message;     ///< one sentence without a full stop, escaped
    std::string next;        ///< what to do
    std::optional<Pin> pin;  ///< the one that it is about
};

/// How long before an end it is told.
inline constexpr std::chrono::days kSoon{30};

/// What the entry makes of its server as it is now: `verdict` is on what a look at it has just shown.
[[nodiscard]] std::vector<PolicyWarning> warnings_of(const PolicyEntry& entry, const Verdict& verdict);

/// In the order of the entries, and of WarningCode within each.
[[nodiscard]] std::vector<PolicyWarning> warnings_of(const PolicySet& set, Time now);

}  // namespace cotter::trust
