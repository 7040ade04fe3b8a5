// What the commands that write other formats share: the host that a call names, and how losses are told.
#pragma once

#include "formats/format.h"

#include <CLI/Validators.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace cotter::cli {

/// NAME, *.NAME, an address, each with or without :PORT (an IPv6 address with a port in brackets).
[[nodiscard]] Result<trust::HostPattern> host_argument(const std::string& text);

/// A word of these, of which there are too many to stand in a command's help.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> names);

/// One warning a loss, on standard error.
void warn_of(const std::vector<formats::Loss>& lost);

/// [{"code":"…","host":"…","message":"…"}]
[[nodiscard]] nlohmann::ordered_json losses_json(const std::vector<formats::Loss>& lost);

}  // namespace cotter::cli
