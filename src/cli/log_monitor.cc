// cotter log monitor: tells a server's owner of every key that appears under its name.
#include "cli/client_options.h"
#include "cli/key_log.h"
#include "cli/pause.h"
#include "cli/print.h"
#include "cli/report.h"
#include "keylog/memory.h"
#include "keylog/monitor.h"
#include "text/encoding.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

struct MonitorOptions {
    std::string log;
    std::string key;
    std::string name;
    std::vector<std::string> known;
    std::string every;
};

/// What one look needs, parsed.
struct Monitored {
    keylog::Location location;
    keylog::Memory memory;
    keylog::KeyName name;
    keylog::Told told;
    std::vector<Pin> known;
};

Result<std::vector<Pin>> known_pins(const Invocation& invocation, const MonitorOptions& options,
                                    const identity::StateFolder& state) {
    auto known = parse_pins(options.known);
    if (!known) return known;
    const auto own = own_server_pins(invocation, state);
    if (!own) return unexpected(own.error());
    known->insert(known->end(), own->begin(), own->end());
    if (!known->empty()) return known;
    return malformed("no_known_key", "watching a key log",
                     "this state folder has no key, so it is not known which are right",
                     "say --known PIN for each key of the server (cotter id on the server shows it)");
}

Result<Monitored> monitored_by(const Invocation& invocation, const MonitorOptions& options) {
    const auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    auto location = keylog::Location::parse(options.log);
    if (!location) return unexpected(location.error());
    auto key = log_key_from(options.key);
    if (!key) return unexpected(key.error());
    auto name = keylog::KeyName::parse(options.name);
    if (!name) return unexpected(name.error());
    auto known = known_pins(invocation, options, *state);
    if (!known) return unexpected(known.error());
    keylog::Told told(*state, *key, *name);
    return Monitored{std::move(*location), keylog::Memory(*state, std::move(*key)), std::move(*name), std::move(told),
                     std::move(*known)};
}

void print_watched(const Invocation& invocation, const Monitored& monitored, const keylog::LogView& view,
                   const keylog::Watched& watched) {
    const auto foreign = std::ranges::count_if(watched.news, &keylog::News::is_foreign);
    if (invocation.json) {
        nlohmann::ordered_json document{
            {"log", monitored.location.to_string()}, {"origin", view.checkpoint.head.origin},
            {"size", view.checkpoint.head.size},     {"root", text::base64(view.checkpoint.head.root)},
            {"name", monitored.name.to_string()},    {"foreign", foreign},
            {"new", nlohmann::ordered_json::array()}};
        for (const keylog::News& news : watched.news) {
            document["new"].push_back({{"entry", news.number},
                                       {"word", text_of(news.entry.word)},
                                       {"name", news.entry.name.to_string()},
                                       {"pin", news.entry.pin.to_string()},
                                       {"at", text::rfc3339(news.entry.at)},
                                       {"foreign", news.is_foreign}});
        }
        return print_document(document);
    }
    for (const keylog::News& news : watched.news) {
        std::cout << (news.is_foreign ? "FOREIGN  " : "new      ") << "entry " << news.number << "  "
                  << text_of(news.entry.word) << "  " << news.entry.pin.to_string() << "  "
                  << news.entry.name.to_string() << "  " << text::rfc3339(news.entry.at) << "\n";
    }
    if (watched.news.empty()) {
        std::cout << "nothing new under " << monitored.name.to_string() << ": the log of " << view.checkpoint.head.size
                  << (view.checkpoint.head.size == 1 ? " entry" : " entries") << " has only grown\n";
    }
    std::cout.flush();
    if (foreign == 0) return;
    std::cerr
        << "cotter: " << count_text(static_cast<std::uint64_t>(foreign), "key") << " under "
        << monitored.name.to_string() << " that this side does not know\n"
        << "  next: if it is yours, say --known PIN once; else somebody has the log's key (key_log.key): take the "
           "key back with cotter log publish --retire PIN, and give clients a log with a new key\n";
}

/// This side's keys are looked at each time, too: they may have been changed.
int look(const Invocation& invocation, const MonitorOptions& options) {
    const auto monitored = monitored_by(invocation, options);
    if (!monitored) return report(invocation, monitored.error());
    const auto view = keylog::follow(*keylog::Source::at(monitored->location), monitored->memory);
    if (!view) return report_log_fault(invocation, monitored->location.to_string(), view.error());
    const auto told = monitored->told.read();
    if (!told) return report(invocation, told.error());
    const keylog::Watched watched = keylog::watch(view->entries, *told, monitored->name, monitored->known);
    print_watched(invocation, *monitored, *view, watched);
    if (auto written = monitored->told.write(watched.told); !written) return report(invocation, written.error());
    return std::ranges::any_of(watched.news, &keylog::News::is_foreign) ? kVerdict : kDone;
}

int run_monitor(const Invocation& invocation, const MonitorOptions& options) {
    if (options.every.empty()) return look(invocation, options);
    const auto pause = parse_every(options.every);
    if (!pause) return report(invocation, pause.error());
    Pause between;
    for (;;) {
        // What one look finds is told by it, and the next one comes all the same; but a call that is wrong stays so.
        if (look(invocation, options) == kMalformed) return kMalformed;
        if (!between.wait(*pause)) return kDone;
    }
}

}  // namespace

void add_log_monitor(CLI::App& log, Invocation& invocation) {
    auto options = std::make_shared<MonitorOptions>();
    CLI::App* const command = log.add_subcommand("monitor", "Tell of keys that appear under a server's name");
    command->footer(
        "Examples:\n"
        "  cotter log monitor https://example.com/keys --key KEY --name db.example.com\n"
        "  cotter log monitor DIR --key log.pub --name db.example.com --every 5m");
    command->add_option("LOG", options->log, "URL or folder of a log, as log publish makes it")->required();
    command->add_option("--key", options->key, "Whose signature it must have, or a file with it")
        ->required()
        ->type_name("KEY");
    command->add_option("--name", options->name, "HOST[:PORT] of the server")->required()->type_name("NAME");
    command->add_option("--known", options->known, "A key of yours, besides this state folder's")
        ->allow_extra_args(false)
        ->type_name("PIN");
    command->add_option("--every", options->every, "Look again and again, as 5m; else once")->type_name("TIME");
    command->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run_monitor(invocation, *options); };
    });
}

}  // namespace cotter::cli
