// What bounds a relay, why it ended and how much it carried: for those who set it up and tell of it, and don't run it.
#pragma once

#include "stream/steady_time.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace cotter::stream {

/// Why a stream ended.
enum class EndReason : std::uint8_t {
    kDone,              ///< both sides finished
    kTruncated,         ///< the TLS side ended without close_notify
    kPeerReset,         ///< the TLS side's connection broke
    kPeerFault,         ///< the TLS side broke the protocol or sent an alert
    kPlainReset,        ///< the plain side's connection broke
    kIdle,              ///< --idle-timeout
    kLifetime,          ///< --max-lifetime
    kVerdictExpired,    ///< certificate, pin or client entry reached its end
    kNoLongerAdmitted,  ///< revoked, suspended, removed, or the policy changed
    kDisconnected,      ///< by the owner's command
    kDrained,           ///< the drain deadline passed
};

/// "done", "truncated", … for logs and documents.
[[nodiscard]] std::string_view text_of(EndReason reason);

struct RelayLimits {
    std::chrono::milliseconds idle = std::chrono::milliseconds::max();
    std::chrono::milliseconds lifetime = std::chrono::milliseconds::max();
    SteadyTime verdict_ends = SteadyTime::max();  ///< when what the peer was trusted by comes to its end
};

struct RelayCounts {
    std::uint64_t from_peer = 0;  ///< plaintext octets that the TLS side sent
    std::uint64_t to_peer = 0;
};

}  // namespace cotter::stream
