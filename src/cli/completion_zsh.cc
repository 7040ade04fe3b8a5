// The script for zsh: a function a command, in the words of _arguments.
#include "cli/completion.h"

#include <algorithm>

namespace cotter::cli {
namespace {

/// In a specification of _arguments or _describe a colon ends a part, and brackets hold a description.
std::string escaped(std::string_view text) {
    std::string safe;
    for (const char one : text) {
        if (std::string_view("\\:[]").contains(one)) safe += '\\';
        safe += one;
    }
    return safe;
}

std::string function_of(const CommandFacts& command) {
    std::string name = "_" + command.name;
    std::ranges::replace(name, ' ', '_');
    return name;
}

/// ":MESSAGE:ACTION", what is written in the place of a value.
std::string value_of(const OptionFacts& option) {
    const std::string message = ":" + escaped(option.words.empty() ? option.value : option.names.back()) + ":";
    switch (option.kind) {
        case ValueKind::kNone: return "";
        case ValueKind::kText: return message + " ";
        case ValueKind::kWord: return message + "(" + joined_by_spaces(option.words) + ")";
        case ValueKind::kFile: return message + "_files";
        case ValueKind::kFolder: return message + "_files -/";
        case ValueKind::kHost: return message + "_hosts";
    }
    return "";
}

/// One for each name. A name that was used rules out the option's others, unless it may be repeated.
std::vector<std::string> specifications(const OptionFacts& option) {
    std::vector<std::string> all;
    for (const std::string& name : option.names) {
        std::string one = option.repeats ? "*" : "(" + joined_by_spaces(option.names) + ")";
        one += name;
        if (option.kind != ValueKind::kNone) one += name.starts_with("--") ? "=" : "+";
        if (!option.description.empty()) one += "[" + escaped(option.description) + "]";
        all.push_back(one + value_of(option));
    }
    return all;
}

/// The lines of a call of _arguments that are about options and arguments.
std::string specification_lines(const CommandFacts& command, bool with_arguments) {
    std::vector<std::string> all;
    for (const auto* const options : {&command.options, &command.inherited}) {
        for (const OptionFacts& option : *options) {
            const auto some = specifications(option);
            all.insert(all.end(), some.begin(), some.end());
        }
    }
    if (with_arguments) {
        for (const OptionFacts& argument : command.arguments)
            all.push_back((argument.repeats ? "*" : argument.is_required ? "" : ":") + value_of(argument));
    }
    std::string lines;
    for (const std::string& one : all) lines += " \\\n        " + shell_quoted(one);
    return lines;
}

std::string leaf(const CommandFacts& command) {
    return function_of(command) + "() {\n    _arguments -S" + specification_lines(command, true) + "\n}\n\n";
}

/// A command with others below it: the first word chooses, or, where the command has an argument of its own, is that.
std::string node(const CommandFacts& command) {
    std::string described;
    std::string branches;
    for (const CommandFacts& one : command.commands) {
        described += "                " + shell_quoted(escaped(one.word) + ":" + one.description) + "\n";
        branches += "                " + one.word + ") " + function_of(one) + " ;;\n";
    }
    if (!command.arguments.empty())
        branches += "                *) _arguments -S" + specification_lines(command, false) + " ;;\n";
    return function_of(command) +
           "() {\n"
           "    local curcontext=$curcontext context state state_descr line\n"
           "    local -A opt_args\n"
           "    _arguments -C -S -A '-*'" +
           specification_lines(command, false) +
           " \\\n        '1: :->command' '*:: :->rest'\n"
           "    case $state in\n"
           "        command)\n"
           "            local -a commands=(\n" +
           described +
           "            )\n"
           "            _describe -t commands " +
           shell_quoted("command of " + command.name) +
           " commands ;;\n"
           "        rest)\n"
           "            case $words[1] in\n" +
           branches +
           "            esac ;;\n"
           "    esac\n"
           "}\n\n";
}

}  // namespace

std::string zsh_completion(const CommandFacts& tool) {
    std::string script =
        "#compdef cotter\n"
        "# zsh completion of cotter, written by `cotter completion zsh`.\n"
        "\n";
    for (const CommandFacts* command : all_commands(tool))
        script += command->commands.empty() ? leaf(*command) : node(*command);
    // Found in $fpath the file is the function; sourced it has to say whose function it is.
    return script + "if [[ $funcstack[1] == _cotter ]]; then _cotter \"$@\"; else compdef _cotter cotter; fi\n";
}

}  // namespace cotter::cli
