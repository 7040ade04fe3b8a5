// cotter policy check: whether a policy file loads, and what it may still do to its owner.
#include "cli/policy.h"

#include "cli/print.h"
#include "cli/report.h"
#include "formats/policy_file.h"
#include "service/policy_rehearsal.h"
#include "service/wall_clock.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CheckOptions {
    std::string file;
    bool live = false;
    bool strict = false;
};

Json warning_json(const trust::PolicyWarning& warning) {
    Json document{{"code", trust::text_of(warning.code)},
                  {"host", warning.host},
                  {"message", warning.message},
                  {"hint", warning.next}};
    if (warning.pin) document["pin"] = warning.pin->to_string();
    return document;
}

/// What the check did not look at; empty: nothing.
std::string note_on(const CheckOptions& options, const service::Rehearsal& rehearsal) {
    if (!options.live) return "what the servers present was not asked: --live connects to each";
    if (rehearsal.not_asked == 0) return "";
    return std::to_string(rehearsal.not_asked) + " wildcard entries name no server that could be asked";
}

int run(const Invocation& invocation, const CheckOptions& options) {
    if (options.live && options.file == "-") {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "bad_call",
                                        "checking the policy",
                                        "--live reads the file once for each server",
                                        "give its path",
                                        {}});
    }
    const auto set = formats::read_policy(options.file);
    if (!set) return report(invocation, set.error());
    auto warnings = trust::warnings_of(*set, service::wall_clock_now());
    service::Rehearsal rehearsal;
    if (options.live) rehearsal = service::rehearse(*set, options.file);
    warnings.insert(warnings.end(), rehearsal.warnings.begin(), rehearsal.warnings.end());
    const std::string note = note_on(options, rehearsal);
    if (invocation.json) {
        Json list = Json::array();
        for (const trust::PolicyWarning& warning : warnings) list.push_back(warning_json(warning));
        Json notes = Json::array();
        if (!note.empty()) notes.push_back(note);
        const Json document{{"file", options.file},
                            {"entries", set->entries().size()},
                            {"asked", rehearsal.asked},
                            {"warnings", std::move(list)},
                            {"notes", std::move(notes)}};
        print_document(document);
    } else {
        for (const trust::PolicyWarning& warning : warnings) {
            std::cout << trust::text_of(warning.code) << "  " << warning.host << ": " << warning.message
                      << "\n  next: " << warning.next << "\n";
        }
        if (!note.empty()) std::cout << "note: " << note << "\n";
        std::cout << set->entries().size() << (set->entries().size() == 1 ? " entry, " : " entries, ")
                  << warnings.size() << (warnings.size() == 1 ? " warning" : " warnings") << std::endl;
    }
    return options.strict && !warnings.empty() ? kCouldNot : kDone;
}

}  // namespace

void add_policy_check(CLI::App& policy, Invocation& invocation) {
    auto options = std::make_shared<CheckOptions>();
    CLI::App* const command = policy.add_subcommand("check", "Say whether a file loads, and what to beware of");
    command->footer(
        "Examples:\n"
        "  cotter policy check policy.toml\n"
        "  cotter policy check policy.toml --live --strict");
    command->add_option("FILE", options->file, "A policy file; - is standard input")->required();
    command->add_flag("--live", options->live, "Connect to each server that is named, and compare");
    command->add_flag("--strict", options->strict, "Exit 1 where there is a warning");
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
