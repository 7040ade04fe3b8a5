// --report: where a server that is refused, or let in by report mode alone, is reported to.
#pragma once

#include "identity/state_folder.h"
#include "service/reporter.h"

#include <CLI/App.hpp>

#include <cotter/error.h>

#include <cotter/pin.h>

#include <memory>
#include <string>
#include <vector>

namespace cotter::cli {

struct ReportOptions {
    std::vector<std::string> targets;
    std::vector<std::string> pins;

    void add_to(CLI::App& command);
    /// The reporter that was asked for; null where none was. What it can't deliver it says on standard error.
    [[nodiscard]] Result<std::unique_ptr<service::Reporter>> start(const identity::StateFolder& state) const;
};

/// Reads each --report-pin, or whatever the flag is called: the SHA-256 of a key, which is all that curl knows.
[[nodiscard]] Result<std::vector<Pin>> parse_collector_pins(const std::vector<std::string>& arguments,
                                                            const std::string& flag);

}  // namespace cotter::cli
