// The script for bash, with or without the package bash-completion, from bash 4.3 on.
#include "cli/completion.h"

namespace cotter::cli {
namespace {

/// What comes before the tables: the walk through the words written so far. bash splits words at `=` and `:`, too, so
/// they are put together again from the line; what is offered must begin after the last of these.
constexpr std::string_view kWalk = R"bash(
_cotter() {
    local -a parts=()
    local line=${COMP_LINE:0:COMP_POINT} rest word i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:blank:]]*}"}
        word=${COMP_WORDS[i]}
        [[ $rest == "$word"* ]] || word=$rest
        if [[ $i -gt 0 && $rest == "$line" ]]; then parts[-1]+=$word; else parts+=("$word"); fi
        line=${rest#"$word"}
    done

    local command=cotter count=0 option='' only_arguments='' commands='' words='' kind=''
    __cotter_commands "$command"
    for word in "${parts[@]:1:${#parts[@]}-2}"; do
        if [[ -n $option ]]; then
            option=''
        elif [[ -z $only_arguments && $word == -- ]]; then
            only_arguments=yes
        elif [[ -z $only_arguments && $word == -?* ]]; then
            [[ $word == *=* ]] || { __cotter_value "$command $word" && option=$word; }
        elif [[ $count -eq 0 && " $commands " == *" $word "* ]]; then
            command+=" $word"
            __cotter_commands "$command"
        else
            count=$((count + 1))
        fi
    done

    local current=${parts[-1]}
    words='' kind=''
    if [[ -z $option && -z $only_arguments && $current == -*=* ]]; then
        option=${current%%=*} current=${current#*=}
    fi
    if [[ -n $option ]]; then
        __cotter_value "$command $option" || return
    elif [[ -z $only_arguments && $current == -* ]]; then
        __cotter_options "$command"
    else
        __cotter_value "$command @$((count + 1))"
        [[ $count -gt 0 ]] || words+=" $commands"
        [[ -n ${words// /} || -n $kind || -n $only_arguments ]] || __cotter_options "$command"
    fi
    COMPREPLY=()
    case $kind in
        file)
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            compopt -o default ;;
        folder) compopt -o dirnames ;;
        host)
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            [[ ${#COMPREPLY[@]} -gt 0 || $current == *:* ]] ||
                mapfile -t COMPREPLY < <(compgen -A hostname -- "$current") ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    esac
}

complete -F _cotter cotter
)bash";

/// Patterns of `case` for an option of its command; the tool's own are taken after every command.
std::string patterns_of(const CommandFacts& command, const OptionFacts& option) {
    std::string patterns;
    for (const std::string& name : option.names) {
        patterns += (patterns.empty() ? "" : " | ") + shell_quoted(command.name + " " + name);
        if (is_tool(command)) patterns += " | " + shell_quoted(command.name + " ") + "*" + shell_quoted(" " + name);
    }
    return patterns;
}

std::string value_line(const std::string& patterns, const OptionFacts& option) {
    const std::string line = "        " + patterns + ") ";
    switch (option.kind) {
        case ValueKind::kNone: return "";
        case ValueKind::kText: return line + "kind='text' ;;\n";
        case ValueKind::kWord: return line + "words=" + shell_quoted(joined_by_spaces(option.words)) + " ;;\n";
        case ValueKind::kFile: return line + "kind='file' ;;\n";
        case ValueKind::kFolder: return line + "kind='folder' ;;\n";
        case ValueKind::kHost: return line + "kind='host' ;;\n";
    }
    return "";
}

std::string words_below(const CommandFacts& command) {
    std::vector<std::string> words;
    for (const CommandFacts& one : command.commands) words.push_back(one.word);
    return joined_by_spaces(words);
}

std::string option_names(const CommandFacts& command) {
    std::string names;
    for (const auto* const options : {&command.options, &command.inherited}) {
        for (const OptionFacts& option : *options) names += (names.empty() ? "" : " ") + joined_by_spaces(option.names);
    }
    return names;
}

}  // namespace

std::string bash_completion(const CommandFacts& tool) {
    std::string commands;
    std::string options;
    std::string values;
    for (const CommandFacts* command : all_commands(tool)) {
        const std::string name = "        " + shell_quoted(command->name) + ") ";
        if (!command->commands.empty()) commands += name + "commands=" + shell_quoted(words_below(*command)) + " ;;\n";
        options += name + "words=" + shell_quoted(option_names(*command)) + " ;;\n";
        for (const OptionFacts& option : command->options) values += value_line(patterns_of(*command, option), option);
        for (std::size_t i = 0; i < command->arguments.size(); ++i) {
            const OptionFacts& argument = command->arguments[i];
            const std::string pattern = argument.repeats ? shell_quoted(command->name + " @") + "*"
                                                         : shell_quoted(command->name + " @" + std::to_string(i + 1));
            values += value_line(pattern, argument);
        }
    }
    return "# bash completion of cotter, written by `cotter completion bash`.\n"
           "\n"
           "# The commands below the command $1.\n"
           "__cotter_commands() {\n"
           "    commands=''\n"
           "    case $1 in\n" +
           commands +
           "    esac\n"
           "}\n"
           "\n"
           "# The options that the command $1 takes.\n"
           "__cotter_options() {\n"
           "    case $1 in\n" +
           options +
           "    esac\n"
           "}\n"
           "\n"
           "# What is written after \"COMMAND OPTION\", or as \"COMMAND @N\", its Nth argument. Fails if nothing is.\n"
           "__cotter_value() {\n"
           "    case $1 in\n" +
           values +
           "        *) return 1 ;;\n"
           "    esac\n"
           "}\n" +
           std::string(kWalk);
}

}  // namespace cotter::cli
