// From flags to a reporter.
#include "cli/report_options.h"

#include "cli/client_options.h"
#include "cli/help_topics.h"
#include "text/escape.h"

#include <CLI/Option.hpp>

#include <iostream>

namespace cotter::cli {

void ReportOptions::add_to(CLI::App& command) {
    command.add_option("--report", targets, "Where failures go: file:PATH, syslog or https://…")
        ->allow_extra_args(false)
        ->type_name("TARGET")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--report-pin", pins, "The key of the collector at https://…")
        ->allow_extra_args(false)
        ->type_name("PIN")
        ->group(std::string(kEvidenceGroup));
}

Result<std::vector<Pin>> parse_collector_pins(const std::vector<std::string>& arguments, const std::string& flag) {
    auto pins = parse_pins(arguments);
    if (!pins) return pins;
    for (const Pin& pin : *pins) {
        if (pin.target() != PinTarget::kSubjectPublicKeyInfo || pin.form() != PinForm::kSha256) {
            return malformed("bad_report_pin", "reading " + flag + " " + pin.abbreviated(),
                             "a collector is pinned by the SHA-256 of its key", "write sha256/…");
        }
    }
    return pins;
}

Result<std::unique_ptr<service::Reporter>> ReportOptions::start(const identity::StateFolder& state) const {
    service::ReporterSettings settings;
    for (const std::string& text : targets) {
        auto target = service::ReportTarget::parse(text);
        if (!target) return unexpected(target.error());
        settings.targets.push_back(std::move(*target));
    }
    auto parsed = parse_collector_pins(pins, "--report-pin");
    if (!parsed) return unexpected(parsed.error());
    settings.collector_pins = std::move(*parsed);
    if (settings.targets.empty()) return std::unique_ptr<service::Reporter>();
    settings.queue = state.path() / "reports";
    settings.on_trouble = [](const std::string& target, const std::string& why) {
        std::cerr << "cotter: warning: the report to " + text::escape(target, 300) + " is not delivered: " + why + "\n";
    };
    return std::make_unique<service::Reporter>(std::move(settings));
}

}  // namespace cotter::cli
