// Joining request, policy file and memory.
#include "service/policy_choice.h"

#include "formats/policy_file.h"
#include "service/wall_clock.h"

#include <sys/stat.h>

#include <cerrno>

namespace cotter::service {
namespace {

/// Only where there is certainly no file there is no policy in it.
bool is_absent(const std::filesystem::path& path) {
    struct stat status{};
    return path.empty() || (::lstat(path.c_str(), &status) != 0 && errno == ENOENT);
}

void use_pins(const TrustRequest& request, trust::ServerPolicy& policy) {
    const bool wants_chain =
        policy.trust == trust::TrustMode::kChain || policy.trust == trust::TrustMode::kChainAndPins;
    policy.trust = wants_chain ? trust::TrustMode::kChainAndPins : trust::TrustMode::kPins;
    policy.mode = trust::Mode::kEnforce;
    policy.expires.reset();
    policy.on_expiry = trust::OnExpiry::kRefuse;
    policy.pins.clear();
    for (const Pin& pin : request.pins) policy.pins.push_back({pin, trust::PinRole::kPrimary, {}, std::nullopt, {}});
}

/// Records that were given are what the server is judged by, or the call is refused: they never add to what another
/// trust lets in, nor take its place in silence.
Result<void> check_tlsa(const TrustRequest& request, const std::optional<trust::PolicyEntry>& entry) {
    const auto refuse = [](std::string why) {
        return malformed("tlsa_unused", "reading --tlsa", std::move(why), "leave it out, or say --trust dane");
    };
    if (request.tlsa.empty() || request.trust == trust::TrustMode::kDane) return {};
    if (request.trust)
        return refuse("--trust " + std::string(text_of(*request.trust)) + " does not look at TLSA records");
    if (!request.pins.empty()) return refuse("--pin says already which key the server has");
    const bool is_asked_for = request.policy_file || request.bundle;
    if (is_asked_for && entry && entry->policy.trust != trust::TrustMode::kDane)
        return refuse("the policy has another trust for this server: " + std::string(text_of(entry->policy.trust)));
    return {};
}

Result<bool> remembers(const TrustRequest& request, const HostPort& host) {
    if (request.known_peers.empty()) return false;
    const auto pins = request.memory().pins_of(host);
    if (!pins) return unexpected(pins.error());
    return !pins->empty();
}

Result<std::optional<trust::PolicyEntry>> entry_of_bundle(const bundle::Subscription& subscription,
                                                          const HostPort& host) {
    const auto used = bundle::policy_in_use(subscription, wall_clock_now());
    if (!used) return unexpected(used.error());
    const trust::PolicyEntry* const found = used->policy.find(host);
    if (found == nullptr) return std::nullopt;
    trust::PolicyEntry entry = *found;
    entry.policy.source_ends = used->until - std::chrono::seconds(1);
    return entry;
}

}  // namespace

Result<std::optional<trust::PolicySet>> policy_set_of(const TrustRequest& request) {
    if (!request.policy_file && is_absent(request.usual_policy_file)) return std::nullopt;
    auto set = formats::read_policy(request.policy_file ? *request.policy_file : request.usual_policy_file);
    if (!set) return unexpected(set.error());
    return std::move(*set);
}

Result<std::optional<trust::PolicyEntry>> covering_entry(const TrustRequest& request, const HostPort& host) {
    if (request.bundle) return entry_of_bundle(*request.bundle, host);
    const auto set = policy_set_of(request);
    if (!set) return unexpected(set.error());
    const trust::PolicyEntry* const entry = *set ? (*set)->find(host) : nullptr;
    if (entry == nullptr) return std::nullopt;
    return *entry;
}

Result<std::optional<trust::ServerPolicy>> choose_policy(const TrustRequest& request, const HostPort& host) {
    if (request.trust && !request.pins.empty() && !trust::looks_at_pins(*request.trust)) {
        return malformed("pins_unused", "reading --pin with --trust " + std::string(trust::text_of(*request.trust)),
                         "that trust mode does not look at pins", "leave --trust out, or say --trust chain+pins");
    }
    const auto entry = covering_entry(request, host);
    if (!entry) return unexpected(entry.error());
    if (*entry && (request.policy_file || request.bundle) && !request.pins.empty()) {
        return malformed("pin_and_policy", request.bundle ? "reading --pin and --bundle" : "reading --pin and --policy",
                         "both say which key " + host.to_string() + " has", "leave one of them out");
    }
    if (auto used = check_tlsa(request, *entry); !used) return unexpected(used.error());
    const auto trust = request.tlsa.empty() ? request.trust : trust::TrustMode::kDane;
    trust::ServerPolicy policy = *entry ? (*entry)->policy : trust::ServerPolicy{};
    bool is_covered = entry->has_value() || trust.has_value() || !request.pins.empty();
    if (!request.pins.empty()) use_pins(request, policy);
    if (trust) {
        policy.trust = *trust;
        policy.mode = trust::Mode::kEnforce;
        if (!looks_at_pins(policy.trust)) policy.pins.clear();
    }
    if (!is_covered) {
        const auto is_remembered = remembers(request, host);
        if (!is_remembered) return unexpected(is_remembered.error());
        is_covered = *is_remembered || request.has_key_log;
        policy.trust = trust::TrustMode::kStrict;
    }
    if (!is_covered) return std::nullopt;
    if (request.match) policy.match = *request.match;
    policy.revocation = request.revocation;
    policy.minimum_protocol = request.minimum_protocol;
    return policy;
}

}  // namespace cotter::service
