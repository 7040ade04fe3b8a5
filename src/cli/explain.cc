// cotter explain: why a client, or one connection, is let in or refused; by the list, the audit log and the server that
// runs here.
#include "cli/client_print.h"
#include "cli/invocation.h"
#include "cli/owner.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/status.h"
#include "registry/audit_log.h"
#include "registry/registry.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_at(const Json& object, const char* key) {
    return text::escape_remaining(object.at(key).get<std::string>());
}

std::string with_reason(const std::string& sentence, const std::string& reason) {
    return reason.empty() ? sentence : sentence + ": " + text::escape_remaining(reason);
}

/// What the list alone says of a client now.
struct Standing {
    bool is_admitted = false;
    std::string why;
};

Standing standing_of(const registry::Client& client, x509::Time now) {
    switch (client.state) {
        case registry::ClientState::kSuspended:
            return {false, with_reason("suspended since " + text::rfc3339(client.state_since), client.state_reason)};
        case registry::ClientState::kRevoked:
            return {false, with_reason("revoked since " + text::rfc3339(client.state_since), client.state_reason)};
        case registry::ClientState::kActive: break;
    }
    if (client.expires && *client.expires <= now)
        return {false, "its admission ended at " + text::rfc3339(*client.expires)};
    if (client.keys.empty()) return {false, "it has no key"};
    const bool has_hours = client.rules && !client.rules->hours.empty();
    if (has_hours && std::ranges::none_of(client.rules->hours,
                                          [&](const trust::WeeklyHours& hours) { return hours.contains(now); })) {
        return {false, "its rules let it come at certain hours only, and not now"};
    }
    std::string why = client.expires ? "active until " + text::rfc3339(*client.expires) : "active until revoked";
    if (client.rules) why += ", within its rules";
    return {true, std::move(why)};
}

/// Of the document's list of that name, those for whom `is_meant` holds.
Json chosen(const Json& document, const char* list, const std::function<bool(const Json&)>& is_meant) {
    Json found = Json::array();
    if (!document.is_object()) return found;
    for (const Json& one : document.at(list)) {
        if (is_meant(one)) found.push_back(one);
    }
    return found;
}

/// The newest refusals that the audit log has, as the server tells of its own.
Result<Json> recorded_refusals(registry::Registry& registry, registry::LogFilter filter) {
    constexpr std::size_t kMostTold = 32;
    filter.action = audit::text_of(audit::Action::kRefuse);
    const auto entries = registry::AuditLog(registry.store()).newest(filter, kMostTold);
    if (!entries) return unexpected(entries.error());
    Json refusals = Json::array();
    for (const audit::Entry& entry : *entries) {
        refusals.push_back({{"at", text::rfc3339(entry.at)},
                            {"conn", entry.connection},
                            {"from", entry.peer},
                            {"client", entry.client},
                            {"pin", entry.pin},
                            {"service", ""},
                            {"codes", entry.detail},
                            {"reason", entry.detail}});
    }
    return refusals;
}

/// What the server says of refusals, which is more, and what only the audit log still has.
Result<Json> refusals_of(registry::Registry& registry, registry::LogFilter filter, const Json& status,
                         const std::function<bool(const Json&)>& is_meant) {
    Json refusals = chosen(status, "refusals", is_meant);
    const auto recorded = recorded_refusals(registry, std::move(filter));
    if (!recorded) return recorded;
    for (const Json& one : *recorded) {
        const bool is_told =
            std::ranges::any_of(refusals, [&](const Json& told) { return told.at("conn") == one.at("conn"); });
        if (!is_told) refusals.push_back(one);
    }
    return refusals;
}

std::string ago(const Json& object, const char* key, x509::Time now) {
    const auto time = text::parse_rfc3339(object.at(key).get<std::string>());
    return time ? text::relative(*time, now) : "?";
}

void print_streams(const Json& clients, x509::Time now) {
    for (const Json& client : clients) {
        const std::string service = text_at(client, "service");
        std::cout << "  open      " << client.at("streams") << (client.at("streams") == 1 ? " stream" : " streams")
                  << (service.empty() ? "" : " at " + service) << ", the oldest " << ago(client, "since", now)
                  << ", the newest from " << text_at(client, "from") << "\n";
    }
}

void print_refusals(const Json& refusals, x509::Time now) {
    for (const Json& refusal : refusals) {
        const std::string service = text_at(refusal, "service");
        std::cout << "  refused   " << ago(refusal, "at", now) << (service.empty() ? "" : " at " + service) << " from "
                  << text_at(refusal, "from") << " (" << text_at(refusal, "conn") << "): " << text_at(refusal, "reason")
                  << "\n";
    }
}

int explain_client(const Invocation& invocation, registry::Registry& registry, const registry::Client& client,
                   const Json& status, x509::Time now) {
    const std::string& name = client.name.text();
    const Standing standing = standing_of(client, now);
    const Json open = chosen(status, "clients", [&](const Json& one) { return one.at("name") == name; });
    const auto told =
        refusals_of(registry, {.client = name}, status, [&](const Json& one) { return one.at("client") == name; });
    if (!told) return report(invocation, told.error());
    const Json& refusals = *told;
    if (invocation.json) {
        Json pins = Json::array();
        for (const registry::ClientKey& key : client.keys) pins.push_back(key.pin.to_string());
        const Json document{{"name", name},        {"admitted", standing.is_admitted},
                            {"why", standing.why}, {"pins", std::move(pins)},
                            {"open", open},        {"refusals", refusals}};
        print_document(document);
        return kDone;
    }
    std::cout << name << (standing.is_admitted ? " is admitted: " : " is refused: ") << standing.why << "\n";
    for (const registry::ClientKey& key : client.keys) std::cout << "  key       " << key.pin.to_string() << "\n";
    if (client.rules) {
        for (const std::string& rule : rule_lines(*client.rules)) std::cout << "  rule      " << rule << "\n";
    }
    print_streams(open, now);
    print_refusals(refusals, now);
    if (!status.is_object()) std::cout << "  no server runs with this state folder: what is open is not known\n";
    return kDone;
}

/// Who isn't on the list: a connection by its id, or a client of a CA by the name that the log has of it.
int explain_seen(const Invocation& invocation, registry::Registry& registry, const std::string& whom,
                 const Json& status, x509::Time now) {
    const auto is_meant = [&](const Json& one) { return one.at("conn") == whom || one.at("client") == whom; };
    auto refusals = refusals_of(registry, {.connection = whom}, status, is_meant);
    if (refusals && refusals->empty()) refusals = refusals_of(registry, {.client = whom}, status, is_meant);
    if (!refusals) return report(invocation, refusals.error());
    const Json open = chosen(status, "clients", [&](const Json& one) {
        return one.at("name") == whom || std::ranges::find(one.at("conns"), Json(whom)) != one.at("conns").end();
    });
    if (refusals->empty() && open.empty()) {
        return report(invocation,
                      Error{ErrorKind::kFailed,
                            "not_found",
                            "explaining " + text::escape(whom, 64),
                            status.is_object() ? "no client has that name, and the server has no connection of that id "
                                                 "open; nor has the audit log one refused"
                                               : "no client has that name, the audit log has no connection of that id "
                                                 "refused, and no server runs with this state folder",
                            "look for it in the server's log; cotter client list has the names",
                            {}});
    }
    if (invocation.json) {
        const Json document{{"asked", whom}, {"open", open}, {"refusals", *refusals}};
        print_document(document);
        return kDone;
    }
    for (const Json& refusal : *refusals) {
        const std::string client = text_at(refusal, "client");
        const std::string pin = text_at(refusal, "pin");
        std::cout << "connection " << text_at(refusal, "conn") << " was refused (" << text_at(refusal, "codes")
                  << ")\n";
        if (!client.empty()) std::cout << "  client    " << client << "\n";
        if (!pin.empty()) std::cout << "  key       " << pin << "\n";
        print_refusals(Json::array({refusal}), now);
        if (client.empty() && !pin.empty())
            std::cout << "  next      if you know who that is: cotter client add NAME " << pin << "\n";
    }
    for (const Json& client : open) {
        std::cout << text_at(client, "name") << " is admitted\n";
        print_streams(Json::array({client}), now);
    }
    return kDone;
}

int explain(const Invocation& invocation, const std::string& whom, const std::string& url) {
    auto registry = open_owners_registry(invocation, url);
    if (!registry) return report(invocation, registry.error());
    auto asked = ask_server(invocation);
    if (!asked && asked.error().code != "not_running") return report(invocation, asked.error());
    const Json status = asked ? std::move(*asked) : Json();
    const x509::Time now = service::wall_clock_now();
    if (const auto name = registry::ClientName::parse(whom)) {
        const auto client = (*registry)->find(*name);
        if (client) return explain_client(invocation, **registry, *client, status, now);
        if (client.error().code != "no_such_client") return report(invocation, client.error());
    }
    return explain_seen(invocation, **registry, whom, status, now);
}

}  // namespace

void add_explain(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string whom;
        std::string registry;
    };
    auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand("explain", "Why a client or connection is let in or refused");
    command->footer(
        "CONNECTION is the id that both ends print. What is known of it is what the\n"
        "server that runs with this state folder has open, and refusals on record.\n"
        "Examples:\n"
        "  cotter explain alice\n"
        "  cotter explain alice --json");
    command->add_option("NAME|CONNECTION", options->whom)->required();
    command->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
    command->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return explain(invocation, options->whom, options->registry); };
    });
}

}  // namespace cotter::cli
