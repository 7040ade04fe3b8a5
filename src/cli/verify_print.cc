// Printing a verdict.
#include "cli/verify_print.h"

#include "cli/certificate_json.h"
#include "cli/report.h"
#include "text/time.h"
#include "trust/words.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

nlohmann::ordered_json checks_json(const std::vector<trust::Check>& checks, bool were_made) {
    nlohmann::ordered_json result = nlohmann::ordered_json::array();
    for (const trust::Check& check : checks) {
        result.push_back({{"code", check.code}, {"message", check.message}});
        if (were_made) result.back()["held"] = check.has_held;
    }
    return result;
}

/// "host_name" as people read it.
std::string words_of(std::string_view code) {
    std::string words(code);
    std::ranges::replace(words, '_', ' ');
    return words;
}

void print_coverage(const trust::Coverage& coverage) {
    for (const trust::Check& check : coverage.checked)
        std::cout << (check.has_held ? "  checked      " : "  failed       ") << words_of(check.code) << ": "
                  << check.message << "\n";
    for (const trust::Check& check : coverage.not_checked)
        std::cout << "  not checked  " << words_of(check.code) << ": " << check.message << "\n";
}

void print_chain(std::string_view name, const std::vector<x509::Certificate>& chain) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        std::cout << "  " << name << " " << i << "  " << chain[i].subject_text() << ", until "
                  << text::rfc3339(chain[i].not_after()) << "\n";
    }
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
        document["checked"] = checks_json(judged.coverage.checked, true);
        document["not_checked"] = checks_json(judged.coverage.not_checked, false);
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
    print_chain("presented", verdict.presented);
    print_chain("verified ", verdict.chain);
    print_coverage(judged.coverage);
    if (verdict.outcome == trust::Outcome::kRefused)
        std::cerr << "  next: " << advice_on(verdict.first_reason().code) << "\n";
}

}  // namespace cotter::cli
