// cotter completion: print a shell's script.
#include "cli/completion.h"

#include "cli/invocation.h"
#include "cli/report.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

std::string script_for(const std::string& shell, const CommandFacts& tool) {
    if (shell == "bash") return bash_completion(tool);
    return shell == "zsh" ? zsh_completion(tool) : fish_completion(tool);
}

}  // namespace

std::vector<const CommandFacts*> all_commands(const CommandFacts& tool) {
    std::vector<const CommandFacts*> all = {&tool};
    for (const CommandFacts& command : tool.commands) {
        const auto below = all_commands(command);
        all.insert(all.end(), below.begin(), below.end());
    }
    return all;
}

bool is_tool(const CommandFacts& command) {
    return command.name == command.word;
}

std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char one : text) quoted += one == '\'' ? "'\\''" : std::string(1, one);
    return quoted + "'";
}

std::string joined_by_spaces(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

void add_completion(CLI::App& app, Invocation& invocation) {
    const auto shell = std::make_shared<std::string>();
    CLI::App* const command = app.add_subcommand("completion", "Print a script that completes calls in a shell");
    command->footer(
        "Packages install it. To try it: source <(cotter completion bash)\n"
        "Examples:\n"
        "  cotter completion bash > ~/.local/share/bash-completion/completions/cotter\n"
        "  cotter completion fish > ~/.config/fish/completions/cotter.fish");
    command->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&app, &invocation, shell] {
        invocation.run = [&app, &invocation, shell] {
            const std::string script = script_for(*shell, command_facts(app));
            if (invocation.json) {
                std::cout << nlohmann::ordered_json{{"shell", *shell}, {"script", script}}.dump() << std::endl;
            } else {
                std::cout << script << std::flush;
            }
            if (std::cout) return kDone;
            return report(invocation,
                          Error{ErrorKind::kFailed, "file_write", "writing", "standard output takes no more", {}, {}});
        };
    });
}

}  // namespace cotter::cli
