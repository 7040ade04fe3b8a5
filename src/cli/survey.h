// What the commands on surveys share.
#pragma once

#include "cli/invocation.h"

namespace cotter::cli {

void add_survey_report(CLI::App& survey, Invocation& invocation);

}  // namespace cotter::cli
