// Printing a verdict.
#include "cli/verify_print.h"

#include "cli/certificate_json.h"
#include "cli/report.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

std::string_view text_of(trust::Outcome outcome) {
    switch (outcome) {
        case trust::Outcome::kTrusted: return "trusted";
        case trust::Outcome::kRefused: return "refused";
        case trust::Outcome::kReported: return "reported";
    }
    return "";
}

}  // namespace

void print_verdict(const Invocation& invocation, const Judged& judged) {
    const trust::Verdict& verdict = judged.verdict;
    if (invocation.json) {
        nlohmann::ordered_json document{{"verdict", text_of(verdict.outcome)}};
        document["host"] =
            judged.host ? nlohmann::ordered_json(judged.host->host.to_string()) : nlohmann::ordered_json();
        document["port"] = judged.host ? nlohmann::ordered_json(judged.host->port) : nlohmann::ordered_json();
        document["trust"] = trust::text_of(judged.mode);
        document["matched"] = nlohmann::ordered_json();
        if (verdict.matched)
            document["matched"] = {{"pin", verdict.matched->pin.to_string()}, {"position", verdict.matched->position}};
        document["reasons"] = reasons_json(verdict.reasons);
        document["notes"] = reasons_json(verdict.notes);
        if (verdict.change) document["change"] = change_json(*verdict.change);
        document["presented"] = chain_json(verdict.presented);
        document["chain"] = chain_json(verdict.chain);
        std::cout << document.dump() << std::endl;
        return;
    }
    std::cout << text_of(verdict.outcome) << (judged.host ? "  " + judged.host->to_string() : "") << "  by "
              << trust::text_of(judged.mode) << "\n";
    if (verdict.matched)
        std::cout << "  matched  " << verdict.matched->pin.to_string() << " at position " << verdict.matched->position
                  << "\n";
    for (const trust::Reason& reason : verdict.reasons)
        std::cout << "  " << trust::text_of(reason.code) << "  " << reason.message << "\n";
    for (const trust::Reason& note : verdict.notes) std::cout << "  note: " << note.message << "\n";
    for (std::size_t i = 0; i < verdict.chain.size(); ++i) {
        std::cout << "  chain " << i << "  " << verdict.chain[i].subject_text() << ", until "
                  << text::rfc3339(verdict.chain[i].not_after()) << "\n";
    }
    if (verdict.outcome == trust::Outcome::kRefused)
        std::cerr << "  next: " << advice_on(verdict.first_reason().code) << "\n";
}

}  // namespace cotter::cli
