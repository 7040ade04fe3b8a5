// Building them.
#include "cli/policy_json.h"

#include "text/time.h"
#include "trust/words.h"

#include <nlohmann/json.hpp>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

Json time_json(std::optional<trust::Time> time) {
    return time ? Json(text::rfc3339(*time)) : Json();
}

Json pin_json(const trust::PolicyPin& pin) {
    Json document{{"pin", pin.pin.to_string()}, {"role", text_of(pin.role)}, {"expires", time_json(pin.expires)}};
    if (!pin.label.empty()) document["label"] = pin.label;
    if (!pin.approved_by.empty()) document["approved_by"] = pin.approved_by;
    return document;
}

}  // namespace

Json entry_json(const trust::PolicyEntry& entry) {
    const trust::ServerPolicy& policy = entry.policy;
    Json pins = Json::array();
    for (const trust::PolicyPin& pin : policy.pins) pins.push_back(pin_json(pin));
    Json denied = Json::array();
    for (const Pin& pin : policy.deny) denied.push_back(pin.to_string());
    return {{"name", (entry.host.is_wildcard() ? "*." : "") + entry.host.base().to_string()},
            {"port", entry.host.port() ? Json(*entry.host.port()) : Json()},
            {"include_subdomains", entry.host.includes_subdomains()},
            {"trust", trust::text_of(policy.trust)},
            {"match", trust::text_of(policy.match)},
            {"mode", text_of(policy.mode)},
            {"expires", time_json(policy.expires)},
            {"on_expiry", text_of(policy.on_expiry)},
            {"pins", std::move(pins)},
            {"deny", std::move(denied)}};
}

}  // namespace cotter::cli
