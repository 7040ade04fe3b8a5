// Policies out of pins and files.
#include <cotter/policy.h>

#include "face/policy_content.h"
#include "formats/policy_file.h"
#include "x509/pem.h"

#include <algorithm>

namespace cotter {
namespace {

std::shared_ptr<const PolicyContent> content_of(trust::PolicySet set) {
    return std::make_shared<const PolicyContent>(PolicyContent{std::nullopt, std::move(set)});
}

}  // namespace

const trust::ServerPolicy* PolicyContent::find(const HostPort& server) const {
    if (everywhere) return &*everywhere;
    const trust::PolicyEntry* const entry = set.find(server);
    return entry == nullptr ? nullptr : &entry->policy;
}

bool PolicyContent::needs_anchors() const {
    return std::ranges::any_of(set.entries(), [](const auto& entry) { return trust::needs_anchors(entry.policy); });
}

Result<Policy> Policy::of_pins(const PinSet& pins) {
    if (pins.empty()) {
        return malformed("empty_pinset", "making a policy of pins", "there is no pin, and nobody would be let in",
                         "give at least one");
    }
    trust::ServerPolicy policy;
    for (const Pin& pin : pins) policy.pins.push_back({pin, trust::PinRole::kPrimary, {}, std::nullopt, {}});
    return Policy(std::make_shared<const PolicyContent>(PolicyContent{std::move(policy), {}}));
}

Result<Policy> Policy::of_pins(std::string_view pins) {
    auto parsed = x509::pins_from_argument(pins);
    if (!parsed) return unexpected(parsed.error());
    return of_pins(PinSet(std::move(*parsed)));
}

Result<Policy> Policy::read(const std::filesystem::path& file) {
    auto set = formats::read_policy(file);
    if (!set) return unexpected(set.error());
    return Policy(content_of(std::move(*set)));
}

Result<Policy> Policy::parse(std::string_view text, std::string_view source) {
    auto set = formats::parse_policy(text, source, ".");
    if (!set) return unexpected(set.error());
    return Policy(content_of(std::move(*set)));
}

bool Policy::covers(const HostPort& server) const {
    return content_->find(server) != nullptr;
}

}  // namespace cotter
