// Snapshot: the registry at one version, immutable, shared by all threads, asked at every handshake without a lock.
#pragma once

#include "registry/client_table.h"
#include "trust/evidence.h"
#include "x509/certificate.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cotter::registry {

/// Where a list stands in its history. The token is random: two histories that have a version's number in common, as
/// before and after a backup was brought back, don't have its token.
struct Edition {
    std::uint64_t version = 0;  ///< grows with every change of clients or keys
    std::string token{};        ///< empty: of before there were any, and of no use to tell histories apart
    bool operator==(const Edition&) const = default;
};

/// A small list, in memory.
struct SnapshotRows {
    std::uint64_t version = 0;
    std::vector<Client> clients;
    /// Tombstones: keys that stay refused even after `remove` (INVARIANT A116).
    std::vector<x509::CanonicalKey> denied_keys;
    std::vector<Pin> denied_pins;
    std::vector<x509::IssuerAndSerial> denied_certificates;
};

class Snapshot {
  public:
    Snapshot(Edition edition, ClientTable table);
    explicit Snapshot(const SnapshotRows& rows);
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    ~Snapshot() = default;

    [[nodiscard]] const Edition& edition() const { return edition_; }
    [[nodiscard]] std::uint64_t version() const { return edition_.version; }
    [[nodiscard]] std::size_t client_count() const { return table_.client_count(); }
    /// What the next snapshot is made from: a copy shares with it what does not change.
    [[nodiscard]] const ClientTable& table() const { return table_; }

    /// What the list says of this leaf at `now`. Admission by the exact octets of a registered pin; denial first, by
    /// canonical key, by pin, and by issuer and serial (INVARIANTS A71, A76, A116). A key whose canonical form belongs
    /// to another name than its pin is kUnknown; so is another encoding of an active client's key. A suspended or
    /// expired client's key has that state in whatever encoding.
    [[nodiscard]] trust::Standing standing_of(const x509::Certificate& leaf, Time now) const;

    /// The active clients whose admission ends after `from` and no later than `until`: at most so many, soonest first.
    /// Reads the whole list: some 20 ms of a million clients.
    [[nodiscard]] std::vector<std::pair<std::string, Time>> ending(Time from, Time until, std::size_t most) const;

    /// Whether this canonical key is in the registry, admitted or denied. Where the key of a client just admitted
    /// isn't, its pin was registered as a bare digest, and the server hands the key in (Registry::learn).
    [[nodiscard]] bool knows_canonical(const x509::CanonicalKey& key) const;

  private:
    Edition edition_;
    ClientTable table_;
    /// The kinds of pin that occur, so that no other digest is ever computed of a leaf.
    std::vector<std::pair<PinTarget, PinForm>> kinds_;
};

}  // namespace cotter::registry
