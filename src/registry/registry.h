// Registry: the list of clients, behind one interface whatever the store. Every change is one transaction with its
// audit row and a version that grows. Not thread-safe: one object a thread; several processes may use one store.
#pragma once

#include "registry/client.h"
#include "registry/invitation.h"
#include "registry/snapshot.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::registry {

/// Who makes a change and when: recorded with it.
struct Change {
    std::string actor;  ///< login name and host, escaped
    Time now{};
};

/// A key to register: its pin, and what is known of it besides. Weak keys are refused before they get here.
struct NewKey {
    Pin pin;
    std::optional<x509::CanonicalKey> canonical;
    std::optional<x509::IssuerAndSerial> certificate;
};
[[nodiscard]] NewKey new_key_of(const x509::Certificate& certificate);  ///< its spki sha256 pin
[[nodiscard]] NewKey new_key_of(const x509::PublicKey& key);

/// What one server says of itself every second, and of the clients that changed since.
struct ServerReport {
    std::string server_id;  ///< random, one a process
    Time now{};
    std::uint64_t applied_version = 0;  ///< the snapshot that its streams have been held against
    struct Row {
        std::string client;
        Time last_seen{};
        std::string last_address;
        std::uint64_t open_streams = 0;
        std::uint64_t bytes_in = 0;  ///< since the last report
        std::uint64_t bytes_out = 0;
        std::uint64_t refused = 0;
        std::uint64_t closed = 0;  ///< streams closed by the change that led to applied_version
    };
    std::vector<Row> rows;
};

/// What live servers did about a change.
struct Enforcement {
    std::size_t servers = 0;           ///< live servers (heard of within three seconds)
    std::size_t servers_applied = 0;   ///< of them, how many hold the version or a later one
    std::uint64_t streams_closed = 0;  ///< of this client, since the change
};

class Registry {
  public:
    virtual ~Registry() = default;

    // Changes. Each gives the version that holds it. Errors name the client and what to do: no such client, name taken,
    // key belongs to another name (which is named), key revoked before, last key dropped, and so on.
    [[nodiscard]] virtual Result<std::uint64_t> add(const ClientName& name, const std::vector<NewKey>& keys,
                                                    std::optional<Time> expires, std::string_view note,
                                                    const Change& change) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> suspend(const ClientName& name, std::string_view reason,
                                                        const Change& change) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> restore(const ClientName& name,
                                                        const Change& change) = 0;  ///< from suspended only
    [[nodiscard]] virtual Result<std::uint64_t> revoke(const ClientName& name, std::string_view reason,
                                                       const Change& change) = 0;  ///< for good: leaves tombstones
    [[nodiscard]] virtual Result<std::uint64_t> remove(const ClientName& name,
                                                       const Change& change) = 0;  ///< and its waiting invitations
    [[nodiscard]] virtual Result<std::uint64_t> add_key(const ClientName& name, const NewKey& key,
                                                        const Change& change) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> drop_key(const ClientName& name, const Pin& pin,
                                                         const Change& change) = 0;

    // Questions.
    [[nodiscard]] virtual Result<std::vector<Client>> list() = 0;  ///< by name
    [[nodiscard]] virtual Result<Client> find(const ClientName& name) = 0;
    [[nodiscard]] virtual Result<Activity> activity_of(const ClientName& name, Time now) = 0;
    [[nodiscard]] virtual Result<std::vector<AuditEntry>> audit(std::string_view client,
                                                                std::size_t most) = 0;  ///< newest first; empty: all

    // Invitations. `join` consumes the code, adds the client and its key, in one transaction (INVARIANTS A203–A210,
    // A214).
    [[nodiscard]] virtual Result<Invitation> invite(const ClientName& name, const InvitationSecret& secret,
                                                    Time expires, std::optional<Time> client_expires,
                                                    const Change& change) = 0;
    [[nodiscard]] virtual Result<std::vector<Invitation>> invitations(Time now) = 0;
    [[nodiscard]] virtual Result<void> withdraw(std::string_view id, const Change& change) = 0;
    /// Error code "invitation_invalid" for every code that can't be used, whatever the cause; the cause is in `why`,
    /// for the server's log only.
    [[nodiscard]] virtual Result<Client> join(const InvitationSecret& secret, const NewKey& key,
                                              const Change& change) = 0;

    // For a running server.
    /// Whether the version has moved since the last call of this object (the first: since it was opened), by whomever.
    /// Reads no table as long as nobody committed; reports of servers don't count.
    /// Error code "registry_replaced": the store under this name is another than the one that is open, whose changes
    /// would never be heard of; open it anew.
    [[nodiscard]] virtual Result<bool> changed() = 0;
    [[nodiscard]] virtual Result<std::uint64_t> version() = 0;
    [[nodiscard]] virtual Result<std::shared_ptr<const Snapshot>> snapshot() = 0;
    /// Records the canonical key behind a pin that was registered as a bare digest. A key that is another client's
    /// already is an Error "key_taken", and both stay as they are: the snapshot then admits the key under its owner's
    /// pin only.
    [[nodiscard]] virtual Result<void> learn(const Pin& pin, const x509::CanonicalKey& canonical) = 0;
    [[nodiscard]] virtual Result<void> report(const ServerReport& report) = 0;
    [[nodiscard]] virtual Result<void> retire(std::string_view server_id) = 0;  ///< at a clean exit
    [[nodiscard]] virtual Result<Enforcement> enforcement(std::string_view client, std::uint64_t version, Time now) = 0;
};

/// Opens (and makes or migrates) the store that the URL names: "sqlite:PATH". A schema newer than this program's, a
/// file of another owner or open to others, a link: refused (INVARIANTS A190, A200, A201).
[[nodiscard]] Result<std::unique_ptr<Registry>> open_registry(std::string_view url);

}  // namespace cotter::registry
