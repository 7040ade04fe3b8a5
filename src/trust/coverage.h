// Coverage: what a verdict rests on: each thing that was checked, and each that was not and why. An account for people,
// derived afterwards from what the judge had and said; nothing is decided here.
#pragma once

#include "trust/evidence.h"
#include "trust/policy.h"
#include "trust/verdict.h"

#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

/// One thing that can be checked of a peer.
struct Check {
    std::string_view code;  ///< stable, lower_snake_case: "host_name"
    std::string message;    ///< what was compared with what, or why it was not; escaped
    bool has_held = true;   ///< of a check that was made
    bool operator==(const Check&) const = default;
};

struct Coverage {
    std::vector<Check> checked;
    std::vector<Check> not_checked;
};

/// The account of a server's verdict: `verdict` is what judge(evidence, policy, now) gave.
[[nodiscard]] Coverage coverage_of(const Evidence& evidence, const ServerPolicy& policy, const Verdict& verdict,
                                   Time now);

}  // namespace cotter::trust
