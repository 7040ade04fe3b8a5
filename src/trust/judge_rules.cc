// Rules against a visit.
#include "trust/judge_rules.h"

#include "trust/judgement.h"

#include <algorithm>

namespace cotter::trust {
namespace {

std::string joined(const std::vector<WeeklyHours>& hours) {
    std::string text;
    for (const WeeklyHours& one : hours) text += (text.empty() ? "" : "; ") + one.text();
    return text;
}

bool is_beyond(const std::optional<std::uint32_t>& most, std::uint32_t open) {
    return most && open >= *most;
}

}  // namespace

void judge_rules(const ClientRules& rules, const Evidence& evidence, const AdmissionPolicy& policy, Time now,
                 std::string_view whose, Judgement& judgement) {
    const std::string who = std::string(whose) + judgement.verdict().client_name;
    const auto refuse = [&](const std::string& why) { judgement.refuse(ReasonCode::kNotAdmitted, who + why); };
    if (!rules.services.empty() && std::ranges::find(rules.services, policy.service) == rules.services.end()) {
        refuse(policy.service.empty() ? " may use named services only, and this one has no name"
                                      : " may not use the service " + policy.service);
    }
    if (!rules.from.empty()) {
        if (!evidence.source) {
            refuse(" may come from certain networks only, and comes from none");
        } else if (std::ranges::none_of(rules.from,
                                        [&](const Network& network) { return network.contains(*evidence.source); })) {
            refuse(" may not come from " + evidence.source->to_string());
        }
    }
    if (!rules.hours.empty()) {
        if (std::ranges::none_of(rules.hours, [&](const WeeklyHours& hours) { return hours.contains(now); })) {
            refuse(" may come at certain hours only: " + joined(rules.hours));
        } else {
            judgement.ends_at(last_second_of(rules.hours, now));
        }
    }
}

void judge_open_streams(Verdict& verdict, const AdmissionPolicy& policy, const OpenStreams& open) {
    if (!verdict.lets_pass()) return;
    const auto refuse = [&](std::string_view whose, std::uint32_t count) {
        verdict.outcome = Outcome::kRefused;
        verdict.reasons.push_back(
            {ReasonCode::kNotAdmitted, std::string(whose) + verdict.client_name + " has " + std::to_string(count) +
                                           (count == 1 ? " stream" : " streams") + " open, as many as it may"});
    };
    if (verdict.rules && is_beyond(verdict.rules->max_streams, open.at_all)) refuse({}, open.at_all);
    if (policy.service_rules && is_beyond(policy.service_rules->max_streams, open.at_service)) {
        refuse("at the service " + policy.service + ", ", open.at_service);
    }
}

}  // namespace cotter::trust
