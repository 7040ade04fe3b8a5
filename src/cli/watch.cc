// cotter watch: says what has changed of servers since it last looked.
#include "observatory/watch.h"
#include "cli/observation_options.h"
#include "cli/pause.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/report_options.h"
#include "cli/watch_print.h"
#include "observatory/hook.h"
#include "service/policy_choice.h"
#include "service/process.h"
#include "service/report_sender.h"
#include "service/wall_clock.h"
#include "text/escape.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

constexpr std::chrono::seconds kMostHook{30};
constexpr std::chrono::seconds kMostDelivery{10};

struct WatchOptions {
    std::vector<std::string> servers;
    std::string list;
    std::string every;
    std::string alarm = "new-key";
    std::vector<std::string> tell;
    std::vector<std::string> tell_pins;
    std::string command;
    ObservationOptions observation;
};

std::vector<std::string> grade_names() {
    std::vector<std::string> names;
    for (const observatory::Grade grade : observatory::kGrades) names.emplace_back(text_of(grade));
    return names;
}

/// Whom to look at: who is named, else whom the policy and the memory of servers name. Read anew at each round.
Result<std::vector<observatory::Target>> targets_of(const WatchOptions& options, const identity::StateFolder& state,
                                                    const observatory::Assessor& assessor) {
    std::vector<observatory::Target> targets;
    for (const std::string& server : options.servers) {
        auto target = observatory::Target::parse(server);
        if (!target) return unexpected(target.error());
        targets.push_back(std::move(*target));
    }
    if (!options.list.empty()) {
        auto list = observatory::read_targets(options.list);
        if (!list) return unexpected(list.error());
        targets.insert(targets.end(), list->targets.begin(), list->targets.end());
    }
    if (!options.servers.empty() || !options.list.empty()) return targets;
    targets = observatory::targets_of(assessor.policy());
    const auto peers = evidence::KnownPeers(state.known_peers_file()).read();
    if (!peers) return unexpected(peers.error());
    for (observatory::Target& target : observatory::targets_of(*peers)) targets.push_back(std::move(target));
    if (targets.empty()) {
        return malformed("no_targets", "watching", "neither the policy nor known_peers names a server",
                         "name servers: cotter watch HOST:PORT");
    }
    return targets;
}

/// Whom alarms go to, besides the terminal.
class Tellers {
  public:
    [[nodiscard]] static Result<Tellers> from(const WatchOptions& options) {
        Tellers tellers;
        tellers.command_ = options.command;
        for (const std::string& text : options.tell) {
            auto target = service::ReportTarget::parse(text);
            if (!target) return unexpected(target.error());
            tellers.targets_.push_back(std::move(*target));
        }
        auto pins = parse_collector_pins(options.tell_pins, "--tell-pin");
        if (!pins) return unexpected(pins.error());
        tellers.pins_ = std::move(*pins);
        return tellers;
    }

    void tell(const WatchEvent& event) const {
        for (const service::ReportTarget& target : targets_) {
            const auto delivery = service::deliver(target, event.about, event.json, pins_, kMostDelivery);
            if (delivery.outcome != service::Delivery::Outcome::kDelivered) warn(target.to_string(), delivery.why);
        }
        if (command_.empty()) return;
        if (const auto run = observatory::run_hook(command_, event.json + "\n", kMostHook); !run)
            warn(command_, run.error().why);
    }

  private:
    static void warn(const std::string& whom, const std::string& why) {
        std::cerr << "cotter: warning: the alarm did not reach " << text::escape(whom, 300) << ": " << why << "\n";
    }

    std::string command_;
    std::vector<service::ReportTarget> targets_;
    std::vector<Pin> pins_;
};

struct Outcome {
    bool was_interrupted = false;
    bool is_alarm = false;
};

Result<Outcome> run_round(const Invocation& invocation, const WatchOptions& options, const identity::StateFolder& state,
                          observatory::Watcher& watcher, const Tellers& tellers) {
    const auto assessor = options.observation.assessor(state);
    if (!assessor) return unexpected(assessor.error());
    const auto targets = targets_of(options, state, *assessor);
    if (!targets) return unexpected(targets.error());
    const auto round = watcher.round(*targets, *assessor, service::wall_clock_now());
    if (!round) return unexpected(round.error());
    if (round->was_interrupted) return Outcome{.was_interrupted = true};
    Outcome outcome;
    for (const WatchEvent& event : events_of(*round, *observatory::grade_from(options.alarm))) {
        std::cout << (invocation.json ? event.json : event.text + "\n") << std::endl;
        if (!event.is_alarm) continue;
        outcome.is_alarm = true;
        tellers.tell(event);
    }
    if (invocation.json) {
        print_document(summary_json(*round));
    } else {
        std::cout << summary_text(*round) << std::endl;
    }
    return outcome;
}

int watch_on(const Invocation& invocation, const WatchOptions& options, const identity::StateFolder& state,
             observatory::Watcher& watcher, const Tellers& tellers, std::chrono::milliseconds pause) {
    Pause between;
    for (;;) {
        const auto outcome = run_round(invocation, options, state, watcher, tellers);
        // A file that can't be read, a full disk: said, and tried again at the next round.
        if (!outcome) static_cast<void>(report(invocation, outcome.error()));
        if ((outcome && outcome->was_interrupted) || !between.wait(pause)) return kDone;
    }
}

int run(const Invocation& invocation, const WatchOptions& options) {
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto crew = options.observation.crew();
    if (!crew) return report(invocation, crew.error());
    const auto tellers = Tellers::from(options);
    if (!tellers) return report(invocation, tellers.error());
    std::optional<std::chrono::milliseconds> pause;
    if (!options.every.empty()) {
        const auto parsed = parse_every(options.every);
        if (!parsed) return report(invocation, parsed.error());
        pause = *parsed;
    }
    const auto archive = options.observation.open_archive(*state);
    if (!archive) return report(invocation, archive.error());
    static_cast<void>(service::raise_descriptor_limit());
    observatory::Watcher watcher(**archive, *crew);
    if (pause) return watch_on(invocation, options, *state, watcher, *tellers, *pause);
    const auto outcome = run_round(invocation, options, *state, watcher, *tellers);
    if (!outcome) return report(invocation, outcome.error());
    if (outcome->was_interrupted) return kInterrupted;
    return outcome->is_alarm ? kVerdict : kDone;
}

int run_history(const Invocation& invocation, const WatchOptions& options) {
    std::optional<observatory::Target> only;
    if (!options.servers.empty()) {
        auto target = observatory::Target::parse(options.servers.front());
        if (!target) return report(invocation, target.error());
        only = std::move(*target);
    }
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto archive = observatory::Archive::open_existing(options.observation.archive_path(*state));
    if (!archive) return report(invocation, archive.error());
    const auto changes = observatory::Sightings(**archive).changes(only);
    if (!changes) return report(invocation, changes.error());
    if (invocation.json) {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (const observatory::PastChange& change : *changes) list.push_back(history_json(change));
        print_document({{"changes", std::move(list)}});
        return kDone;
    }
    if (changes->empty()) std::cout << "no change has been seen\n";
    for (const observatory::PastChange& change : *changes) std::cout << history_text(change) << "\n";
    return kDone;
}

void add_history(CLI::App& watch, Invocation& invocation) {
    auto options = std::make_shared<WatchOptions>();
    CLI::App* const command = watch.add_subcommand("history", "Every change that was seen, the latest first");
    command->footer(
        "Examples:\n"
        "  cotter watch history\n"
        "  cotter watch history example.com:443 --json");
    command->add_option("HOST:PORT", options->servers, "Only of this server")->expected(0, 1);
    options->observation.add_archive_to(*command);
    command->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run_history(invocation, *options); };
    });
}

}  // namespace

void add_watch(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<WatchOptions>();
    CLI::App* const command = app.add_subcommand("watch", "Say what has changed of servers' keys since the last look");
    command->footer(
        "Grades: renewed announced rotated new-key other-issuer weaker split\n"
        "Examples:\n"
        "  cotter watch example.com:443\n"
        "  cotter watch --every 1h --tell syslog");
    command->add_option("HOST:PORT", options->servers, "Else whom the policy and known_peers name");
    command->add_option("--list", options->list, "File with a server a line, as for cotter survey")->type_name("FILE");
    command->add_option("--every", options->every, "Go on, and look again after so long")->type_name("TIME");
    command->add_option("--alarm", options->alarm, "Exit 3, and tell, from this grade on")
        ->check(CLI::IsMember(grade_names()))
        ->option_text("GRADE")
        ->capture_default_str();
    command->add_option("--tell", options->tell, "Where alarms go: file:PATH, syslog or https://…")
        ->allow_extra_args(false)
        ->type_name("TARGET");
    command->add_option("--tell-pin", options->tell_pins, "The key of whom is told at https://…")
        ->allow_extra_args(false)
        ->type_name("PIN");
    command->add_option("--run", options->command, "Command that gets each alarm as JSON on its input")
        ->option_text("COMMAND");
    options->observation.add_to(*command);
    add_history(*command, invocation);
    command->require_subcommand(0, 1);
    command->callback([&invocation, options, command] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [&invocation, options] { return run(invocation, *options); };
    });
}

}  // namespace cotter::cli
