// What the list says of a leaf: who is denied, who owns its key, whose pin it has.
#include "registry/snapshot.h"

#include <algorithm>
#include <utility>

namespace cotter::registry {
namespace {

using Found = ClientTable::Found;
using Row = ClientTable::Row;

struct LeafPin {
    Pin pin;
    Found found;
};

/// Whether it is the leaf's key that is denied, and not only a certificate of that issuer and serial number.
struct Denial {
    std::optional<Row> client;  ///< none: it was removed
    bool is_of_key;
};

trust::Standing standing_of_row(const Row& row, Time now) {
    trust::Standing standing;
    standing.name = row.name;
    standing.expires = row.expires;
    standing.detail = row.reason;
    switch (row.state) {
        case ClientState::kActive:
            standing.state =
                row.expires && now >= *row.expires ? trust::StandingState::kExpired : trust::StandingState::kActive;
            return standing;
        case ClientState::kSuspended: standing.state = trust::StandingState::kSuspended; return standing;
        case ClientState::kRevoked: standing.state = trust::StandingState::kRevoked; return standing;
    }
    standing.state = trust::StandingState::kRevoked;
    return standing;
}

trust::Standing unknown(std::string detail) {
    trust::Standing standing;
    standing.state = trust::StandingState::kUnknown;
    standing.detail = std::move(detail);
    return standing;
}

std::string text_of(std::string_view name) {
    return std::string(name);
}

/// The denial that a leaf falls under, if any.
std::optional<Denial> denial_of(const Found& key, const std::vector<LeafPin>& pins, const Found& certificate) {
    if (key.is_denied()) return Denial{key.revoked, true};
    for (const LeafPin& pin : pins) {
        if (pin.found.is_denied()) return Denial{pin.found.revoked, true};
    }
    if (certificate.is_denied()) return Denial{certificate.revoked, false};
    return std::nullopt;
}

trust::Standing denied(const Denial& denial, Time now) {
    if (denial.client) {
        auto standing = standing_of_row(*denial.client, now);
        if (denial.is_of_key && denial.client->extra != nullptr) standing.farewell = denial.client->extra->farewell;
        return standing;
    }
    trust::Standing standing;
    standing.state = trust::StandingState::kRevoked;
    standing.detail = "revoked, and its client removed since";
    return standing;
}

ClientTable table_of(const SnapshotRows& rows) {
    ClientTable::Writer writer{ClientTable()};
    for (const Client& client : rows.clients) writer.add({.name = client.name.text(), .client = client});
    // No client has no name.
    writer.add({.name = {},
                .denied_keys = rows.denied_keys,
                .denied_pins = rows.denied_pins,
                .denied_certificates = rows.denied_certificates});
    return std::move(writer).finish();
}

}  // namespace

Snapshot::Snapshot(Edition edition, ClientTable table) : edition_(std::move(edition)), table_(std::move(table)) {
    for (const auto target : {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey}) {
        for (const auto form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer}) {
            if (table_.has_kind(target, form)) kinds_.emplace_back(target, form);
        }
    }
}

Snapshot::Snapshot(const SnapshotRows& rows) : Snapshot({.version = rows.version}, table_of(rows)) {}

trust::Standing Snapshot::standing_of(const x509::Certificate& leaf, Time now) const {
    const Found by_key = table_.find(leaf.public_key().canonical());
    const Found by_certificate = table_.find(leaf.issuer_and_serial());
    std::vector<LeafPin> leaf_pins;
    leaf_pins.reserve(kinds_.size());
    for (const auto& [target, form] : kinds_) {
        auto pin = leaf.pin(target, form);
        if (!pin) continue;
        const Found found = table_.find(*pin);
        leaf_pins.push_back({std::move(*pin), found});
    }
    if (const auto denial = denial_of(by_key, leaf_pins, by_certificate)) {
        return denied(*denial, now);
    }

    // The key's owner comes before the pin: who is suspended isn't let in by another encoding of the same key.
    const auto& owner = by_key.client;
    if (owner) {
        auto standing = standing_of_row(*owner, now);
        if (standing.state != trust::StandingState::kActive) return standing;
    }

    if (by_certificate.client) {
        auto standing = standing_of_row(*by_certificate.client, now);
        if (standing.state == trust::StandingState::kSuspended) return standing;
    }

    const LeafPin* matched = nullptr;
    for (const LeafPin& pin : leaf_pins) {
        if (!pin.found.client) continue;
        auto standing = standing_of_row(*pin.found.client, now);
        if (standing.state != trust::StandingState::kActive) return standing;
        if (matched == nullptr) {
            matched = &pin;
        } else if (matched->found.client->name != standing.name) {
            return unknown("its pins are of two clients, " + text_of(matched->found.client->name) + " and " +
                           standing.name);
        }
    }
    if (matched == nullptr) {
        if (!owner) return unknown({});
        return unknown("another encoding of a key of " + text_of(owner->name));
    }
    const Row& row = *matched->found.client;
    if (owner && owner->name != row.name) {
        return unknown("its pin is of " + text_of(row.name) + ", its key is of " + text_of(owner->name));
    }
    auto standing = standing_of_row(row, now);
    standing.matched = matched->pin;
    if (row.extra != nullptr) {
        standing.rules = row.extra->rules;
        standing.disconnects = row.extra->disconnects;
    }
    return standing;
}

std::vector<std::pair<std::string, Time>> Snapshot::ending(Time from, Time until, std::size_t most) const {
    // The soonest so far, the latest of them on top.
    std::vector<std::pair<Time, std::string_view>> soonest;
    table_.each_client([&](const Row& row) {
        if (row.state != ClientState::kActive || !row.expires || *row.expires <= from || *row.expires > until) return;
        soonest.emplace_back(*row.expires, row.name);
        std::ranges::push_heap(soonest);
        if (soonest.size() <= most) return;
        std::ranges::pop_heap(soonest);
        soonest.pop_back();
    });
    std::ranges::sort(soonest);
    std::vector<std::pair<std::string, Time>> ending;
    ending.reserve(soonest.size());
    for (const auto& [expires, name] : soonest) ending.emplace_back(name, expires);
    return ending;
}

bool Snapshot::knows_canonical(const x509::CanonicalKey& key) const {
    const Found found = table_.find(key);
    return found.client || found.is_denied();
}

}  // namespace cotter::registry
