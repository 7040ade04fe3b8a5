// The definitions of commands, options and arguments as plain data: completion, `cotter help --json` and the manual are
// made of it, so that none of them can name what the tool doesn't know.
#pragma once

#include <CLI/App.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cotter::cli {

/// What may stand in a value's place, as far as a shell can offer it.
enum class ValueKind : std::uint8_t {
    kNone,    ///< there is no value: a flag
    kText,    ///< nothing that a shell knows
    kWord,    ///< one of a few words
    kFile,    ///< its type name is FILE
    kFolder,  ///< its type name is DIR
    kHost,    ///< its type name is ADDR, HOST or HOST:PORT
};

/// An option, or an argument, which has one name and no dashes.
struct OptionFacts {
    std::vector<std::string> names;  ///< "-n", "--lines"; the short ones first
    ValueKind kind = ValueKind::kNone;
    std::string value;               ///< what stands for it in a call: "FILE", "v1|v2"; empty for a flag
    std::vector<std::string> words;  ///< of kWord
    std::string description;
    std::string usual;  ///< its value where none is given; empty: there is none, or the description says it
    std::string group;  ///< the heading over it in --help
    bool is_required = false;
    bool repeats = false;
};

struct CommandFacts {
    std::string name;  ///< "cotter client add"
    std::string word;  ///< "add"
    std::string description;
    bool needs_command = false;          ///< one of `commands` has to follow
    std::vector<OptionFacts> arguments;  ///< in the order in which they are given
    std::vector<OptionFacts> options;    ///< its own
    std::vector<OptionFacts> inherited;  ///< those of the tool, which each command takes as well
    std::vector<CommandFacts> commands;
};

/// Of the whole tool, whichever command is passed.
[[nodiscard]] CommandFacts command_facts(const CLI::App& app);

/// The words that an option takes, where its definition lists them.
[[nodiscard]] std::vector<std::string> known_words(const CLI::Option& option);

/// Lists words in a definition and checks nothing: for a value that is checked where it is read.
[[nodiscard]] CLI::Validator listed_words(const std::vector<std::string>& words);

}  // namespace cotter::cli
