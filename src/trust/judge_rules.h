// What rules make of a client that is admitted otherwise; a part of the judge.
#pragma once

#include "trust/client_rules.h"
#include "trust/policy.h"
#include "trust/verdict.h"

#include <cstdint>

namespace cotter::trust {

class Judgement;

/// Refuses with `not_admitted` for each rule that the visit breaks, and ends the verdict with the hours that it is in.
/// `whose`: before the sentence, for rules that are a service's.
void judge_rules(const ClientRules& rules, const Evidence& evidence, const AdmissionPolicy& policy, Time now,
                 std::string_view whose, Judgement& judgement);

/// How many streams a client has open on this server.
struct OpenStreams {
    std::uint32_t at_all = 0;
    std::uint32_t at_service = 0;
};

/// Refuses one more stream to who has as many as its rules, or the service's, let it have. By itself, since only the
/// verdict says who is to be counted.
void judge_open_streams(Verdict& verdict, const AdmissionPolicy& policy, const OpenStreams& open);

}  // namespace cotter::trust
