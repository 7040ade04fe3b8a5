// Help: how --help looks on every level, what `cotter help TOPIC` says, and what is nearest to a word that nobody
// knows.
#pragma once

#include "cli/invocation.h"

#include <CLI/App.hpp>

#include <cotter/error.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::cli {

/// The group of commands that the root's help only names, so that it fits one screen.
inline constexpr std::string_view kSeldomUsed = "Also";

/// One screen a command: what it does, how it is called, options with their defaults, examples. Given to the root
/// before it gets its commands, which take it over.
[[nodiscard]] std::shared_ptr<CLI::FormatterBase> help_formatter();

/// `cotter help [COMMAND... | pins | trust]`.
void add_help(CLI::App& app, Invocation& invocation);

/// The known word that was probably meant, if one is near: a letter or two changed, added, left out or swapped.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// What is wrong with a call that CLI11 refused. `arguments` as given, without the program's name.
[[nodiscard]] Error explain_bad_call(const CLI::App& app, const std::vector<std::string>& arguments,
                                     const CLI::ParseError& fault);

}  // namespace cotter::cli
