// Completion: for each shell a script that offers every command, option and known word, made of the definitions.
// Values that would have to be asked for (clients' names, hosts that are remembered) are not offered: asking would make
// a state folder where there is none, and could wait for a database.
#pragma once

#include "cli/command_tree.h"

#include <string>
#include <string_view>
#include <vector>

namespace cotter::cli {

[[nodiscard]] std::string bash_completion(const CommandFacts& tool);
[[nodiscard]] std::string zsh_completion(const CommandFacts& tool);
[[nodiscard]] std::string fish_completion(const CommandFacts& tool);

/// The tool and every command below it, each before those below it.
[[nodiscard]] std::vector<const CommandFacts*> all_commands(const CommandFacts& tool);

/// Whether it is the tool itself, without a command.
[[nodiscard]] bool is_tool(const CommandFacts& command);

/// In single quotes, as each of the shells reads them.
[[nodiscard]] std::string shell_quoted(std::string_view text);

[[nodiscard]] std::string joined_by_spaces(const std::vector<std::string>& words);

}  // namespace cotter::cli
