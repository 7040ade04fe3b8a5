// Looking at each server.
#include "service/policy_rehearsal.h"

#include "service/probe.h"

namespace cotter::service {
namespace {

constexpr std::uint16_t kUsualPort = 443;

trust::PolicyWarning unreachable(const trust::PolicyEntry& entry, const ConnectFailure& failure) {
    const auto* const error = std::get_if<Error>(&failure.why);
    return {trust::WarningCode::kUnreachable, entry.host.to_string(),
            "its server could not be looked at" + (error != nullptr ? ": " + error->what + ": " + error->why : ""),
            "look again when it can be reached", std::nullopt};
}

}  // namespace

Rehearsal rehearse(const trust::PolicySet& set, const std::filesystem::path& file) {
    Rehearsal rehearsal;
    for (const trust::PolicyEntry& entry : set.entries()) {
        if (entry.host.is_wildcard()) {
            ++rehearsal.not_asked;
            continue;
        }
        ++rehearsal.asked;
        ClientSettings settings{.server = {entry.host.base(), entry.host.port().value_or(kUsualPort)}};
        settings.trust.policy_file = file;
        settings.trust.minimum_protocol = trust::Protocol::kTls12;
        settings.stream.minimum_protocol = trust::Protocol::kTls12;
        const auto seen = probe(settings);
        if (!seen) {
            rehearsal.warnings.push_back(unreachable(entry, seen.error()));
            continue;
        }
        const auto found = trust::warnings_of(entry, seen->verdict);
        rehearsal.warnings.insert(rehearsal.warnings.end(), found.begin(), found.end());
    }
    return rehearsal;
}

}  // namespace cotter::service
