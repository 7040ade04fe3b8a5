// What must hold for a peer to be trusted: ServerPolicy for a client judging a server, AdmissionPolicy for a server
// judging its clients. Plain data, valid by construction where it comes from a file or flags.
#pragma once

#include "trust/evidence.h"

#include <cotter/pin.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

/// INTERFACE 6, "trust".
enum class TrustMode : std::uint8_t { kPins, kChainAndPins, kChain, kStrict, kAcceptNew, kAsk, kDane };
inline constexpr std::array kTrustModes{TrustMode::kPins,   TrustMode::kChainAndPins, TrustMode::kChain,
                                        TrustMode::kStrict, TrustMode::kAcceptNew,    TrustMode::kAsk,
                                        TrustMode::kDane};
enum class Match : std::uint8_t { kLeaf, kIssuer, kAny };
enum class Mode : std::uint8_t { kEnforce, kReport, kOff };
enum class OnExpiry : std::uint8_t { kRefuse, kChain };
enum class PinRole : std::uint8_t { kPrimary, kBackup, kProxy };

[[nodiscard]] std::optional<TrustMode> trust_mode_from(std::string_view text);
[[nodiscard]] std::string_view text_of(TrustMode mode);
/// kPins and kChainAndPins: the only modes that pins of a policy count in.
[[nodiscard]] bool looks_at_pins(TrustMode mode);
/// kStrict, kAcceptNew and kAsk: judged by what is remembered of the server.
[[nodiscard]] bool is_continuity(TrustMode mode);
[[nodiscard]] std::optional<Match> match_from(std::string_view text);
[[nodiscard]] std::string_view text_of(Match match);

/// One pin with what a policy says of it.
struct PolicyPin {
    Pin pin;
    PinRole role = PinRole::kPrimary;
    std::string label;
    std::optional<Time> expires;
    std::string approved_by;
};

/// How one server is judged.
struct ServerPolicy {
    TrustMode trust = TrustMode::kPins;
    Match match = Match::kLeaf;
    Mode mode = Mode::kEnforce;
    std::vector<PolicyPin> pins;  ///< empty under kPins or kChainAndPins refuses with empty_pinset
    PinSet deny;                  ///< refused anywhere in the presented or verified chain
    std::optional<Time> expires;
    OnExpiry on_expiry = OnExpiry::kRefuse;
    /// The last second of what the policy came in, where that has an end: a signed bundle. Past it nothing of the
    /// policy counts, in whatever mode (INVARIANT A135).
    std::optional<Time> source_ends;
    bool require_backup = false;      ///< asks for two pins of its own; kept when the policy is read
    bool require_revocation = false;  ///< CRLs or OCSP answers were configured, and must decide
    x509::RevocationScope revocation = x509::RevocationScope::kChain;
    Protocol minimum_protocol = Protocol::kTls13;  ///< below it: downgraded_protocol; kNone offline is not judged
    /// What a path is validated for; kClient is only asked of a file.
    x509::Purpose purpose = x509::Purpose::kServer;
};

/// Whether a verdict by it may rest on a certificate path, and so on what revokes certificates.
[[nodiscard]] bool looks_at_path(const ServerPolicy& policy);
/// Whether it looks for a path to trust anchors that are given with the evidence.
[[nodiscard]] bool needs_anchors(const ServerPolicy& policy);
/// Whether TLSA records decide: trust by DANE that is not off.
[[nodiscard]] bool looks_at_dane(const ServerPolicy& policy);

/// A subjectAltName pattern of --client-name: "DNS:*.clients.example", "URI:spiffe://x/y", "EMAIL:a@b", "IP:192.0.2.1".
/// `*` is one whole leftmost DNS label; a URI is compared whole (INVARIANT A31).
struct ClientNamePattern {
    x509::SanType type = x509::SanType::kDns;
    std::string value;
    [[nodiscard]] static Result<ClientNamePattern> parse(std::string_view text);
    [[nodiscard]] bool matches(const x509::SubjectAltName& name) const;
};

/// How a server judges its clients: by the registry, and, if there are anchors in the evidence and `by_authority`, by a
/// client CA.
struct AdmissionPolicy {
    bool by_authority = false;                    ///< --client-ca was given
    std::vector<ClientNamePattern> client_names;  ///< empty: any SAN
    bool require_revocation = false;              ///< --client-crl was given
    Protocol minimum_protocol = Protocol::kTls13;
    /// The server's own key, which no client CA makes a client's: only the registry can (INVARIANT A47).
    std::optional<x509::CanonicalKey> own_key;
    std::string service;  ///< its name; empty where flags started the only one
    /// What holds for every client of the service, besides its own rules; null: nothing.
    std::shared_ptr<const ClientRules> service_rules;
    /// --end-with-certificate: a client's certificate counts no longer than to its end, also where its key is pinned.
    bool end_with_certificate = false;
};

}  // namespace cotter::trust
