// cotter status: asks the server that runs with this state folder how it is.
#include "cli/status.h"

#include "cli/print.h"
#include "service/status_socket.h"

#include "cli/invocation.h"
#include "cli/report.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_at(const Json& object, const char* key) {
    return text::escape_remaining(object.at(key).get<std::string>());
}

/// A time of the document, as seen from its own now.
std::string relative(const Json& object, const char* key, x509::Time now) {
    const auto time = text::parse_rfc3339(object.at(key).get<std::string>());
    return time ? text::relative(*time, now) : "?";
}

void print_services(const Json& document) {
    for (const Json& service : document.at("services")) {
        const std::string name = text_at(service, "name");
        std::cout << (name.empty() ? "" : name + ": ") << "listening on " << text_at(service, "listen")
                  << ", forwarding to";
        const char* between = " ";
        for (const Json& backend : service.at("backends")) {
            std::cout << between << text_at(backend, "to") << (backend.at("up").get<bool>() ? " (up)" : " (down)");
            between = ", ";
        }
        std::cout << "\n";
    }
}

void print_registry(const Json& document) {
    const Json& registry = document.at("registry");
    std::cout << count_text(registry.at("clients").get<std::uint64_t>(), "client") << " in " << text_at(registry, "url")
              << ", version " << registry.at("version") << ", read " << registry.at("age_ms") << " ms ago"
              << (registry.at("reachable").get<bool>() ? "" : "; it can't be read now") << "\n";
}

void print_clients(const Json& document, x509::Time now) {
    std::size_t silent = 0;
    for (const Json& thread : document.at("threads")) silent += thread.is_null() ? 1U : 0U;
    std::cout << count_text(document.at("streams").get<std::uint64_t>(), "stream") << " and "
              << count_text(document.at("handshakes").get<std::uint64_t>(), "handshake") << " open on "
              << count_text(document.at("threads").size(), "thread");
    if (silent != 0) std::cout << "; " << count_text(silent, "thread") << " did not answer in time";
    std::cout << "\n";
    for (const Json& client : document.at("clients")) {
        const std::string service = text_at(client, "service");
        std::cout << "  " << text_at(client, "name") << "  "
                  << count_text(client.at("streams").get<std::uint64_t>(), "stream")
                  << (service.empty() ? "" : " at " + service) << ", the oldest " << relative(client, "since", now)
                  << ", the newest from " << text_at(client, "from") << ", " << client.at("bytes_in") << " bytes in, "
                  << client.at("bytes_out") << " out\n";
    }
    if (document.at("more_clients").get<bool>()) std::cout << "  and more\n";
}

void print(const Json& document, x509::Time now) {
    print_services(document);
    std::cout << "this server's pin is " << text_at(document, "pin") << "; started " << relative(document, "since", now)
              << ", process " << document.at("pid") << "\n";
    print_registry(document);
    print_clients(document, now);
    for (const Json& expiry : document.at("expiries")) {
        std::cout << (expiry.at("is_past").get<bool>() ? "ended: " : "ends: ") << text_at(expiry, "what") << ", "
                  << relative(expiry, "at", now) << " (" << text_at(expiry, "at") << ")\n";
    }
    for (const Json& refusal : document.at("refusals")) {
        const std::string client = text_at(refusal, "client");
        std::cout << "refused " << relative(refusal, "at", now) << ": " << (client.empty() ? "" : client + ", ")
                  << "from " << text_at(refusal, "from") << " (" << text_at(refusal, "conn")
                  << "): " << text_at(refusal, "reason") << "\n";
    }
    std::cout << text_at(document, "openssl");
    if (!document.at("openssl_fault").is_null()) std::cout << ": " << text_at(document, "openssl_fault");
    std::cout << std::endl;
}

int run(const Invocation& invocation) {
    const auto document = ask_server(invocation);
    if (!document) return report(invocation, document.error());
    if (invocation.json) {
        print_document(*document);
        return kDone;
    }
    const auto now = text::parse_rfc3339(document->at("now").get<std::string>());
    if (!now) return report(invocation, now.error());
    print(*document, *now);
    return kDone;
}

}  // namespace

Result<Json> ask_server(const Invocation& invocation) {
    const auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    const auto answer = service::ask_status(state->status_socket());
    if (!answer) return unexpected(answer.error());
    Json document = Json::parse(*answer, nullptr, false);
    if (document.is_object() && document.contains("now")) return document;
    return failed("bad_answer", "asking the server", "it said no status", "is it of another version of cotter?");
}

void add_status(CLI::App& app, Invocation& invocation) {
    CLI::App* const command = app.add_subcommand("status", "Ask the running server how it is");
    command->footer(
        "Exit code 1 if none runs with this state folder.\n"
        "Examples:\n"
        "  cotter status\n"
        "  cotter status --json");
    command->callback([&invocation] { invocation.run = [&invocation] { return run(invocation); }; });
}

}  // namespace cotter::cli
