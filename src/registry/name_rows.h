// NameRows: all that the store has under one name, and NameReader, which reads it name by name. Lists, snapshots and
// their next versions are made of the same rows, read by the same code.
#pragma once

#include "registry/client.h"
#include "registry/store.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace cotter::registry {

/// Denials are tombstones: they stay when the client is removed (INVARIANT A116).
struct NameRows {
    std::string name;
    std::optional<Client> client{};
    std::vector<x509::CanonicalKey> denied_keys{};
    std::vector<Pin> denied_pins{};
    std::vector<x509::IssuerAndSerial> denied_certificates{};
};

/// For use within Store::read: one pass over the tables that are kept by name, side by side.
class NameReader {
  public:
    /// Of all names, or of the one. `what` is for errors. Throws StoreFault, as next() does.
    NameReader(Store& store, std::string what, const std::optional<ClientName>& only);

    /// The next name that has anything, in the order of names; nothing: there are no more. A row that can't be read, or
    /// that belongs to a client that there isn't, is an Error.
    [[nodiscard]] Result<std::optional<NameRows>> next();

  private:
    /// One table; the first column is the name.
    struct Stream {
        Query rows;
        std::optional<std::string> name{};  ///< of the row at hand; nothing: there are no more

        void advance();
        [[nodiscard]] bool is_at(const std::string& other) const { return name == other; }
    };

    [[nodiscard]] const std::string* next_name() const;
    Result<void> read_client(NameRows& rows);
    Result<void> read_keys(NameRows& rows);
    Result<void> read_rule_book(NameRows& rows);
    Result<void> read_tombstones(NameRows& rows);

    std::string what_;
    Stream clients_;
    Stream keys_;
    Stream rules_;
    Stream disconnects_;
    Stream farewells_;
    Stream denied_keys_;
    Stream denied_pins_;
    Stream denied_certificates_;
};

}  // namespace cotter::registry
