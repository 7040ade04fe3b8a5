// Which policy a server is judged by: what was said on the command line, else the policy file's entry, else what is
// remembered of it, else none.
#pragma once

#include "bundle/subscription.h"
#include "evidence/known_peers.h"
#include "trust/policy_set.h"
#include "trust/tlsa.h"

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace cotter::service {

/// What somebody asks for, and where to look for what he doesn't say.
struct TrustRequest {
    std::vector<Pin> pins{};
    std::optional<trust::Match> match{};
    std::optional<trust::TrustMode> trust{};
    /// --tlsa: in place of a look-up, and so trust by DANE where no trust is said.
    std::vector<trust::TlsaRecord> tlsa{};
    bool has_key_log = false;  ///< --key-log: and so trust by continuity where no trust is said
    x509::RevocationScope revocation = x509::RevocationScope::kChain;
    trust::Protocol minimum_protocol = trust::Protocol::kTls13;
    std::optional<std::filesystem::path> policy_file{};  ///< --policy: must be there, and pins may not contradict it
    std::optional<bundle::Subscription> bundle{};        ///< --bundle: in the place of --policy
    std::filesystem::path usual_policy_file{};           ///< the state folder's, which need not be there; empty: none
    std::filesystem::path known_peers{};                 ///< empty: nothing is remembered
    evidence::HostNames peer_names = evidence::HostNames::kInClear;  ///< --hash-hosts: of what is remembered now

    [[nodiscard]] evidence::KnownPeers memory() const { return evidence::KnownPeers(known_peers, peer_names); }
};

/// The policy for that host and port; nothing if nothing covers it, which refuses with `no_policy`. Pins that were
/// asked for replace those of the entry in the usual policy file, whose denials and demand for a chain stay
/// (INTERFACE 7, "Calls"). A policy file that can't be read is an Error even where it would not be needed
/// (INVARIANT A19).
[[nodiscard]] Result<std::optional<trust::ServerPolicy>> choose_policy(const TrustRequest& request,
                                                                       const HostPort& host);

/// The policy file of the request, if there is one. One that can't be read is an Error (INVARIANT A19).
[[nodiscard]] Result<std::optional<trust::PolicySet>> policy_set_of(const TrustRequest& request);

/// The entry of the policy file, or of the bundle as it is kept, for that host and port, if there is one. Errors as
/// above.
[[nodiscard]] Result<std::optional<trust::PolicyEntry>> covering_entry(const TrustRequest& request,
                                                                       const HostPort& host);

}  // namespace cotter::service
