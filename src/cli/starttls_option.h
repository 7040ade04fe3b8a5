// --starttls, for the commands that look at live servers.
#pragma once

#include "stream/starttls_dialogue.h"

#include <CLI/App.hpp>

#include <optional>

namespace cotter::cli {

/// Reads `--starttls PROTOCOL` into `into`.
void add_start_tls(CLI::App& command, std::optional<stream::StartTls>& into);

}  // namespace cotter::cli
