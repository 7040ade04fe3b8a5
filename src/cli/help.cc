// The shape of --help, and the topics.
#include "cli/help.h"

#include "cli/command_json.h"
#include "cli/command_tree.h"
#include "cli/help_topics.h"
#include "cli/report.h"
#include "text/escape.h"
#include "text/lower.h"

#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <sstream>

namespace cotter::cli {
namespace {

constexpr std::size_t kFirstColumn = 28;
constexpr std::size_t kColumns = 80;

/// Every value that is allowed, or the kind of value.
std::string value_text(const CLI::Option& option) {
    std::string text;
    for (const std::string& word : known_words(option)) text += (text.empty() ? "" : "|") + word;
    return text.empty() ? option.get_type_name() : text;
}

class HelpFormatter final : public CLI::Formatter {
  public:
    HelpFormatter() {
        column_width(kFirstColumn);
        label("Positionals", "Arguments");
    }

    [[nodiscard]] std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
        std::string text = app->get_description() + "\n\n" + make_usage(app, std::move(name));
        text += make_positionals(app) + option_groups(app) + make_subcommands(app, mode);
        if (!app->get_footer().empty()) text += "\n" + app->get_footer() + "\n";
        return text;
    }

    [[nodiscard]] std::string make_usage(const CLI::App* app, std::string name) const override {
        std::ostringstream out;
        out << "usage: " << name;
        for (const CLI::Option* option : app->get_options()) {
            if (!option->get_positional() && option->get_required())
                out << " " << option->get_name(false, false) << make_option_opts(option);
        }
        for (const CLI::Option* option : app->get_options()) {
            if (option->get_positional()) out << " " << make_option_usage(option);
        }
        const bool has_commands = !app->get_subcommands([](const CLI::App*) { return true; }).empty();
        out << (has_commands ? " [COMMAND]" : "") << " [OPTION]...\n";
        return out.str();
    }

    [[nodiscard]] std::string make_group(std::string group, bool is_positional,
                                         std::vector<const CLI::Option*> options) const override {
        // What the usage line says well enough has no description.
        std::erase_if(options, [](const CLI::Option* option) { return option->get_description().empty(); });
        if (options.empty()) return "";
        std::string text = group + ":\n";
        for (const CLI::Option* option : options) text += make_option(option, is_positional);
        return text;
    }

    [[nodiscard]] std::string option_groups(const CLI::App* app) const {
        std::string text;
        for (const std::string& group : app->get_groups()) {
            const auto options = app->get_options([&](const CLI::Option* option) {
                const bool is_help_of_a_command = option == app->get_help_ptr() && app->get_parent() != nullptr;
                return option->get_group() == group && !option->get_positional() && !is_help_of_a_command;
            });
            if (group == kEvidenceGroup || group == kRulesGroup || group == kKeysGroup || group == kOperationGroup) {
                text += named_only(group, options);
            } else if (!group.empty()) {
                text += make_group(group, false, options);
            }
        }
        return text;
    }

    /// What few need is named here and explained by its topic.
    [[nodiscard]] static std::string named_only(const std::string& group,
                                                const std::vector<const CLI::Option*>& options) {
        std::vector<std::string> names;
        for (const CLI::Option* option : options) names.push_back(option->get_name(false, false));
        return listed(group + " (cotter help " + text::ascii_lower(group) + "):", names);
    }

    /// After one another, in as many lines as they need; nothing where there are none.
    [[nodiscard]] static std::string listed(std::string line, const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names) {
            if (line.size() + 1 + name.size() > kColumns) {
                text += line + "\n";
                line = " ";
            }
            line += " " + name;
        }
        return names.empty() ? "" : text + line + "\n";
    }

    [[nodiscard]] std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode /*mode*/) const override {
        std::string text;
        std::vector<std::string> also;
        for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
            if (command->get_group() == kSeldomUsed) {
                also.push_back(command->get_name());
            } else {
                text += make_subcommand(command);
            }
        }
        text += listed("Also (help NAME):", also);
        return text.empty() ? text : "Commands:\n" + text;
    }

    [[nodiscard]] std::string make_option_opts(const CLI::Option* option) const override {
        if (option->get_type_size() == 0 || option->get_positional()) return "";
        return " " + (option->get_option_text().empty() ? value_text(*option) : option->get_option_text());
    }

    [[nodiscard]] std::string make_option_desc(const CLI::Option* option) const override {
        const std::string usual = option->get_default_str();
        return option->get_description() + (usual.empty() ? "" : " [" + usual + "]");
    }
};

/// The commands of the app by name.
std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
        for (const CLI::Option* option : level->get_options()) {
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    return names;
}

/// The command that was named as far as its words were understood.
const CLI::App& deepest_parsed(const CLI::App& app) {
    const CLI::App* deepest = &app;
    while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().back();
    return *deepest;
}

std::string whole_name(const CLI::App& app) {
    return app.get_parent() == nullptr ? app.get_name() : whole_name(*app.get_parent()) + " " + app.get_name();
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() {
    return std::make_shared<HelpFormatter>();
}

void add_help(CLI::App& app, Invocation& invocation) {
    const auto words = std::make_shared<std::vector<std::string>>();
    CLI::App* const command = app.add_subcommand("help", "Explain a command, or a topic");
    std::vector<std::string> explained = command_names(app);
    for (const HelpTopic& one : help_topics()) explained.emplace_back(one.name);
    command->add_option("TOPIC", *words, "A command or a topic")->check(listed_words(explained));
    command->footer("Topics: " + topic_names() + "\n\nExamples:\n  cotter help pins\n  cotter help client revoke");
    command->callback([&app, &invocation, words] {
        invocation.run = [&app, &invocation, words] {
            const auto topic = words->size() == 1 ? topic_text(words->front()) : std::nullopt;
            if (topic) {
                if (invocation.json) {
                    std::cout << nlohmann::ordered_json{{"topic", words->front()}, {"text", *topic}}.dump() << "\n";
                } else {
                    std::cout << *topic;
                }
                return kDone;
            }
            const CLI::App* level = &app;
            const CommandFacts tool = command_facts(app);
            const CommandFacts* facts = &tool;
            for (const std::string& word : *words) {
                const auto next = level->get_subcommands([&](const CLI::App* one) { return one->get_name() == word; });
                if (next.empty()) {
                    std::vector<std::string> known = command_names(*level);
                    if (level == &app) {
                        for (const HelpTopic& one : help_topics()) known.emplace_back(one.name);
                    }
                    const auto meant = nearest(word, known);
                    const Error error{ErrorKind::kMalformedInput,
                                      "bad_call",
                                      "looking for help",
                                      "there is nothing about `" + text::escape(word, 64) + "`",
                                      meant ? "did you mean `" + *meant + "`?" : "cotter --help lists the commands",
                                      {}};
                    return report(invocation, error);
                }
                level = next.front();
                facts = &*std::ranges::find(facts->commands, word, &CommandFacts::word);
            }
            if (invocation.json) {
                std::cout << to_json(*facts).dump() << "\n";
                return kDone;
            }
            std::cout << level->help(level == &app ? "" : whole_name(*level->get_parent()));
            return kDone;
        };
    });
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    // Optimal string alignment distance, three rows at a time.
    const auto distance = [](std::string_view a, std::string_view b) {
        std::vector<std::size_t> before(b.size() + 1);
        std::vector<std::size_t> above(b.size() + 1);
        std::vector<std::size_t> row(b.size() + 1);
        for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
        for (std::size_t i = 1; i <= a.size(); ++i) {
            row[0] = i;
            for (std::size_t j = 1; j <= b.size(); ++j) {
                row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = std::min(row[j], before[j - 2] + 1);
            }
            std::swap(before, above);
            std::swap(above, row);
        }
        return above[b.size()];
    };
    constexpr std::size_t kLongestWord = 32;
    if (word.size() > kLongestWord) return std::nullopt;
    std::optional<std::string> best;
    std::size_t least = word.size() > 4 ? 3 : 2;  // must be below
    for (const std::string& one : known) {
        const std::size_t away = distance(word, one);
        if (away < least) {
            least = away;
            best = one;
        }
    }
    return best;
}

Error explain_bad_call(const CLI::App& app, const std::vector<std::string>& arguments, const CLI::ParseError& fault) {
    const CLI::App& command = deepest_parsed(app);
    const std::string name = whole_name(command);
    Error error{ErrorKind::kMalformedInput, "bad_call", "reading the call", fault.what(), name + " --help", {}};
    // An unknown flag often is why a required one is missing: it goes first.
    std::vector<std::string> left = app.remaining(true);
    const auto unknown = std::ranges::find_if(
        arguments, [&](const std::string& argument) { return std::ranges::find(left, argument) != left.end(); });
    if (unknown == arguments.end()) return error;
    const std::string shown = text::escape(*unknown, 64);
    if (unknown->starts_with("-") && unknown->size() > 1) {
        const auto meant = nearest(unknown->substr(0, unknown->find('=')), flag_names(command));
        error.why = name + " has no flag " + shown;
        error.next = meant ? "did you mean " + *meant + "? " + name + " --help lists its flags"
                           : name + " --help lists its flags";
        return error;
    }
    const std::vector<std::string> commands = command_names(command);
    if (commands.empty() || fault.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
        if (fault.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
            error.why = name + " takes no further argument: " + shown;
        return error;
    }
    const auto meant = nearest(*unknown, commands);
    error.why = name + " has no command " + shown;
    error.next = meant ? "did you mean `" + name + " " + *meant + "`? " + name + " --help lists its commands"
                       : name + " --help lists its commands";
    return error;
}

}  // namespace cotter::cli
