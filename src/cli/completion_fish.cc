// The script for fish, from version 3.0 on: a line of `complete` an option, and three conditions to say where each
// holds.
#include "cli/completion.h"

namespace cotter::cli {
namespace {

/// In fish's single quotes only a backslash and the quote itself are escaped.
std::string fish_quoted(std::string_view text) {
    std::string result = "'";
    for (const char one : text) {
        if (one == '\\' || one == '\'') result += '\\';
        result += one;
    }
    return result + "'";
}

/// What is written in the place of a value; `offers` is the flag that offers words.
std::string value_of(const OptionFacts& option) {
    switch (option.kind) {
        case ValueKind::kNone:
        case ValueKind::kText: return "";
        case ValueKind::kWord: return " -a " + fish_quoted(joined_by_spaces(option.words));
        case ValueKind::kFile: return " -F";
        case ValueKind::kFolder: return " -a '(__fish_complete_directories)'";
        case ValueKind::kHost: return " -a '(__fish_print_hostnames)'";
    }
    return "";
}

std::string described(const std::string& description) {
    return description.empty() ? "" : " -d " + fish_quoted(description);
}

std::string option_line(const CommandFacts& command, const OptionFacts& option) {
    std::string line = "complete -c cotter";
    if (!is_tool(command)) line += " -n " + fish_quoted("__cotter_in " + fish_quoted(command.name));
    for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.kind == ValueKind::kFile) {
        line += " -r";
    } else if (option.kind != ValueKind::kNone) {
        line += " -x";
    }
    return line + value_of(option) + described(option.description) + "\n";
}

std::string argument_line(const CommandFacts& command, std::size_t place, const OptionFacts& argument) {
    const std::string value = value_of(argument);
    if (value.empty()) return "";
    const std::string places = argument.repeats ? "-ge " : "-eq ";
    return "complete -c cotter -n " +
           fish_quoted("__cotter_argument " + places + std::to_string(place) + " " + fish_quoted(command.name)) +
           value + "\n";
}

std::string command_line(const CommandFacts& command, const CommandFacts& below) {
    return "complete -c cotter -n " + fish_quoted("__cotter_argument -eq 0 " + fish_quoted(command.name)) + " -a " +
           below.word + described(below.description) + "\n";
}

/// Patterns of `switch` for an option of its command; the tool's own are taken after every command.
std::string patterns_of(const CommandFacts& command, const OptionFacts& option) {
    std::string patterns;
    for (const std::string& name : option.names) {
        patterns += " " + fish_quoted(command.name + " " + name);
        if (is_tool(command)) patterns += " " + fish_quoted(command.name + " * " + name);
    }
    return patterns;
}

}  // namespace

std::string fish_completion(const CommandFacts& tool) {
    std::string lines;
    std::string commands;
    std::string takers;
    for (const CommandFacts* command : all_commands(tool)) {
        if (command != &tool) commands += " " + fish_quoted(command->name);
        for (const CommandFacts& below : command->commands) lines += command_line(*command, below);
        for (std::size_t place = 0; place < command->arguments.size(); ++place)
            lines += argument_line(*command, place, command->arguments[place]);
        for (const OptionFacts& option : command->options) {
            lines += option_line(*command, option);
            if (option.kind != ValueKind::kNone) takers += patterns_of(*command, option);
        }
    }
    return "# fish completion of cotter, written by `cotter completion fish`.\n"
           "\n"
           "# The command that is named before the cursor, and how many arguments it has there.\n"
           "function __cotter_written\n"
           "    set -l tokens (commandline -opc)\n"
           "    set -l command cotter\n"
           "    set -l arguments 0\n"
           "    set -l is_value no\n"
           "    set -l only_arguments no\n"
           "    for token in $tokens[2..-1]\n"
           "        if test $is_value = yes\n"
           "            set is_value no\n"
           "        else if test $only_arguments = no; and test \"$token\" = --\n"
           "            set only_arguments yes\n"
           "        else if test $only_arguments = no; and string match -q -- '-?*' $token\n"
           "            switch \"$command $token\"\n"
           "                case" +
           takers +
           "\n"
           "                    set is_value yes\n"
           "            end\n"
           "        else if test $arguments = 0; and contains -- \"$command $token\"" +
           commands +
           "\n"
           "            set command \"$command $token\"\n"
           "        else\n"
           "            set arguments (math $arguments + 1)\n"
           "        end\n"
           "    end\n"
           "    printf '%s\\n' $command $arguments\n"
           "end\n"
           "\n"
           "# Whether that is the command $argv.\n"
           "function __cotter_in\n"
           "    set -l written (__cotter_written)\n"
           "    test \"$written[1]\" = \"$argv\"\n"
           "end\n"
           "\n"
           "# Whether that is the command $argv[3], and so many arguments have been written: `-eq 0` is for the "
           "first.\n"
           "function __cotter_argument\n"
           "    set -l written (__cotter_written)\n"
           "    test \"$written[1]\" = \"$argv[3]\"; and test $written[2] $argv[1] $argv[2]\n"
           "end\n"
           "\n"
           "complete -c cotter -f\n" +
           lines;
}

}  // namespace cotter::cli
