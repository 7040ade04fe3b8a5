// cotter survey report: what a survey says.
#include "observatory/survey_report.h"
#include "cli/observation_options.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/survey.h"
#include "cli/table_print.h"
#include "service/wall_clock.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

struct SurveyReportOptions {
    std::string kind = "summary";
    std::string format = "table";
    std::string within;
    std::string pin;
    std::int64_t survey = 0;
    ObservationOptions observation;
};

Result<observatory::ReportRequest> request_of(const SurveyReportOptions& options) {
    observatory::ReportRequest request{.kind = *observatory::report_kind_from(options.kind)};
    if (!options.within.empty()) {
        if (request.kind != observatory::ReportKind::kExpiring)
            return malformed("bad_call", "reading --within", "only the report expiring has ends", "leave it out");
        const auto until = text::parse_when(options.within, service::wall_clock_now());
        if (!until) return unexpected(until.error());
        request.until = *until;
    }
    if (!options.pin.empty()) {
        if (request.kind != observatory::ReportKind::kPins)
            return malformed("bad_call", "reading --pin", "only the report pins is about one", "leave it out");
        const auto pins = parse_pins({options.pin});
        if (!pins) return unexpected(pins.error());
        if (pins->size() != 1) return malformed("one_pin", "reading --pin", "it is several pins", "give one");
        request.pin = pins->front();
    }
    return request;
}

int run(const Invocation& invocation, const SurveyReportOptions& options) {
    const auto request = request_of(options);
    if (!request) return report(invocation, request.error());
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto archive = observatory::Archive::open_existing(options.observation.archive_path(*state));
    if (!archive) return report(invocation, archive.error());
    const auto survey =
        observatory::SurveyRecords(**archive).find(options.survey == 0 ? std::nullopt : std::optional(options.survey));
    if (!survey) return report(invocation, survey.error());
    const auto table = observatory::report_on(**archive, *survey, *request);
    if (!table) return report(invocation, table.error());
    if (!survey->finished)
        std::cerr << "cotter: note: survey " << survey->id << " has not ended: " << survey->looked_at << " of "
                  << survey->total << " servers were looked at\n";
    if (!invocation.json) {
        const TableFormat format = *table_format_from(options.format);
        if (table->rows.empty() && format == TableFormat::kTable) {
            std::cout << "nothing to report\n";
        } else {
            print_table(*table, format);
        }
        return kDone;
    }
    print_document({{"survey", survey->id},
                    {"started", text::rfc3339(survey->started)},
                    {"finished", survey->finished ? nlohmann::ordered_json(text::rfc3339(*survey->finished))
                                                  : nlohmann::ordered_json()},
                    {"total", survey->total},
                    {"looked_at", survey->looked_at},
                    {"report", table->name},
                    {"rows", rows_json(*table)}});
    return kDone;
}

}  // namespace

void add_survey_report(CLI::App& survey, Invocation& invocation) {
    auto options = std::make_shared<SurveyReportOptions>();
    CLI::App* const command = survey.add_subcommand("report", "What the last survey says");
    command->footer(
        "Examples:\n"
        "  cotter survey report expiring --within 30d\n"
        "  cotter survey report servers --format csv");
    std::vector<std::string> kinds;
    for (const observatory::ReportKind kind : observatory::kReportKinds) kinds.emplace_back(text_of(kind));
    command
        ->add_option("REPORT", options->kind,
                     "summary, servers, keys (that several hosts have),\n"
                     "weak, issuers, expiring, pins (and who would be\nrefused without), failures")
        ->check(CLI::IsMember(kinds))
        ->option_text("REPORT")
        ->capture_default_str();
    command->add_option("--format", options->format, "table, json-lines or csv")
        ->check(CLI::IsMember({"table", "json-lines", "csv"}))
        ->option_text("FORMAT")
        ->capture_default_str();
    command->add_option("--within", options->within, "expiring: only what ends by then")->type_name("TIME");
    command->add_option("--pin", options->pin, "pins: who presents this one, and who rests on it")->type_name("PIN");
    command->add_option("--survey", options->survey, "An earlier survey, by its number")->option_text("N");
    options->observation.add_archive_to(*command);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
