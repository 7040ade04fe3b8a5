// Making a verdict of one reason.
#include "face/refusal.h"

#include "trust/verdict.h"

#include <utility>

namespace cotter {

Verdict refusal(trust::ReasonCode code, std::string message) {
    trust::Verdict verdict;
    verdict.outcome = trust::Outcome::kRefused;
    verdict.reasons.push_back({code, std::move(message)});
    return Verdict(std::move(verdict));
}

}  // namespace cotter
