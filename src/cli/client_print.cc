// Tables and documents about clients.
#include "cli/client_print.h"

#include "cli/print.h"
#include "text/escape.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <iomanip>
#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(const std::optional<x509::Time>& time) {
    return time ? Json(text::rfc3339(*time)) : Json();
}

Json rules_json(const trust::ClientRules* rules) {
    if (rules == nullptr) return {};
    Json document{{"services", rules->services}, {"from", Json::array()}, {"hours", Json::array()}};
    for (const trust::Network& network : rules->from) document["from"].push_back(network.to_string());
    for (const trust::WeeklyHours& hours : rules->hours) document["hours"].push_back(hours.text());
    document["max_streams"] = rules->max_streams ? Json(*rules->max_streams) : Json();
    document["rate"] = rules->rate ? Json(*rules->rate) : Json();
    return document;
}

std::string_view state_of(const registry::Client& client, x509::Time now) {
    const bool has_ended = client.expires && *client.expires <= now;
    return client.state == registry::ClientState::kActive && has_ended ? "expired" : registry::text_of(client.state);
}

Json client_json(const registry::Client& client, x509::Time now) {
    Json pins = Json::array();
    for (const registry::ClientKey& key : client.keys) pins.push_back(key.pin.to_string());
    return {{"name", client.name.text()},
            {"state", state_of(client, now)},
            {"since", text::rfc3339(client.state_since)},
            {"reason", text::escape_remaining(client.state_reason)},
            {"expires", time_or_null(client.expires)},
            {"note", text::escape_remaining(client.note)},
            {"added", text::rfc3339(client.added)},
            {"rules", rules_json(client.rules.get())},
            {"message", client.farewell},
            {"pins", std::move(pins)}};
}

std::string until_text(const std::optional<x509::Time>& expires) {
    return expires ? "until " + text::rfc3339(*expires) : "until revoked";
}
void warn_of_laggards(const registry::Enforcement& enforcement) {
    if (enforcement.servers_applied >= enforcement.servers) return;
    std::cerr << "cotter: warning: " << enforcement.servers - enforcement.servers_applied << " of "
              << count_text(enforcement.servers, "server") << " has not said yet that it acts on this\n"
              << "  next: look at its log for registry_stale\n";
}

}  // namespace

std::vector<std::string> rule_lines(const trust::ClientRules& rules) {
    std::vector<std::string> lines;
    lines.reserve(rules.services.size() + rules.from.size() + rules.hours.size() + 2);
    for (const std::string& service : rules.services) lines.push_back("--service " + service);
    for (const trust::Network& network : rules.from) lines.push_back("--from " + network.to_string());
    for (const trust::WeeklyHours& hours : rules.hours) lines.push_back("--hours '" + hours.text() + "'");
    if (rules.max_streams) lines.push_back("--max-streams " + std::to_string(*rules.max_streams));
    if (rules.rate) lines.push_back("--rate " + trust::rate_text(*rules.rate));
    return lines;
}

void print_added(const Invocation& invocation, const registry::ClientName& name,
                 const std::vector<registry::NewKey>& keys, std::optional<x509::Time> expires,
                 const registry::Enforcement& enforcement) {
    if (invocation.json) {
        Json pins = Json::array();
        for (const registry::NewKey& key : keys) pins.push_back(key.pin.to_string());
        return print_document({{"added", name.text()},
                               {"pins", std::move(pins)},
                               {"expires", time_or_null(expires)},
                               {"servers", enforcement.servers},
                               {"servers_applied", enforcement.servers_applied}});
    }
    std::cout << "admitted " << name.text() << " (" << keys.front().pin.abbreviated() << "), " << until_text(expires)
              << "; " << count_text(keys.size(), "key") << "\n";
    warn_of_laggards(enforcement);
}

void print_list(const Invocation& invocation, const std::vector<registry::Client>& clients, x509::Time now) {
    if (invocation.json) {
        Json document{{"clients", Json::array()}};
        for (const registry::Client& client : clients) document["clients"].push_back(client_json(client, now));
        return print_document(document);
    }
    if (clients.empty()) {
        std::cout << "nobody is admitted; cotter invite NAME prints a code for the first client\n";
        return;
    }
    std::size_t width = 4;
    for (const registry::Client& client : clients) width = std::max(width, client.name.text().size());
    std::cout << std::left << std::setw(static_cast<int>(width)) << "NAME"
              << "  STATE      KEYS  PIN                 EXPIRES\n";
    for (const registry::Client& client : clients) {
        std::cout << std::left << std::setw(static_cast<int>(width)) << client.name.text() << "  " << std::setw(9)
                  << state_of(client, now) << "  " << std::setw(4) << client.keys.size() << "  " << std::setw(20)
                  << (client.keys.empty() ? "-" : client.keys.front().pin.abbreviated()) << "  "
                  << (client.expires ? text::relative(*client.expires, now) : "never") << "\n";
    }
}

void print_client(const Invocation& invocation, const registry::Client& client, const registry::Activity& activity,
                  const std::vector<audit::Entry>& audit, x509::Time now) {
    if (invocation.json) {
        Json document = client_json(client, now);
        document["open_streams"] = activity.open_streams;
        document["bytes_in"] = activity.bytes_in;
        document["bytes_out"] = activity.bytes_out;
        document["refused"] = activity.refused;
        document["last_seen"] = time_or_null(activity.last_seen);
        document["last_address"] = activity.last_address;
        document["history"] = Json::array();
        for (const audit::Entry& entry : audit) {
            document["history"].push_back({{"at", text::rfc3339(entry.at)},
                                           {"actor", text::escape_remaining(entry.actor)},
                                           {"action", entry.action},
                                           {"pin", text::escape_remaining(entry.pin)},
                                           {"detail", text::escape_remaining(entry.detail)}});
        }
        return print_document(document);
    }
    std::cout << client.name.text() << ": " << state_of(client, now) << " since " << text::rfc3339(client.state_since)
              << ", " << until_text(client.expires) << "\n";
    if (!client.state_reason.empty())
        std::cout << "  reason    " << text::escape_remaining(client.state_reason) << "\n";
    if (!client.farewell.empty()) std::cout << "  is told   " << text::escape_remaining(client.farewell) << "\n";
    if (!client.note.empty()) std::cout << "  note      " << text::escape_remaining(client.note) << "\n";
    for (const registry::ClientKey& key : client.keys) std::cout << "  key       " << key.pin.to_string() << "\n";
    if (client.rules) {
        for (const std::string& line : rule_lines(*client.rules)) std::cout << "  rule      " << line << "\n";
    }
    std::cout << "  streams   " << activity.open_streams << " open; " << activity.bytes_in << " bytes in, "
              << activity.bytes_out << " bytes out\n";
    std::cout << "  last seen "
              << (activity.last_seen ? text::relative(*activity.last_seen, now) + " from " + activity.last_address
                                     : "never")
              << "\n";
    std::cout << "  refused   " << activity.refused << " times\n";
    for (const audit::Entry& entry : audit) {
        std::cout << "  history   " << text::rfc3339(entry.at) << "  " << entry.action << " by "
                  << text::escape_remaining(entry.actor)
                  << (entry.pin.empty() ? "" : ": " + text::escape_remaining(entry.pin))
                  << (entry.detail.empty() ? "" : ": " + text::escape_remaining(entry.detail)) << "\n";
    }
}

void print_rules(const Invocation& invocation, const registry::ClientName& name, const trust::ClientRules* rules) {
    if (invocation.json) return print_document({{"name", name.text()}, {"rules", rules_json(rules)}});
    if (rules == nullptr) {
        std::cout << name.text() << " has no rules: it may use every service, from everywhere, at any time\n";
        return;
    }
    for (const std::string& line : rule_lines(*rules)) std::cout << line << "\n";
}

void print_enforced(const Invocation& invocation, const Done& done, const registry::ClientName& name,
                    const registry::Enforcement& enforcement) {
    if (invocation.json) {
        return print_document({{"done", done.word},
                               {"name", name.text()},
                               {"streams_closed", enforcement.streams_closed},
                               {"servers", enforcement.servers},
                               {"servers_applied", enforcement.servers_applied}});
    }
    std::cout << done.sentence << " " << name.text() << ": ";
    if (enforcement.servers == 0) {
        std::cout << "no server runs on this registry now\n";
        return;
    }
    if (done.can_close_streams) std::cout << "closed " << count_text(enforcement.streams_closed, "stream") << " on ";
    std::cout << count_text(enforcement.servers, "server") << (done.can_close_streams ? "\n" : " told\n");
    warn_of_laggards(enforcement);
}

}  // namespace cotter::cli
