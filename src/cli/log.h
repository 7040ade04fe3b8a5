// What the commands on the audit log share.
#pragma once

#include "audit/checkpoint.h"
#include "cli/invocation.h"
#include "registry/audit_check.h"

#include <cstddef>
#include <string>
#include <vector>

namespace cotter::cli {

struct LogOptions {
    std::string registry;
    // show
    std::string client;
    std::string action;
    std::string connection;
    std::string since;
    std::size_t lines = 0;  ///< 0: all
    bool follows = false;
    // prune
    std::string before = "400d";
    // prove, verify
    std::string sequence;
    std::string older;  ///< a file with an older checkpoint
    std::string out;
    std::vector<std::string> files;
    std::vector<std::string> keys;
};

int run_log_show(const Invocation& invocation, const LogOptions& options);
int run_log_prune(const Invocation& invocation, const LogOptions& options);
int run_log_checkpoint(const Invocation& invocation, const LogOptions& options);
int run_log_prove(const Invocation& invocation, const LogOptions& options);
int run_log_verify(const Invocation& invocation, const LogOptions& options);

/// Says that the log isn't what it was, and gives the exit code of a verdict.
int report_difference(const Invocation& invocation, const registry::LogDifference& difference);

}  // namespace cotter::cli
