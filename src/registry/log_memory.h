// LogMemory: what a state folder keeps of an audit log: the key that signs its heads, and the newest head that this
// side has seen, so that it notices when the history behind it is written anew.
#pragma once

#include "audit/proof_file.h"
#include "identity/state_folder.h"
#include "registry/audit_check.h"
#include "registry/audit_log.h"

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <variant>

namespace cotter::registry {

/// The folder's audit.key: Ed25519, made if there is none.
[[nodiscard]] Result<std::shared_ptr<EVP_PKEY>> audit_key(const identity::StateFolder& state);

/// Why the log did not grow out of the one with that head, by what its tiles say; nothing if it did. Within
/// Store::read: throws StoreFault.
[[nodiscard]] std::optional<LogDifference> growth_difference(const audit::Checkpoint& before, Store& store);

class LogMemory {
  public:
    /// One memory for each store, by its name: a log that takes the place of another is noticed, too.
    LogMemory(const identity::StateFolder& state, const Store& store);

    /// Nothing if no head was ever seen. What isn't signed with the folder's audit.key is an Error.
    [[nodiscard]] Result<std::optional<audit::SeenHead>> seen() const;

    /// The present head, signed with that key and remembered; or, if the log has not only grown since the last time,
    /// what is wrong with it, and nothing is signed. Reads a few tiles: check_log() says where exactly.
    [[nodiscard]] Result<std::variant<audit::SignedCheckpoint, LogDifference>> attest(Store& store) const;

    /// Remembers a head that check_log() found right, unless a later one is remembered.
    [[nodiscard]] Result<audit::SignedCheckpoint> keep(const LogHead& head, const audit::Frontier& frontier) const;

  private:
    identity::StateFolder state_;
    std::filesystem::path seen_file_;
};

}  // namespace cotter::registry
