// A refusal of the face's own, where no judge has been asked or what he said came to nothing.
#pragma once

#include "trust/reason.h"

#include <cotter/verdict.h>

#include <string>

namespace cotter {

[[nodiscard]] Verdict refusal(trust::ReasonCode code, std::string message);

}  // namespace cotter
