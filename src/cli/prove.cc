// Printing a proof.
#include "cli/prove.h"

#include "cli/print.h"
#include "cli/report.h"
#include "service/proof.h"
#include "trust/words.h"

#include <nlohmann/json.hpp>

#include <iomanip>
#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;
std::string_view outcome_of(const service::Trial& trial) {
    return trial.was_tried() ? text_of(trial.verdict->outcome) : "not tried";
}

std::string reasons_of(const trust::Verdict& verdict) {
    std::string text;
    for (const trust::Reason& reason : verdict.reasons)
        text += (text.empty() ? "" : ", ") + std::string(trust::text_of(reason.code));
    return text;
}

Json json_of(const service::Trial& trial) {
    Json document{{"trial", trial.name}, {"what", trial.what}};
    if (!trial.was_tried()) {
        document["not_tried"] = trial.why_not_tried;
        return document;
    }
    document["expected"] = trial.expected ? trust::text_of(*trial.expected) : "trusted";
    document["verdict"] = outcome_of(trial);
    Json codes = Json::array();
    for (const trust::Reason& reason : trial.verdict->reasons) codes.push_back(trust::text_of(reason.code));
    document["reasons"] = std::move(codes);
    document["held"] = trial.has_held();
    return document;
}

void print_line(const service::Trial& trial) {
    std::cout << (trial.has_held() ? "  " : "! ") << std::left << std::setw(14) << trial.name << std::setw(11)
              << outcome_of(trial);
    if (!trial.was_tried()) {
        std::cout << trial.what << ": " << trial.why_not_tried << "\n";
        return;
    }
    const std::string reasons = reasons_of(*trial.verdict);
    std::cout << trial.what << (reasons.empty() ? "" : ": " + reasons) << "\n";
    if (trial.has_held()) return;
    std::cout << "    must be "
              << (trial.expected ? "refused for " + std::string(trust::text_of(*trial.expected)) : "trusted") << "\n";
    for (const trust::Reason& reason : trial.verdict->reasons)
        std::cout << "    " << trust::text_of(reason.code) << "  " << reason.message << "\n";
}

}  // namespace

int run_proof(const Invocation& invocation, const service::ClientSettings& settings) {
    const auto proof = service::prove(settings);
    const std::string host = settings.judged_host().to_string();
    if (!proof) return report(invocation, {settings.server.to_string(), {}}, proof.error());
    const bool has_held = proof->has_held();
    if (invocation.json) {
        Json trials = Json::array();
        for (const service::Trial& trial : proof->trials) trials.push_back(json_of(trial));
        const Json document{{"host", settings.judged_host().host.to_string()},
                            {"port", settings.judged_host().port},
                            {"proved", has_held},
                            {"trials", std::move(trials)}};
        print_document(document);
    } else {
        for (const service::Trial& trial : proof->trials) print_line(trial);
        std::cout << (has_held ? "proved  " : "NOT proved  ") << host
                  << (has_held ? ": what should be refused on this path is, and the right server is let in"
                               : ": on this path a server may be let in that should not be, or the reverse")
                  << std::endl;
    }
    return has_held ? kDone : kVerdict;
}

}  // namespace cotter::cli
