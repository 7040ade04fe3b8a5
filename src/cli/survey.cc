// cotter survey: looks at many servers once, and keeps what they show.
#include "cli/survey.h"

#include "cli/certificate_json.h"
#include "cli/observation_options.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "observatory/survey_records.h"
#include "service/process.h"
#include "service/wall_clock.h"
#include "text/time.h"
#include "trust/words.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What may be lost by a crash: the looks that are not yet in the archive.
constexpr std::size_t kMostUnsaved = 128;

struct SurveyOptions {
    std::string file;
    bool anew = false;
    bool quiet = false;
    bool tries_versions = false;
    ObservationOptions observation;
};

Json verdict_json(const trust::Verdict& verdict) {
    return {{"verdict", trust::text_of(verdict.outcome)}, {"reasons", reasons_json(verdict.reasons)}};
}

Json pins_json(const std::vector<observatory::RestingPin>& pins) {
    Json list = Json::array();
    for (const observatory::RestingPin& pin : pins)
        list.push_back({{"pin", pin.pin.to_string()}, {"refused_without_it", pin.is_needed}});
    return list;
}

Json policy_json(const observatory::PolicyAssessment& policy) {
    Json document = verdict_json(policy.verdict);
    document["trust"] = trust::text_of(policy.trust);
    document["pins"] = pins_json(policy.pins);
    return document;
}

Json appearance_json(const observatory::Appearance& appearance) {
    Json versions = Json::array();
    for (const trust::Protocol version : appearance.versions) versions.push_back(observatory::text_of(version));
    return {{"versions", std::move(versions)},
            {"suite", appearance.suite},
            {"possession_proven", appearance.peer.possession == trust::Possession::kProven},
            {"presented", chain_json(appearance.peer.presented)}};
}

Json result_json(const observatory::Assessed& result) {
    const observatory::Look& look = result.look;
    Json document{{"event", "looked_at"},
                  {"server", look.target.server.to_string()},
                  {"starttls", look.target.start_tls_text()},
                  {"at", text::rfc3339(look.at)},
                  {"took_ms", look.took.count()},
                  {"address", look.address},
                  {"shown", look.appearance ? appearance_json(*look.appearance) : Json()},
                  {"roots", result.assessment ? verdict_json(result.assessment->by_roots) : Json()}};
    document["policy"] =
        result.assessment && result.assessment->by_policy ? policy_json(*result.assessment->by_policy) : Json();
    document["failure"] = look.failure ? Json{{"code", look.failure->code}, {"message", look.failure->why}} : Json();
    return document;
}

/// One survey under way: what comes is printed, shown as progress, and kept in the archive in lots.
class Surveying {
  public:
    Surveying(const Invocation& invocation, observatory::SurveyRecords& records,
              observatory::SurveyRecords::Begun& begun, bool shows_progress)
        : invocation_(invocation),
          records_(records),
          begun_(begun),
          progress_(begun.survey.total, begun.survey.looked_at, shows_progress) {}

    Result<void> take(observatory::Assessed result) {
        if (invocation_.json) print_document(result_json(result));
        ++(result.look.failure ? failures_ : successes_);
        progress_.advance();
        unsaved_.push_back(std::move(result));
        return unsaved_.size() < kMostUnsaved ? Result<void>() : save();
    }

    /// A fault of saving shows at the next look, or at the end.
    void tick() {
        progress_.show();
        if (!unsaved_.empty() && std::chrono::steady_clock::now() - last_save_ > std::chrono::seconds(1))
            late_fault_ = save();
    }

    /// Before anything else is said.
    void end_progress() { progress_.clear(); }

    Result<void> save() {
        if (!late_fault_) return late_fault_;
        last_save_ = std::chrono::steady_clock::now();
        auto kept = records_.record(begun_.survey, unsaved_);
        if (kept) unsaved_.clear();
        return kept;
    }

    [[nodiscard]] std::size_t successes() const { return successes_; }
    [[nodiscard]] std::size_t failures() const { return failures_; }

  private:
    const Invocation& invocation_;
    observatory::SurveyRecords& records_;
    observatory::SurveyRecords::Begun& begun_;
    Progress progress_;
    std::vector<observatory::Assessed> unsaved_;
    std::chrono::steady_clock::time_point last_save_ = std::chrono::steady_clock::now();
    Result<void> late_fault_;
    std::size_t successes_ = 0;
    std::size_t failures_ = 0;
};

void tell_begin(const observatory::SurveyRecords::Begun& begun, const observatory::TargetList& list) {
    if (list.repeated > 0)
        std::cerr << "cotter: note: " << count_text(list.repeated, "line")
                  << " of the list said again what stood there\n";
    if (begun.is_resumed())
        std::cerr << "going on with survey " << begun.survey.id << ", begun " << text::rfc3339(begun.survey.started)
                  << ": " << begun.survey.looked_at << " of " << begun.survey.total << " are done\n";
}

int tell_end(const Invocation& invocation, const observatory::SurveyRecords::Begun& begun, const Surveying& surveying,
             observatory::CrewEnd end) {
    const bool is_done = end == observatory::CrewEnd::kDone;
    const std::size_t looked_at = begun.survey.looked_at + surveying.successes() + surveying.failures();
    if (invocation.json) {
        print_document({{"event", is_done ? "finished" : "interrupted"},
                        {"survey", begun.survey.id},
                        {"looked_at", looked_at},
                        {"total", begun.survey.total},
                        {"answered", surveying.successes()},
                        {"failed", surveying.failures()}});
    } else if (is_done) {
        std::cout << "survey " << begun.survey.id << ": looked at " << count_text(looked_at, "server") << "; now "
                  << surveying.successes() << " answered, " << surveying.failures() << " did not\n"
                  << "  next: cotter survey report\n";
    }
    if (!is_done && !invocation.json)
        std::cerr << "interrupted after " << looked_at << " of " << begun.survey.total
                  << "\n  next: the same command goes on from here\n";
    return is_done ? kDone : kInterrupted;
}

int run(const Invocation& invocation, const SurveyOptions& options) {
    if (options.file.empty())
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "bad_call",
                                        "surveying",
                                        "no list of servers is given",
                                        "give a FILE with one HOST:PORT a line, or - for standard input",
                                        {}});
    const auto list = observatory::read_targets(options.file);
    if (!list) return report(invocation, list.error());
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto assessor = options.observation.assessor(*state);
    if (!assessor) return report(invocation, assessor.error());
    auto crew = options.observation.crew();
    if (!crew) return report(invocation, crew.error());
    crew->look.tries_versions = options.tries_versions;
    const auto archive = options.observation.open_archive(*state);
    if (!archive) return report(invocation, archive.error());
    static_cast<void>(service::raise_descriptor_limit());

    observatory::SurveyRecords records(**archive);
    const auto how =
        options.anew ? observatory::SurveyRecords::Begin::kNew : observatory::SurveyRecords::Begin::kResumeOrNew;
    auto begun = records.begin(*list, how, service::wall_clock_now());
    if (!begun) return report(invocation, begun.error());
    if (!invocation.json) tell_begin(*begun, *list);
    Surveying surveying(invocation, records, *begun, !options.quiet && !invocation.json);
    const auto end = observatory::look_at_all(
        begun->left, *assessor, *crew, [&](observatory::Assessed result) { return surveying.take(std::move(result)); },
        [&] { surveying.tick(); });
    surveying.end_progress();
    if (!end) return report(invocation, end.error());
    if (const auto saved = surveying.save(); !saved) return report(invocation, saved.error());
    if (*end == observatory::CrewEnd::kDone) {
        if (auto ended = records.finish(begun->survey, service::wall_clock_now()); !ended)
            return report(invocation, ended.error());
    }
    return tell_end(invocation, *begun, surveying, *end);
}

}  // namespace

void add_survey(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<SurveyOptions>();
    CLI::App* const command = app.add_subcommand("survey", "Look at many servers, and keep what they show");
    command->footer(
        "A line of the list: HOST[:PORT] [PROTO], PROTO as in --starttls.\n"
        "Examples:\n"
        "  cotter survey servers.txt\n"
        "  cotter survey report keys");
    command->add_option("LIST", options->file, "File with a server a line; - is standard input")->type_name("FILE");
    options->observation.add_to(*command);
    command->add_flag("--versions", options->tries_versions, "Try TLS 1.2, too, where 1.3 was agreed on");
    command->add_flag("--again", options->anew, "Begin anew where the last one was interrupted");
    command->add_flag("--quiet", options->quiet, "No line of progress");
    add_survey_report(*command, invocation);
    command->require_subcommand(0, 1);
    command->callback([&invocation, options, command] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [&invocation, options] { return run(invocation, *options); };
    });
}

}  // namespace cotter::cli
