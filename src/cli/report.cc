// Printing what went wrong.
#include "cli/report.h"

#include "bundle/refusal.h"
#include "cli/print.h"
#include "text/escape.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

int report_refused_server(const Invocation& invocation, const Attempt& attempt, const trust::Verdict& verdict,
                          const std::string& where) {
    std::string message = "the server " + attempt.server + " is not trusted: ";
    for (std::size_t i = 0; i < verdict.reasons.size(); ++i)
        message += (i == 0 ? "" : "; ") + verdict.reasons[i].message;
    const trust::ReasonCode first = verdict.first_reason().code;
    for (const trust::Reason& note : verdict.notes) message += "; " + note.message;
    print_failure(invocation, trust::text_of(first), message + where, std::string(advice_on(first)));
    return kVerdict;
}

/// " (policy.toml, line 4, column 9)", " (character 12)", or nothing.
std::string where_in(const Place& place) {
    std::string where;
    const auto add = [&](const std::string& part) { where += (where.empty() ? "" : ", ") + part; };
    if (place.line && !place.source.empty()) add(text::escape(place.source));
    if (place.line) add("line " + std::to_string(*place.line));
    if (place.column) add("column " + std::to_string(*place.column));
    if (place.offset) add("character " + std::to_string(*place.offset + 1));
    return where.empty() ? where : " (" + where + ")";
}

}  // namespace

void print_failure(const Invocation& invocation, std::string_view code, const std::string& message,
                   const std::string& hint) {
    if (invocation.json) {
        const nlohmann::ordered_json document{{"error", {{"code", code}, {"message", message}, {"hint", hint}}}};
        print_document(document);
        return;
    }
    std::cerr << "cotter: " << message << "\n";
    if (!hint.empty()) std::cerr << "  next: " << hint << "\n";
}

int report(const Invocation& invocation, const Error& error) {
    std::string message = error.what + ": " + error.why;
    if (error.place) message += where_in(*error.place);
    print_failure(invocation, error.code, message, error.next);
    if (bundle::is_refusal(error)) return kVerdict;
    switch (error.kind) {
        case ErrorKind::kMalformedInput: return kMalformed;
        case ErrorKind::kFailed: return kCouldNot;
    }
    return kCouldNot;
}

int report(const Invocation& invocation, const Attempt& attempt, const service::ConnectFailure& failure) {
    const std::string where = failure.connection_id.empty() ? "" : " (connection " + failure.connection_id + ")";
    if (const auto* error = std::get_if<Error>(&failure.why)) {
        Error told = *error;
        told.why += where;
        return report(invocation, told);
    }
    if (const auto* verdict = std::get_if<trust::Verdict>(&failure.why)) {
        return report_refused_server(invocation, attempt, *verdict, where);
    }
    if (const auto* dismissed = std::get_if<service::Dismissed>(&failure.why)) {
        print_failure(invocation, "revoked",
                      "the server " + attempt.server +
                          " does not admit this key any more; its owner says: " + dismissed->words + where,
                      "nothing on this side helps: ask the server's owner");
        return kVerdict;
    }
    const tls::Alert alert = std::get<service::NotAdmitted>(failure.why).alert;
    if (attempt.own_pin.empty()) {
        print_failure(invocation, "certificate_demanded",
                      "the server " + attempt.server + " shows itself to its clients only: to a visitor without a " +
                          "certificate it answered with the alert " + std::string(alert.name()) + where,
                      "ask the server's owner for its pin, or look with cotter connect");
        return kCouldNot;
    }
    print_failure(invocation, "not_admitted",
                  "the server " + attempt.server + " does not admit this key: it answered with the alert " +
                      std::string(alert.name()) + where,
                  "send its owner this line: cotter client add NAME " + attempt.own_pin);
    return kVerdict;
}

std::string_view advice_on(trust::ReasonCode code) {
    switch (code) {
        case trust::ReasonCode::kPinMismatch:
        case trust::ReasonCode::kEmptyPinset:
            return "ask the server's owner, by another way than this network, which pin is right (cotter id on the "
                   "server shows it)";
        case trust::ReasonCode::kContinuityChanged:
            return "this may be an attack: ask the server's owner, by another way than this network, whether the key "
                   "was changed; only then does cotter peers forget HOST:PORT make room for another";
        case trust::ReasonCode::kContinuityUnknown:
        case trust::ReasonCode::kNoPolicy:
            return "ask the server's owner for its pin (cotter id on the server shows it) and give it with --pin, or "
                   "for an invitation (cotter join CODE)";
        case trust::ReasonCode::kContinuityRevoked:
        case trust::ReasonCode::kPinDenied:
        case trust::ReasonCode::kRevoked: return "do not use this server; ask its owner";
        case trust::ReasonCode::kChainUntrusted: return "check --roots, or pin the server's key instead (--pin)";
        case trust::ReasonCode::kHostMismatch:
            return "check the name that you connect to (--server-name), or pin the server's key";
        case trust::ReasonCode::kExpired:
        case trust::ReasonCode::kNotYetValid:
            return "ask the server's owner for a certificate of today, and check this machine's clock";
        case trust::ReasonCode::kWeakKey:
        case trust::ReasonCode::kWeakSignature:
        case trust::ReasonCode::kMalformed:
        case trust::ReasonCode::kWrongPurpose: return "ask the server's owner for another certificate";
        case trust::ReasonCode::kRevocationUnknown:
        case trust::ReasonCode::kStaleRevocation:
            return "give current CRLs or OCSP answers, or have them fetched: cotter help evidence";
        case trust::ReasonCode::kPolicyExpired: return "renew the policy's pins and its date";
        case trust::ReasonCode::kDowngradedProtocol:
            return "check who changed the server's TLS; --min-tls 1.2 allows TLS 1.2";
        case trust::ReasonCode::kDaneBogus:
            return "check the name's DNSSEC (delv or drill -S), or ask another resolver with --resolver: cotter help "
                   "evidence";
        case trust::ReasonCode::kDaneMismatch:
            return "ask the server's owner whether its certificate and its TLSA records were changed together";
        case trust::ReasonCode::kNoCertificate:
        case trust::ReasonCode::kNotAdmitted:
        case trust::ReasonCode::kSuspended:
        case trust::ReasonCode::kClientExpired:
        case trust::ReasonCode::kDaneRecords:
        case trust::ReasonCode::kTimestamps:
        case trust::ReasonCode::kNotary:
        case trust::ReasonCode::kKeyLog:
        case trust::ReasonCode::kProxyPin: return "ask the server's owner";
    }
    return "";
}

}  // namespace cotter::cli
