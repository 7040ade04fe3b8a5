// cotter pin in the formats of others: one key as the smallest policy that pins it.
#pragma once

#include "cli/invocation.h"
#include "formats/format.h"
#include "x509/pem.h"

#include <optional>
#include <string>
#include <vector>

namespace cotter::cli {

struct PinFormatOptions {
    std::string host;                    ///< --host; empty: the server's, else the certificate's first name
    std::vector<std::string> backups{};  ///< --backup, as --pin takes pins
    std::optional<HostPort> server;      ///< that was asked for its chain
};

/// `name` as --format takes it; nothing for those that are no format of a policy.
[[nodiscard]] std::optional<formats::Format> policy_format(const std::string& name);
/// What --format takes.
[[nodiscard]] std::vector<std::string> pin_format_names();

/// Prints the key of the first object and gives the exit code. Of a chain the others are left out, with a warning.
[[nodiscard]] int print_as(const Invocation& invocation, formats::Format format,
                           const std::vector<x509::PinnableObject>& objects, const PinFormatOptions& options);

}  // namespace cotter::cli
