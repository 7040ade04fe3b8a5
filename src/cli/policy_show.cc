// cotter policy show: the entries of a policy file as they are understood, and which one decides on a host.
#include "cli/policy.h"

#include "cli/policy_json.h"
#include "cli/print.h"
#include "cli/report.h"
#include "formats/policy_file.h"
#include "text/escape.h"
#include "text/time.h"
#include "trust/entry_choice.h"
#include "trust/words.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ShowOptions {
    std::string file;
    std::string host;
};

void print_pin(const trust::PolicyPin& pin) {
    std::cout << "  " << text_of(pin.role) << "  " << pin.pin.to_string();
    if (pin.expires) std::cout << ", until " << text::rfc3339(*pin.expires);
    if (!pin.label.empty()) std::cout << ", " << text::escape(pin.label, 128);
    if (!pin.approved_by.empty()) std::cout << ", approved by " << text::escape(pin.approved_by, 128);
    std::cout << "\n";
}

void print_entry(const trust::PolicyEntry& entry, std::size_t number) {
    const trust::ServerPolicy& policy = entry.policy;
    std::cout << number << "  " << entry.host.to_string()
              << (entry.host.includes_subdomains() ? " and all names below it" : "")
              << (entry.host.port() ? "" : ", every port") << "\n  by " << trust::text_of(policy.trust);
    if (trust::looks_at_pins(policy.trust)) std::cout << ", match " << trust::text_of(policy.match);
    if (policy.mode != trust::Mode::kEnforce) std::cout << ", mode " << text_of(policy.mode);
    if (policy.expires) {
        std::cout << ", until " << text::rfc3339(*policy.expires)
                  << (policy.on_expiry == trust::OnExpiry::kChain ? ", then by chain" : ", then refused");
    }
    std::cout << "\n";
    for (const trust::PolicyPin& pin : policy.pins) print_pin(pin);
    for (const Pin& pin : policy.deny) std::cout << "  denied   " << pin.to_string() << "\n";
}

Json choice_json(const std::vector<trust::EntryChoice>& choices, const HostPort& host) {
    Json decides;
    Json considered = Json::array();
    for (const trust::EntryChoice& choice : choices) {
        if (choice.decides) decides = choice.entry + 1;
        considered.push_back({{"entry", choice.entry + 1}, {"covers", choice.covers}, {"why", choice.why}});
    }
    return {{"host", host.host.to_string()}, {"port", host.port}, {"decides", decides}, {"considered", considered}};
}

void print_choice(const trust::PolicySet& set, const std::vector<trust::EntryChoice>& choices, const HostPort& host) {
    const auto* const decisive = set.find(host);
    std::cout << host.to_string() << "\n";
    if (decisive == nullptr)
        std::cout << "  no entry covers it: refused (no_policy), unless a pin or --trust is given\n";
    for (const trust::EntryChoice& choice : choices) {
        std::cout << (choice.decides ? "  decides     " : "  not         ") << choice.entry + 1 << "  "
                  << set.entries()[choice.entry].host.to_string() << " " << choice.why << "\n";
    }
}

int run(const Invocation& invocation, const ShowOptions& options) {
    const auto set = formats::read_policy(options.file);
    if (!set) return report(invocation, set.error());
    std::optional<HostPort> host;
    if (!options.host.empty()) {
        auto parsed = HostPort::parse(options.host, 443);
        if (!parsed) return report(invocation, parsed.error());
        host = std::move(*parsed);
    }
    if (invocation.json) {
        Json entries = Json::array();
        for (const trust::PolicyEntry& entry : set->entries()) entries.push_back(entry_json(entry));
        Json document{{"file", options.file}, {"entries", std::move(entries)}};
        if (host) document["choice"] = choice_json(trust::choices_for(*set, *host), *host);
        print_document(document);
        return kDone;
    }
    for (std::size_t i = 0; i < set->entries().size(); ++i) print_entry(set->entries()[i], i + 1);
    if (set->entries().empty()) std::cout << "no entries: every server is refused, unless a pin or --trust is given\n";
    if (host) print_choice(*set, trust::choices_for(*set, *host), *host);
    return kDone;
}

}  // namespace

void add_policy_show(CLI::App& policy, Invocation& invocation) {
    auto options = std::make_shared<ShowOptions>();
    CLI::App* const command = policy.add_subcommand("show", "Show a file's entries, and the one that decides");
    command->footer(
        "Examples:\n"
        "  cotter policy show policy.toml\n"
        "  cotter policy show policy.toml db.example.com:5432");
    command->add_option("FILE", options->file, "A policy file; - is standard input")->required();
    command->add_option("HOST", options->host, "HOST[:PORT]: which entry decides, and why [443]")->type_name("HOST");
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
