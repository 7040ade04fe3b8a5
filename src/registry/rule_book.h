// RuleBook: what the owner lays down for clients that are on the list already: their rules, that their streams end now,
// and what they are told when they are revoked. Tables of their own, so that a client without any costs nothing.
#pragma once

#include "registry/registry.h"
#include "trust/client_rules.h"

namespace cotter::registry {

/// The longest farewell, in octets.
inline constexpr std::size_t kMostFarewell = 512;

class RuleBook {
  public:
    explicit RuleBook(Registry& registry) : registry_(registry) {}

    // Each is one transaction with its record, and gives the version that holds it. Error code "no_such_client".
    /// In the place of the rules that the client had; empty ones take them away.
    [[nodiscard]] Result<std::uint64_t> set(const ClientName& name, const trust::ClientRules& rules,
                                            const Change& change);
    /// Every server ends the streams that the client has open at that version. It may come back at once.
    [[nodiscard]] Result<std::uint64_t> disconnect(const ClientName& name, const Change& change);
    /// Registry::revoke, with what whoever holds a key of the client is told from now on when it comes: one line of
    /// printable text. Error code "bad_farewell".
    [[nodiscard]] Result<std::uint64_t> revoke(const ClientName& name, std::string_view reason,
                                               std::string_view farewell, const Change& change);

  private:
    Registry& registry_;
};

}  // namespace cotter::registry
