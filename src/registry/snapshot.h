// Snapshot: the registry at one version, immutable, shared by all threads, asked at every handshake without a lock.
#pragma once

#include "registry/client.h"
#include "trust/evidence.h"
#include "x509/certificate.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cotter::registry {

/// What a snapshot is built from: rows as the store has them.
struct SnapshotRows {
    std::uint64_t version = 0;  ///< grows with every change of clients or keys
    std::vector<Client> clients;
    /// Tombstones: keys that stay refused even after `remove` (INVARIANT A116).
    std::vector<x509::CanonicalKey> denied_keys;
    std::vector<Pin> denied_pins;
    std::vector<x509::IssuerAndSerial> denied_certificates;
};

class Snapshot {
  public:
    explicit Snapshot(SnapshotRows rows);
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    [[nodiscard]] std::uint64_t version() const;
    [[nodiscard]] std::size_t client_count() const;

    /// What the list says of this leaf at `now`. Admission by the exact octets of a registered pin; denial first, by
    /// canonical key, by pin, and by issuer and serial (INVARIANTS A71, A76, A116). A key whose canonical form belongs
    /// to another name than its pin is kUnknown; so is another encoding of an active client's key. A suspended or
    /// expired client's key has that state in whatever encoding.
    [[nodiscard]] trust::Standing standing_of(const x509::Certificate& leaf, Time now) const;

    /// The active clients whose admission ends after `from` and no later than `until`: at most so many, soonest first.
    [[nodiscard]] std::vector<std::pair<std::string, Time>> ending(Time from, Time until, std::size_t most) const;

    /// Whether this canonical key is in the registry, admitted or denied. Where the key of a client just admitted
    /// isn't, its pin was registered as a bare digest, and the server hands the key in (Registry::learn).
    [[nodiscard]] bool knows_canonical(const x509::CanonicalKey& key) const;

  private:
    struct Index;
    std::unique_ptr<const Index> index_;
};

}  // namespace cotter::registry
