// Report: the one place where errors and verdicts are printed, for people on standard error and as JSON on standard
// output.
#pragma once

#include "cli/invocation.h"
#include "service/connect_failure.h"
#include "trust/verdict.h"

#include <cotter/error.h>

#include <string>
#include <string_view>

namespace cotter::cli {

/// Prints the error and gives its exit code.
[[nodiscard]] int report(const Invocation& invocation, const Error& error);

/// What a failed connection was meant to be: where to, and our own pin, for the line that the server's owner needs.
struct Attempt {
    std::string server;
    std::string own_pin;
};

/// Prints why no stream came of it and gives its exit code.
[[nodiscard]] int report(const Invocation& invocation, const Attempt& attempt, const service::ConnectFailure& failure);

/// What a person should do about a refused server. Never a command that would accept it.
[[nodiscard]] std::string_view advice_on(trust::ReasonCode code);

/// "cotter: " and the message, and "  next: " and the hint if there is one, on standard error; or the JSON document of
/// INTERFACE 3 on standard output.
void print_failure(const Invocation& invocation, std::string_view code, const std::string& message,
                   const std::string& hint);

}  // namespace cotter::cli
