// Telling changes apart.
#include "trust/change.h"

#include "pin/digest.h"
#include "text/time.h"
#include "trust/evidence.h"
#include "x509/name_match.h"

namespace cotter::trust {
namespace {

ChangeKind kind_of(const Sight& old, const std::vector<x509::Certificate>& presented,
                   const std::optional<HostPort>& host, x509::Time now) {
    if (!old.not_after) return ChangeKind::kUnrecorded;
    if (!old.issuer_name) return ChangeKind::kSelfSigned;
    const x509::Certificate& leaf = presented.front();
    if (sha256(leaf.issuer_and_serial().issuer) != *old.issuer_name) return ChangeKind::kOtherIssuer;
    // A name alone says nothing: whoever attacks writes the right one.
    if (!old.issuer_key || issuer_key_of(presented, now) != old.issuer_key) return ChangeKind::kUnproven;
    if (!host || !x509::names_host(leaf, host->host)) return ChangeKind::kOtherHost;
    return *old.not_after - now <= kRenewalWindow ? ChangeKind::kRenewal : ChangeKind::kEarly;
}

}  // namespace

std::string_view text_of(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::kRenewal: return "renewal";
        case ChangeKind::kEarly: return "early";
        case ChangeKind::kOtherHost: return "other_host";
        case ChangeKind::kOtherIssuer: return "other_issuer";
        case ChangeKind::kUnproven: return "unproven";
        case ChangeKind::kSelfSigned: return "self_signed";
        case ChangeKind::kUnrecorded: return "unrecorded";
    }
    return "";
}

std::string Change::message(x509::Time now) const {
    const std::string end =
        old_not_after ? std::string(*old_not_after < now ? "ended" : "ends") + " at " + text::rfc3339(*old_not_after)
                      : "";
    switch (kind) {
        case ChangeKind::kRenewal:
            return "it looks like a renewal: the key that issued the old certificate, which " + end +
                   ", issued the new one; only the owner knows";
        case ChangeKind::kEarly:
            return "it is suspicious: the issuer is the same, but the old certificate was not due, it " + end;
        case ChangeKind::kOtherHost:
            return "it is suspicious: the issuer is the same, but the new certificate is not for this host";
        case ChangeKind::kOtherIssuer: return "it is suspicious: the new certificate names another issuer";
        case ChangeKind::kUnproven:
            return "it is suspicious: the new certificate names the same issuer, and nothing proves that this one "
                   "issued it";
        case ChangeKind::kSelfSigned:
            return "nothing vouches for the new key: the old certificate had no issuer but itself";
        case ChangeKind::kUnrecorded:
            return "nothing vouches for the new key: nothing was written down of the old certificate";
    }
    return "";
}

Change classify_change(const Continuity& continuity, const std::vector<x509::Certificate>& presented,
                       const std::optional<HostPort>& host, x509::Time now) {
    return {kind_of(continuity.sight, presented, host, now), continuity.remembered, continuity.first_seen,
            continuity.last_seen, continuity.sight.not_after};
}

}  // namespace cotter::trust
