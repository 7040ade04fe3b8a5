// Walking CLI11's definitions.
#include "cli/command_tree.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

#include <algorithm>

namespace cotter::cli {
namespace {

/// The name of the values' type. An argument without one goes by its own name.
std::string type_name(const CLI::Option& option) {
    const std::string name = option.get_type_name();
    constexpr std::string_view kAnyText = "TEXT";
    return option.get_positional() && name == kAnyText ? option.get_name(true, false) : name;
}

ValueKind kind_of(const CLI::Option& option) {
    if (option.get_items_expected_max() == 0) return ValueKind::kNone;
    if (!known_words(option).empty()) return ValueKind::kWord;
    const std::string type = type_name(option);
    if (type == "FILE") return ValueKind::kFile;
    if (type == "DIR") return ValueKind::kFolder;
    const bool is_host = type == "ADDR" || type == "HOST" || type == "HOST:PORT";
    return is_host ? ValueKind::kHost : ValueKind::kText;
}

std::string joined(const std::vector<std::string>& words, char between) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? std::string() : std::string(1, between)) + word;
    return text;
}

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

OptionFacts option_facts(const CLI::Option& option) {
    OptionFacts facts;
    if (option.get_positional()) {
        facts.names = {option.get_name(true, false)};
    } else {
        for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
        for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
    }
    facts.kind = kind_of(option);
    facts.words = known_words(option);
    if (facts.kind != ValueKind::kNone) {
        facts.value = !option.get_option_text().empty() ? option.get_option_text()
                      : facts.words.empty()             ? type_name(option)
                                                        : joined(facts.words, '|');
    }
    facts.description = one_line(option.get_description());
    facts.usual = option.get_default_str();
    facts.group = option.get_group();
    facts.is_required = option.get_required();
    facts.repeats = facts.kind != ValueKind::kNone && option.get_expected_max() > 1;
    return facts;
}

bool shares_a_name(const OptionFacts& one, const OptionFacts& other) {
    return std::ranges::find_first_of(one.names, other.names) != one.names.end();
}

/// `root`: whose options every command takes; null for the root itself.
CommandFacts facts_of(const CLI::App& app, const std::string& above, const CommandFacts* root) {
    CommandFacts facts;
    facts.word = app.get_name();
    facts.name = above.empty() ? facts.word : above + " " + facts.word;
    facts.description = one_line(app.get_description());
    facts.needs_command = app.get_require_subcommand_min() > 0;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) continue;  // hidden
        (option->get_positional() ? facts.arguments : facts.options).push_back(option_facts(*option));
    }
    if (root != nullptr) {
        for (const OptionFacts& one : root->options) {
            const auto is_same = [&](const OptionFacts& own) { return shares_a_name(own, one); };
            if (std::ranges::none_of(facts.options, is_same)) facts.inherited.push_back(one);
        }
    }
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        facts.commands.push_back(facts_of(*command, facts.name, root != nullptr ? root : &facts));
    return facts;
}

}  // namespace

CommandFacts command_facts(const CLI::App& app) {
    const CLI::App* root = &app;
    while (root->get_parent() != nullptr) root = root->get_parent();
    return facts_of(*root, "", nullptr);
}

std::vector<std::string> known_words(const CLI::Option& option) {
    const std::string text = option.get_type_name();
    const std::size_t open = text.find('{');
    const std::size_t close = text.find('}', open == std::string::npos ? 0 : open);
    if (open == std::string::npos || close == std::string::npos) return {};
    return CLI::detail::split(text.substr(open + 1, close - open - 1), ',');
}

CLI::Validator listed_words(const std::vector<std::string>& words) {
    return {[](std::string&) { return std::string(); }, "{" + joined(words, ',') + "}"};
}

}  // namespace cotter::cli
