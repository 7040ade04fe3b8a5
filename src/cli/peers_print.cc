// Tables and documents about remembered servers.
#include "cli/peers_print.h"

#include "cli/print.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;
using evidence::PeerEntry;
using evidence::PeerLine;
using evidence::PeerName;

void print_outcome(Json document, Trial trial) {
    document["dry_run"] = trial == Trial::kDryRun;
    print_document(document);
}

/// "forgot" or "would forget".
std::string verb(Trial trial, const std::string& done, const std::string& wanted) {
    return trial == Trial::kDryRun ? "would " + wanted : done;
}

Json octets_or_null(const std::optional<trust::Sight::Digest>& digest) {
    return digest ? Json(text::base64(*digest)) : Json();
}

Json time_or_null(const std::optional<x509::Time>& time) {
    return time ? Json(text::rfc3339(*time)) : Json();
}

std::string remark_of(const PeerEntry& entry) {
    if (entry.comment.empty()) return "";
    const std::size_t begin = entry.comment.find_first_not_of("# \t");
    return begin == std::string::npos ? "" : text::escape(entry.comment.substr(begin), 128);
}

/// One row of either form: what entries and foreign marks have in common.
struct Row {
    const PeerName* name;
    const Pin* pin;
    const PeerEntry* entry;  ///< null: a foreign mark
    std::string mark;
    std::size_t line;
};

std::vector<Row> rows_of(const evidence::PeerList& peers, const HostPort* only) {
    const auto& lines = peers.lines();
    const auto is_revoked = [&](const Pin& pin) {
        return std::ranges::any_of(lines, [&](const PeerLine& line) {
            return line.entry() != nullptr && line.entry()->is_revoked && line.entry()->pin == pin;
        });
    };
    std::vector<Row> rows;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (const PeerEntry* entry = lines[i].entry()) {
            const char* const mark = is_revoked(entry->pin) ? "revoked" : entry->follows ? "next" : "";
            rows.push_back({&entry->name, &entry->pin, entry, mark, i + 1});
        } else if (const evidence::ForeignMark* foreign = lines[i].foreign()) {
            rows.push_back({&foreign->name, &foreign->pin, nullptr, foreign->mark, i + 1});
        }
    }
    if (only != nullptr) std::erase_if(rows, [&](const Row& row) { return !row.name->covers(*only); });
    return rows;
}

Json row_json(const Row& row) {
    const HostPort* peer = row.name->in_clear();
    Json document{{"line", row.line}, {"name", row.name->to_string()}};
    document["host"] = peer != nullptr ? Json(peer->host.to_string()) : Json();
    document["port"] = peer != nullptr ? Json(peer->port) : Json();
    document["pin"] = row.pin->to_string();
    document["mark"] = row.mark.empty() ? Json() : Json(row.mark);
    if (row.entry == nullptr) return document;
    document["first_seen"] = text::rfc3339(row.entry->first_seen);
    document["last_seen"] = text::rfc3339(row.entry->last_seen);
    document["until"] = time_or_null(row.entry->sight.not_after);
    document["issuer"] = octets_or_null(row.entry->sight.issuer_name);
    document["issuer_key"] = octets_or_null(row.entry->sight.issuer_key);
    document["comment"] = remark_of(*row.entry);
    if (row.entry->follows) document["after"] = row.entry->follows->to_string();
    return document;
}

/// `only`: whom everything that is shown is about, if that was asked; then a hashed name is no secret.
std::string shown_name(const PeerName& name, const HostPort* only) {
    if (name.is_everyone()) return "every host";
    if (!name.is_hashed()) return name.to_string();
    return only != nullptr ? only->to_string() : "(hashed)";
}

}  // namespace

void print_peers(const Invocation& invocation, const evidence::PeerList& peers, const HostPort* only, x509::Time now) {
    const std::vector<Row> rows = rows_of(peers, only);
    if (invocation.json) {
        Json document{{"peers", Json::array()}};
        for (const Row& row : rows) document["peers"].push_back(row_json(row));
        print_document(document);
        return;
    }
    if (rows.empty()) {
        std::cout << "nothing is remembered" << (only != nullptr ? " of " + only->to_string() : "")
                  << "; cotter join CODE remembers a server, cotter help trust says how else\n";
        return;
    }
    std::size_t width = 4;
    for (const Row& row : rows) width = std::max(width, shown_name(*row.name, only).size());
    std::cout << std::left << std::setw(static_cast<int>(width)) << "HOST"
              << "  PIN                   FIRST SEEN   LAST SEEN    MARK\n";
    for (const Row& row : rows) {
        const auto seen = [&](x509::Time PeerEntry::* time) {
            return row.entry != nullptr ? text::relative(row.entry->*time, now) : "-";
        };
        const std::string remark = row.entry != nullptr ? remark_of(*row.entry) : "";
        // The ellipsis of a shortened pin is three octets wide and one column.
        std::cout << std::setw(static_cast<int>(width)) << shown_name(*row.name, only) << "  " << std::setw(22)
                  << row.pin->abbreviated() << "  " << std::setw(11) << seen(&PeerEntry::first_seen) << "  "
                  << std::setw(11) << seen(&PeerEntry::last_seen) << "  " << (row.mark.empty() ? "-" : row.mark)
                  << (remark.empty() ? "" : "  " + remark) << "\n";
    }
}

void print_peer_added(const Invocation& invocation, const HostPort& peer, const Pin& pin, bool is_new, Trial trial) {
    if (invocation.json) {
        return print_outcome(
            {{"done", "added"}, {"host", peer.to_string()}, {"pin", pin.to_string()}, {"lines", is_new ? 1 : 0}},
            trial);
    }
    if (!is_new) {
        std::cout << pin.abbreviated() << " is remembered for " << peer.to_string() << " already\n";
        return;
    }
    std::cout << verb(trial, "remembered ", "remember ") << pin.abbreviated() << " for " << peer.to_string() << "\n";
}

void print_peer_forgotten(const Invocation& invocation, const HostPort& peer,
                          const evidence::PeerList::Forgotten& forgotten, Trial trial) {
    if (invocation.json) {
        return print_outcome({{"done", "forgotten"},
                              {"host", peer.to_string()},
                              {"lines", forgotten.removed},
                              {"kept_marks", forgotten.kept_marks}},
                             trial);
    }
    std::cout << verb(trial, "forgot ", "forget ") << count_text(forgotten.removed, "line") << " of "
              << peer.to_string()
              << (forgotten.kept_marks == 0 ? "" : "; kept " + count_text(forgotten.kept_marks, "mark")) << "\n";
}

void print_key_revoked(const Invocation& invocation, const Pin& pin, std::size_t hosts, bool is_new, Trial trial) {
    if (invocation.json) {
        return print_outcome(
            {{"done", "revoked"}, {"pin", pin.to_string()}, {"hosts", hosts}, {"lines", is_new ? 1 : 0}}, trial);
    }
    if (!is_new) {
        std::cout << pin.abbreviated() << " is marked as revoked already\n";
        return;
    }
    std::cout << verb(trial, "revoked ", "revoke ") << pin.abbreviated()
              << ": refused at every host, in streams that begin from now on; it was remembered for "
              << count_text(hosts, "host") << "\n";
}

void print_peers_imported(const Invocation& invocation, const std::string& source,
                          const evidence::PeerList::Imported& imported, Trial trial) {
    if (invocation.json) {
        return print_outcome({{"done", "imported"},
                              {"from", text::escape(source)},
                              {"added", imported.added},
                              {"revoked", imported.revoked},
                              {"known_already", imported.known_already}},
                             trial);
    }
    std::cout << verb(trial, "imported ", "import ") << count_text(imported.added, "line") << " from "
              << text::escape(source)
              << (imported.revoked == 0 ? "" : ", " + count_text(imported.revoked, "revoked key") + " among them")
              << "; " << imported.known_already << " known already\n";
}

}  // namespace cotter::cli
