// Writing and reading entries.
#include "audit/entry.h"

#include "text/escape.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace cotter::audit {
namespace {

using Json = nlohmann::json;  // keeps its keys in the order of the alphabet

constexpr std::array kActions = {
    std::pair{Action::kAdd, std::string_view("add")},
    std::pair{Action::kSuspend, std::string_view("suspend")},
    std::pair{Action::kRestore, std::string_view("restore")},
    std::pair{Action::kRevoke, std::string_view("revoke")},
    std::pair{Action::kRemove, std::string_view("remove")},
    std::pair{Action::kAddKey, std::string_view("add-key")},
    std::pair{Action::kDropKey, std::string_view("drop-key")},
    std::pair{Action::kLearnKey, std::string_view("learn-key")},
    std::pair{Action::kInvite, std::string_view("invite")},
    std::pair{Action::kWithdraw, std::string_view("withdraw")},
    std::pair{Action::kJoin, std::string_view("join")},
    std::pair{Action::kApprove, std::string_view("approve")},
    std::pair{Action::kRules, std::string_view("rules")},
    std::pair{Action::kDisconnect, std::string_view("disconnect")},
    std::pair{Action::kRefuse, std::string_view("refuse")},
    std::pair{Action::kRefuseJoin, std::string_view("refuse-join")},
    std::pair{Action::kCaInit, std::string_view("ca-init")},
    std::pair{Action::kCaIssue, std::string_view("ca-issue")},
    std::pair{Action::kCaRevoke, std::string_view("ca-revoke")},
    std::pair{Action::kCaList, std::string_view("ca-list")},
    std::pair{Action::kServerKey, std::string_view("server-key")},
    std::pair{Action::kRotatePrepare, std::string_view("rotate-prepare")},
    std::pair{Action::kRotateCommit, std::string_view("rotate-commit")},
    std::pair{Action::kRotateAbort, std::string_view("rotate-abort")},
    std::pair{Action::kPrune, std::string_view("prune")},
};

constexpr std::size_t kMostShort = 256;
constexpr std::size_t kMostDetail = 1024;

void put(Json& object, const char* key, const std::string& text) {
    if (!text.empty()) object[key] = text;
}

/// Every key that an entry may have, with where it is kept.
std::optional<std::string Entry::*> text_field(std::string_view key) {
    if (key == "action") return &Entry::action;
    if (key == "actor") return &Entry::actor;
    if (key == "client") return &Entry::client;
    if (key == "connection") return &Entry::connection;
    if (key == "detail") return &Entry::detail;
    if (key == "peer") return &Entry::peer;
    if (key == "pin") return &Entry::pin;
    return std::nullopt;
}

/// Whether the key is known and its value of the right type.
bool take(Entry& entry, const std::string& key, const Json& value) {
    if (const auto field = text_field(key)) {
        if (!value.is_string()) return false;
        entry.** field = value.get<std::string>();
        return true;
    }
    if (key == "at") {
        const auto time = value.is_string() ? text::parse_rfc3339(value.get<std::string>()) : malformed({}, {}, {});
        if (time) entry.at = *time;
        return time.has_value();
    }
    if (!value.is_number_unsigned() || (key != "count" && key != "sequence")) return false;
    (key == "count" ? entry.count : entry.sequence) = value.get<std::uint64_t>();
    return true;
}

}  // namespace

std::string_view text_of(Action action) {
    for (const auto& [known, word] : kActions) {
        if (known == action) return word;
    }
    std::unreachable();
}

std::optional<Action> action_of(std::string_view word) {
    for (const auto& [action, known] : kActions) {
        if (known == word) return action;
    }
    return std::nullopt;
}

std::vector<std::string> action_words() {
    std::vector<std::string> words;
    for (const auto& known : kActions) words.emplace_back(known.second);
    return words;
}

Entry recorded(const Event& event, std::uint64_t sequence, std::string_view actor, Time at) {
    return {.sequence = sequence,
            .at = at,
            .actor = text::escape_remaining(actor, kMostShort),
            .action = std::string(text_of(event.action)),
            .client = text::escape_remaining(event.client, kMostShort),
            .pin = text::escape_remaining(event.pin, kMostDetail),
            .peer = text::escape_remaining(event.peer, kMostShort),
            .connection = text::escape_remaining(event.connection, kMostShort),
            .count = event.count,
            .detail = text::escape_remaining(event.detail, kMostDetail)};
}

std::string canonical_text(const Entry& entry) {
    Json object{{"action", entry.action},
                {"actor", entry.actor},
                {"at", text::rfc3339(entry.at)},
                {"sequence", entry.sequence}};
    put(object, "client", entry.client);
    put(object, "connection", entry.connection);
    put(object, "detail", entry.detail);
    put(object, "peer", entry.peer);
    put(object, "pin", entry.pin);
    if (entry.count != 1) object["count"] = entry.count;
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Hash leaf_hash(const Entry& entry) {
    return leaf_hash(x509::as_bytes(canonical_text(entry)));
}

Result<Entry> parse_entry(std::string_view line) {
    const auto refused = [](std::string why) {
        return malformed("audit_entry", "reading an entry of an audit log", std::move(why),
                         "it must be the line of \"cotter log show --json\", octet by octet");
    };
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) return refused("it is not a JSON object");
    Entry entry;
    for (const auto& [key, value] : object.items()) {
        if (!take(entry, key, value)) return refused("its \"" + text::escape(key, 32) + "\" is none that an entry has");
    }
    if (canonical_text(entry) != line) return refused("it is not written as RFC 8785 says");
    return entry;
}

}  // namespace cotter::audit
