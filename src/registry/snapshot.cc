// The registry at one version as hash maps: who is denied, who owns a key, whose pin a leaf has.
#include "registry/snapshot.h"

#include <boost/container_hash/hash.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace cotter::registry {
namespace {

std::size_t hash_of(Bytes octets) {
    return boost::hash_range(octets.begin(), octets.end());
}

struct PinHash {
    using is_avalanching = void;
    std::size_t operator()(const Pin& pin) const {
        std::size_t seed = hash_of(pin.octets());
        boost::hash_combine(seed, std::to_underlying(pin.target()));
        boost::hash_combine(seed, std::to_underlying(pin.form()));
        return seed;
    }
};

struct CanonicalHash {
    // A digest is as good as its first octets.
    using is_avalanching = void;
    std::size_t operator()(const x509::CanonicalKey& key) const {
        std::size_t first = 0;
        std::memcpy(&first, key.digest.data(), sizeof first);
        return first;
    }
};

struct CertificateHash {
    using is_avalanching = void;
    std::size_t operator()(const x509::IssuerAndSerial& certificate) const {
        std::size_t seed = hash_of(certificate.issuer);
        boost::hash_combine(seed, hash_of(certificate.serial));
        return seed;
    }
};

/// What a standing says of a client; its keys are in the maps.
struct Row {
    std::string name;
    ClientState state = ClientState::kActive;
    std::string reason;
    std::optional<Time> expires;
};

/// What few clients have.
struct Extra {
    std::shared_ptr<const trust::ClientRules> rules;
    std::uint64_t disconnects = 0;
    std::string farewell;
};

/// A row's number, or kNoRow for a removed client's; and whether it is the leaf's key that is denied, and not only a
/// certificate of that issuer and serial number.
struct Denial {
    std::size_t row;
    bool is_of_key;
};

// A tombstone whose client was removed has no row.
constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

std::string reason_of(const Client& client) {
    return client.state == ClientState::kActive ? std::string() : client.state_reason;
}

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

}  // namespace

struct Snapshot::Index {
    using PinKind = std::pair<PinTarget, PinForm>;

    std::uint64_t version = 0;
    std::vector<Row> rows;
    boost::unordered_flat_map<std::size_t, Extra> extras;  ///< by the row's number
    boost::unordered_flat_map<Pin, std::size_t, PinHash> pins;
    boost::unordered_flat_map<x509::CanonicalKey, std::size_t, CanonicalHash> owners;
    boost::unordered_flat_map<Pin, std::size_t, PinHash> denied_pins;
    boost::unordered_flat_map<x509::CanonicalKey, std::size_t, CanonicalHash> denied_keys;
    boost::unordered_flat_map<x509::IssuerAndSerial, std::size_t, CertificateHash> denied_certificates;
    /// Of those who are not revoked: a certificate that was registered stands for its client, whatever key is in it.
    boost::unordered_flat_map<x509::IssuerAndSerial, std::size_t, CertificateHash> certificates;
    /// The kinds of pin that occur, so that no other digest is ever computed of a leaf.
    std::vector<PinKind> kinds;

    explicit Index(SnapshotRows given);

    /// The denial that this leaf falls under, if any.
    [[nodiscard]] std::optional<Denial> denial_of(const x509::Certificate& leaf,
                                                  const std::vector<Pin>& leaf_pins) const;
};

Snapshot::Index::Index(SnapshotRows given) : version(given.version) {
    std::set<PinKind> occurring;
    rows.reserve(given.clients.size());
    pins.reserve(given.clients.size());
    owners.reserve(given.clients.size());
    for (Client& client : given.clients) {
        const std::size_t row = rows.size();
        const bool is_revoked = client.state == ClientState::kRevoked;
        rows.push_back({client.name.text(), client.state, reason_of(client), client.expires});
        if (client.rules || client.disconnects != 0 || !client.farewell.empty())
            extras.emplace(row, Extra{std::move(client.rules), client.disconnects, std::move(client.farewell)});
        for (ClientKey& key : client.keys) {
            occurring.emplace(key.pin.target(), key.pin.form());
            if (key.canonical) {
                owners.emplace(*key.canonical, row);
                if (is_revoked) denied_keys.emplace(*key.canonical, row);
            }
            if (key.certificate) (is_revoked ? denied_certificates : certificates).emplace(*key.certificate, row);
            if (is_revoked) denied_pins.emplace(key.pin, row);
            pins.emplace(std::move(key.pin), row);
        }
    }
    for (const x509::CanonicalKey& key : given.denied_keys) denied_keys.emplace(key, kNoRow);
    for (x509::IssuerAndSerial& certificate : given.denied_certificates) {
        denied_certificates.emplace(std::move(certificate), kNoRow);
    }
    for (Pin& pin : given.denied_pins) {
        occurring.emplace(pin.target(), pin.form());
        denied_pins.emplace(std::move(pin), kNoRow);
    }
    kinds.assign(occurring.begin(), occurring.end());
}

std::optional<Denial> Snapshot::Index::denial_of(const x509::Certificate& leaf,
                                                 const std::vector<Pin>& leaf_pins) const {
    if (const auto found = denied_keys.find(leaf.public_key().canonical()); found != denied_keys.end()) {
        return Denial{found->second, true};
    }
    for (const Pin& pin : leaf_pins) {
        if (const auto found = denied_pins.find(pin); found != denied_pins.end()) return Denial{found->second, true};
    }
    if (const auto found = denied_certificates.find(leaf.issuer_and_serial()); found != denied_certificates.end()) {
        return Denial{found->second, false};
    }
    return std::nullopt;
}

Snapshot::Snapshot(SnapshotRows rows) : index_(std::make_unique<const Index>(std::move(rows))) {}

Snapshot::~Snapshot() = default;

std::uint64_t Snapshot::version() const {
    return index_->version;
}

std::size_t Snapshot::client_count() const {
    return index_->rows.size();
}

trust::Standing Snapshot::standing_of(const x509::Certificate& leaf, Time now) const {
    std::vector<Pin> leaf_pins;
    for (const auto& [target, form] : index_->kinds) {
        if (auto pin = leaf.pin(target, form)) leaf_pins.push_back(std::move(*pin));
    }
    if (const auto denial = index_->denial_of(leaf, leaf_pins)) {
        if (denial->row != kNoRow) {
            auto standing = standing_of_row(index_->rows[denial->row], now);
            const auto extra = index_->extras.find(denial->row);
            if (denial->is_of_key && extra != index_->extras.end()) standing.farewell = extra->second.farewell;
            return standing;
        }
        trust::Standing standing;
        standing.state = trust::StandingState::kRevoked;
        standing.detail = "revoked, and its client removed since";
        return standing;
    }

    // The key's owner comes before the pin: who is suspended isn't let in by another encoding of the same key.
    const auto owner = index_->owners.find(leaf.public_key().canonical());
    const bool has_owner = owner != index_->owners.end();
    if (has_owner) {
        auto standing = standing_of_row(index_->rows[owner->second], now);
        if (standing.state != trust::StandingState::kActive) return standing;
    }

    if (const auto found = index_->certificates.find(leaf.issuer_and_serial()); found != index_->certificates.end()) {
        auto standing = standing_of_row(index_->rows[found->second], now);
        if (standing.state == trust::StandingState::kSuspended) return standing;
    }

    std::optional<std::size_t> row;
    const Pin* matched = nullptr;
    for (const Pin& pin : leaf_pins) {
        const auto found = index_->pins.find(pin);
        if (found == index_->pins.end()) continue;
        auto standing = standing_of_row(index_->rows[found->second], now);
        if (standing.state != trust::StandingState::kActive) return standing;
        if (row && *row != found->second) {
            return unknown("its pins are of two clients, " + index_->rows[*row].name + " and " + standing.name);
        }
        row = found->second;
        if (matched == nullptr) matched = &pin;
    }
    if (!row) {
        if (!has_owner) return unknown({});
        return unknown("another encoding of a key of " + index_->rows[owner->second].name);
    }
    if (has_owner && owner->second != *row) {
        return unknown("its pin is of " + index_->rows[*row].name + ", its key is of " +
                       index_->rows[owner->second].name);
    }
    auto standing = standing_of_row(index_->rows[*row], now);
    standing.matched = *matched;
    if (const auto extra = index_->extras.find(*row); extra != index_->extras.end()) {
        standing.rules = extra->second.rules;
        standing.disconnects = extra->second.disconnects;
    }
    return standing;
}

std::vector<std::pair<std::string, Time>> Snapshot::ending(Time from, Time until, std::size_t most) const {
    // The soonest so far, the latest of them on top.
    std::vector<std::pair<Time, std::size_t>> soonest;
    for (std::size_t row = 0; row < index_->rows.size(); ++row) {
        const auto& [name, state, reason, expires] = index_->rows[row];
        if (state != ClientState::kActive || !expires || *expires <= from || *expires > until) continue;
        soonest.emplace_back(*expires, row);
        std::ranges::push_heap(soonest);
        if (soonest.size() <= most) continue;
        std::ranges::pop_heap(soonest);
        soonest.pop_back();
    }
    std::ranges::sort(soonest);
    std::vector<std::pair<std::string, Time>> ending;
    ending.reserve(soonest.size());
    for (const auto& [expires, row] : soonest) ending.emplace_back(index_->rows[row].name, expires);
    return ending;
}

bool Snapshot::knows_canonical(const x509::CanonicalKey& key) const {
    return index_->owners.contains(key) || index_->denied_keys.contains(key);
}

}  // namespace cotter::registry
