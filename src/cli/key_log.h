// What commands that read or write a log of server keys share: --key-log, the log's key, and how its faults are told.
#pragma once

#include "cli/invocation.h"
#include "keylog/log_fault.h"
#include "service/client_settings.h"
#include "trust/policy.h"

#include <CLI/App.hpp>

#include <cotter/error.h>

#include <string>
#include <vector>

namespace cotter::cli {

/// NAME+ID+KEY, or a file whose first line it is.
[[nodiscard]] Result<audit::Verifier> log_key_from(const std::string& argument);

struct KeyLogOptions {
    std::string log;
    std::string key;

    void add_to(CLI::App& command);
    /// Where the log is, and where that state folder remembers it.
    [[nodiscard]] Result<void> apply(const identity::StateFolder& state, service::ClientSettings& settings) const;
};

/// Refuses a log where the trust that was chosen would never ask it.
[[nodiscard]] Result<void> check_key_log(const service::ClientSettings& settings, const trust::ServerPolicy& policy);

/// The pins of that state folder's identity and of the key that will follow it, where they are there.
[[nodiscard]] Result<std::vector<Pin>> own_server_pins(const Invocation& invocation,
                                                       const identity::StateFolder& state);

/// Prints why a log shows nothing, and gives the exit code: that of a verdict where it is false.
[[nodiscard]] int report_log_fault(const Invocation& invocation, const std::string& where,
                                   const keylog::LogFault& fault);

void add_log_publish(CLI::App& log, Invocation& invocation);
void add_log_monitor(CLI::App& log, Invocation& invocation);

}  // namespace cotter::cli
