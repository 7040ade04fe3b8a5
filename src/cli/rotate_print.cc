// Tables and documents about a rotation.
#include "cli/rotate_print.h"

#include "cli/print.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;
using registry::KeyAnswer;
using registry::KeyHolder;
using registry::RotatingServer;
using registry::RotationStatus;

bool holds(const RotationStatus& status, const RotatingServer& server) {
    return server.present == status.rotation.next || server.next == status.rotation.next;
}

std::string pin_line(const RotationStatus& status) {
    return "--pin " + status.rotation.next.to_string();
}

/// What its owner must do; empty: come once.
std::string need_of(const RotationStatus& status, const KeyHolder& holder) {
    switch (holder.answer) {
        case KeyAnswer::kReady: return "";
        case KeyAnswer::kPinnedByHand: return pin_line(status) + " beside the present pin";
        case KeyAnswer::kOtherTrust: return "a certificate or TLSA record of the next key";
        case KeyAnswer::kRefused: return "its own owner to look why it denies the next key";
        case KeyAnswer::kNone: break;
    }
    const bool came_since = holder.client_last_seen && *holder.client_last_seen > status.rotation.prepared;
    return came_since ? pin_line(status) + ", if it is no cotter or an older one" : "";
}

std::string state_of(const RotationStatus& status, const KeyHolder& holder, x509::Time now) {
    switch (holder.answer) {
        case KeyAnswer::kReady: return "ready";
        case KeyAnswer::kPinnedByHand: return "pins by hand";
        case KeyAnswer::kOtherTrust: return "does not go by the key alone";
        case KeyAnswer::kRefused: return "refuses the next key";
        case KeyAnswer::kNone: break;
    }
    if (!holder.client_last_seen) return "never seen";
    const std::string seen = "last seen " + text::relative(*holder.client_last_seen, now);
    return (*holder.client_last_seen > status.rotation.prepared ? "has not answered, " : "not since, ") + seen;
}

Json time_or_null(const std::optional<x509::Time>& time) {
    return time ? Json(text::rfc3339(*time)) : Json();
}

Json document_of(const RotationStatus& status) {
    const bool is_committed = status.rotation.state == registry::Rotation::State::kCommitted;
    Json document{{"rotation",
                   {{"state", is_committed ? "committed" : "prepared"},
                    {"present", status.rotation.present.to_string()},
                    {"next", status.rotation.next.to_string()},
                    {"prepared", text::rfc3339(status.rotation.prepared)}}}};
    document["ready"] = status.ready();
    document["not_ready"] = status.holders.size() - status.ready();
    document["can_commit"] = !is_committed && status.is_ready();
    document["clients"] = Json::array();
    for (const KeyHolder& holder : status.holders) {
        const std::string need = need_of(status, holder);
        Json one{{"name", holder.client},
                 {"key", holder.key.to_string()},
                 {"ready", holder.answer == KeyAnswer::kReady},
                 {"answer", registry::text_of(holder.answer)}};
        one["answered"] = time_or_null(holder.answered);
        one["last_seen"] = time_or_null(holder.client_last_seen);
        one["needs"] = need.empty() ? Json() : Json(need);
        document["clients"].push_back(std::move(one));
    }
    document["uncounted"] = Json::array();
    for (const registry::UncountedHolder& one : status.uncounted) {
        document["uncounted"].push_back({{"name", one.client},
                                         {"answer", registry::text_of(one.answer)},
                                         {"answered", text::rfc3339(one.answered)}});
    }
    document["servers"] = Json::array();
    for (const RotatingServer& server : status.servers) {
        Json one{{"host", server.host}, {"present", server.present.to_string()}};
        one["next"] = server.next ? Json(server.next->to_string()) : Json();
        one["holds_next"] = holds(status, server);
        document["servers"].push_back(std::move(one));
    }
    document["invitations"] = status.invitations;
    return document;
}

}  // namespace

std::string those_not_ready(const RotationStatus& status, x509::Time now) {
    std::string text;
    for (const KeyHolder& holder : status.holders) {
        if (holder.answer == KeyAnswer::kReady) continue;
        const std::string need = need_of(status, holder);
        text += "  " + holder.client + "  " + holder.key.abbreviated() + "  " + state_of(status, holder, now) +
                (need.empty() ? "" : "; needs " + need) + "\n";
    }
    for (const RotatingServer& server : status.servers) {
        if (holds(status, server)) continue;
        text += "  the server on " + server.host + ": needs next.key and next.crt in its state folder\n";
    }
    return text;
}

void print_rotation(const Invocation& invocation, const RotationStatus& status, x509::Time now) {
    if (invocation.json) {
        print_document(document_of(status));
        return;
    }
    const registry::Rotation& rotation = status.rotation;
    const auto of = [](std::size_t some, std::size_t all) {
        return std::to_string(some) + " of " + std::to_string(all);
    };
    if (rotation.state == registry::Rotation::State::kCommitted) {
        const auto switched = std::ranges::count_if(
            status.servers, [&](const RotatingServer& server) { return server.present == rotation.next; });
        std::cout << "the rotation to " << rotation.next.to_string() << " is done; of the servers that run, "
                  << of(static_cast<std::size_t>(switched), status.servers.size()) << " have that key\n";
        return;
    }
    std::cout << "present key  " << rotation.present.to_string() << "\nnext key     " << rotation.next.to_string()
              << ", announced since " << text::rfc3339(rotation.prepared) << "\n"
              << "servers      " << of(status.servers_holding(), status.servers.size())
              << " that run hold the next key\n"
              << "clients      " << of(status.ready(), status.holders.size()) << " keys are ready\n";
    if (!status.uncounted.empty()) {
        const auto ready =
            std::ranges::count_if(status.uncounted, [](const auto& one) { return one.answer == KeyAnswer::kReady; });
        std::cout << "besides      " << of(static_cast<std::size_t>(ready), status.uncounted.size())
                  << " that a client CA admits and that have answered; how many there are, nobody knows\n";
    }
    if (status.invitations != 0) {
        std::cout << "invitations  " << status.invitations
                  << " wait with the present key in them, and are void after the commit\n";
    }
    const std::string missing = those_not_ready(status, now);
    if (missing.empty()) {
        std::cout << "next: cotter rotate commit\n";
    } else {
        std::cout << "not ready:\n" << missing;
    }
}

}  // namespace cotter::cli
