// StateFolder: where this side keeps what it must not lose: identity, registry, known_peers, policy.
#pragma once

#include "identity/identity.h"

#include <cotter/error.h>

#include <filesystem>
#include <optional>
#include <string>

namespace cotter::identity {

class StateFolder {
  public:
    /// --state DIR, else $COTTER_STATE, else $XDG_STATE_HOME/cotter, else, under systemd, the first folder of
    /// $STATE_DIRECTORY (systemd.exec(5)), else ~/.local/state/cotter: what somebody has set comes before what is
    /// assumed. Makes it 0700; one that others can enter, or of another owner, is refused with the fix. The environment
    /// is read by secure_getenv (INVARIANTS A129, A193).
    [[nodiscard]] static Result<StateFolder> open(const std::optional<std::string>& flag);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path key_file() const { return path_ / "identity.key"; }
    [[nodiscard]] std::filesystem::path certificate_file() const { return path_ / "identity.crt"; }
    [[nodiscard]] KeyFiles key_files() const { return {key_file(), certificate_file()}; }
    /// Where the key waits that will follow the present one: succession.h.
    [[nodiscard]] KeyFiles next_key_files(KeyRole role) const;
    [[nodiscard]] std::filesystem::path known_peers_file() const { return path_ / "known_peers"; }
    [[nodiscard]] std::filesystem::path crl_numbers_file() const { return path_ / "crl_numbers"; }
    [[nodiscard]] std::filesystem::path policy_file() const { return path_ / "policy.toml"; }
    /// The key that signs heads of the audit log, and what was last seen of a log (registry/log_memory.h).
    [[nodiscard]] std::filesystem::path audit_key_file() const { return path_ / "audit.key"; }
    /// What was seen of servers (observatory/archive.h).
    [[nodiscard]] std::filesystem::path archive_file() const { return path_ / "observatory.db"; }
    /// The key that signs the public log of this server's keys (keylog/publisher.h).
    [[nodiscard]] std::filesystem::path key_log_key_file() const { return path_ / "key_log.key"; }
    /// Where a notary's desk listens (observatory/notary_desk.h).
    [[nodiscard]] std::filesystem::path notary_socket() const { return path_ / "notary.sock"; }
    [[nodiscard]] std::filesystem::path status_socket() const { return path_ / "status.sock"; }
    [[nodiscard]] std::string registry_url() const { return "sqlite:" + (path_ / "registry.db").string(); }

    struct OwnIdentity {
        Identity identity;
        bool made_now = false;  ///< so that the command can say so
    };
    /// This side's identity; made (key 0600 from its first byte, written, synced, renamed, under a lock) if there is
    /// none. A key without its certificate gets a new one; a certificate without its key, a pair that doesn't match, or
    /// a link in the key's place is an Error and nothing is overwritten. A switch to the next key that was cut short
    /// (succession.h) is completed first.
    [[nodiscard]] Result<OwnIdentity> own_identity(KeyChoice choice, x509::Time now) const;

  private:
    explicit StateFolder(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

// For succession.h: what is done with a pair of files under the folder's identity lock.

[[nodiscard]] std::filesystem::path identity_lock(const std::filesystem::path& folder);

/// The identity in these files, made if there is none, as StateFolder::own_identity says.
[[nodiscard]] Result<StateFolder::OwnIdentity> obtain_identity(const KeyFiles& files, KeyChoice choice, x509::Time now);

/// Where the next key has taken the present one's place and its certificate has not yet, that follows. Else nothing
/// happens.
[[nodiscard]] Result<void> complete_switch(const KeyFiles& present, const KeyFiles& next);

}  // namespace cotter::identity
