// cotter log publish: a server's keys, in a public log that can only grow.
#include "cli/client_options.h"
#include "cli/key_log.h"
#include "cli/print.h"
#include "cli/report.h"
#include "keylog/publisher.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

using keylog::KeyEntry;
using keylog::KeyName;
using keylog::Word;

struct PublishOptions {
    std::string folder;
    std::string name;
    std::vector<std::string> pins;
    std::vector<std::string> retired;
    bool dry_run = false;
};

/// What the call asks for.
struct Wanted {
    KeyName name;
    std::vector<Pin> added;
    std::vector<Pin> retired;
    keylog::Insist insist = keylog::Insist::kMissing;  ///< for the added ones
};

Result<std::vector<Pin>> loggable_pins(const std::vector<std::string>& arguments) {
    auto pins = parse_pins(arguments);
    if (!pins) return pins;
    const auto odd = std::ranges::find_if_not(*pins, keylog::is_loggable);
    if (odd == pins->end()) return pins;
    return malformed("pin_not_loggable", "reading the pin " + odd->abbreviated(),
                     "a key log has the SHA-256 of public keys and nothing else", "give it as cotter id prints it");
}

Result<Wanted> wanted_by(const Invocation& invocation, const PublishOptions& options,
                         const identity::StateFolder& state) {
    auto name = KeyName::parse(options.name);
    if (!name) return unexpected(name.error());
    auto added = loggable_pins(options.pins);
    if (!added) return unexpected(added.error());
    auto retired = loggable_pins(options.retired);
    if (!retired) return unexpected(retired.error());
    Wanted wanted{std::move(*name), std::move(*added), std::move(*retired), keylog::Insist::kNewest};
    if (!options.pins.empty() || !options.retired.empty()) return wanted;
    if (auto own = invocation.own_identity(state); !own) return unexpected(own.error());
    auto pins = own_server_pins(invocation, state);
    if (!pins) return unexpected(pins.error());
    wanted.added = std::move(*pins);
    wanted.insist = keylog::Insist::kMissing;
    return wanted;
}

/// A key that was taken back comes in again only for who names it.
Result<void> check_not_retired(const std::vector<KeyEntry>& entries, const Wanted& wanted) {
    if (wanted.insist == keylog::Insist::kNewest) return {};
    for (const Pin& pin : wanted.added) {
        const KeyEntry* last = nullptr;
        for (const KeyEntry& entry : entries) {
            if (entry.pin == pin && entry.name == wanted.name) last = &entry;
        }
        if (last != nullptr && last->word == Word::kRetired) {
            return failed("key_retired", "publishing " + pin.to_string(),
                          "the log says that it is retired, since " + text::rfc3339(last->at),
                          "give the server another key (cotter rotate), or take it up again with --pin");
        }
    }
    return {};
}

std::vector<KeyEntry> due_entries(const std::vector<KeyEntry>& entries, const Wanted& wanted, x509::Time now) {
    std::vector<KeyEntry> all = entries;
    const auto add = [&](Word word, const Pin& pin, keylog::Insist insist) {
        if (auto entry = keylog::due_entry(all, word, wanted.name, pin, insist, now)) all.push_back(std::move(*entry));
    };
    for (const Pin& pin : wanted.added) add(Word::kAdded, pin, wanted.insist);
    for (const Pin& pin : wanted.retired) add(Word::kRetired, pin, keylog::Insist::kMissing);
    return {all.begin() + static_cast<std::ptrdiff_t>(entries.size()), all.end()};
}

void print_publication(const Invocation& invocation, const PublishOptions& options, const audit::Verifier& key,
                       std::uint64_t first, const std::vector<KeyEntry>& added) {
    if (invocation.json) {
        nlohmann::ordered_json document{{"folder", text::escape(options.folder)},
                                        {"key", key.to_string()},
                                        {"size", first + (options.dry_run ? 0 : added.size())},
                                        {"dry_run", options.dry_run},
                                        {"added", nlohmann::ordered_json::array()}};
        for (std::size_t i = 0; i < added.size(); ++i) {
            document["added"].push_back({{"entry", first + i},
                                         {"word", text_of(added[i].word)},
                                         {"name", added[i].name.to_string()},
                                         {"pin", added[i].pin.to_string()},
                                         {"at", text::rfc3339(added[i].at)}});
        }
        return print_document(document);
    }
    for (std::size_t i = 0; i < added.size(); ++i) {
        std::cout << (options.dry_run ? "would publish entry " : "published entry ") << first + i << ": "
                  << text_of(added[i].word) << " " << added[i].pin.to_string() << " for " << added[i].name.to_string()
                  << "\n";
    }
    if (added.empty()) std::cout << "nothing to publish: the log says it already\n";
    std::cout << "  for clients: --key-log URL --key-log-key " << key.to_string() << std::endl;
}

int run_publish(const Invocation& invocation, const PublishOptions& options) {
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto wanted = wanted_by(invocation, options, *state);
    if (!wanted) return report(invocation, wanted.error());
    const std::string where = text::escape(options.folder);
    auto publisher = keylog::Publisher::open(*state, options.folder);
    if (!publisher) return report_log_fault(invocation, where, publisher.error());
    if (auto checked = check_not_retired(publisher->entries(), *wanted); !checked)
        return report(invocation, checked.error());
    const std::uint64_t first = publisher->entries().size();
    const auto added = due_entries(publisher->entries(), *wanted, service::wall_clock_now());
    if (!added.empty() && !options.dry_run) {
        if (const auto appended = publisher->append(added); !appended)
            return report_log_fault(invocation, where, appended.error());
    }
    print_publication(invocation, options, publisher->key(), first, added);
    return kDone;
}

}  // namespace

void add_log_publish(CLI::App& log, Invocation& invocation) {
    auto options = std::make_shared<PublishOptions>();
    CLI::App* const command = log.add_subcommand("publish", "Put this server's keys into their public log");
    command->footer(
        "Examples:\n"
        "  cotter log publish /srv/www/keys --name db.example.com:7000\n"
        "  cotter log publish /srv/www/keys --name db.example.com --retire PIN");
    command->add_option("DIR", options->folder, "The log's files, for any static web server")->required();
    command->add_option("--name", options->name, "HOST[:PORT], as clients call this server")
        ->required()
        ->type_name("NAME");
    command->add_option("--pin", options->pins, "This key; else the identity's, and the next one's")
        ->allow_extra_args(false)
        ->type_name("PIN");
    command->add_option("--retire", options->retired, "Take this key back; may be repeated")
        ->allow_extra_args(false)
        ->type_name("PIN");
    command->add_flag("--dry-run", options->dry_run, "Show what would be added, and add nothing");
    command->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run_publish(invocation, *options); };
    });
}

}  // namespace cotter::cli
