// Registry: the list of clients, whatever the store. Every change is one transaction with its audit row and a version
// that grows. Changes are in registry_changes.cc, questions and snapshots in registry_questions.cc, invitations in
// registry_invitations.cc, what servers report in registry_servers.cc. Not thread-safe: one object a thread; several
// processes may use one store.
#pragma once

#include "audit/entry.h"
#include "registry/client.h"
#include "registry/invitation.h"
#include "registry/snapshot.h"
#include "registry/store.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::registry {

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
        Time last_seen{};  ///< Time{}: not since the last report
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
    /// Over a store that has the schema.
    explicit Registry(std::unique_ptr<Store> store) : store_(std::move(store)) {}

    // Changes. Each gives the version that holds it. Errors name the client and what to do: no such client, name taken,
    // key belongs to another name (which is named), key revoked before, last key dropped, and so on.
    [[nodiscard]] Result<std::uint64_t> add(const ClientName& name, const std::vector<NewKey>& keys,
                                            std::optional<Time> expires, std::string_view note, const Change& change);
    [[nodiscard]] Result<std::uint64_t> suspend(const ClientName& name, std::string_view reason, const Change& change);
    [[nodiscard]] Result<std::uint64_t> restore(const ClientName& name,
                                                const Change& change);  ///< from suspended only
    [[nodiscard]] Result<std::uint64_t> revoke(const ClientName& name, std::string_view reason,
                                               const Change& change);  ///< for good: leaves tombstones
    [[nodiscard]] Result<std::uint64_t> remove(const ClientName& name,
                                               const Change& change);  ///< and its waiting invitations
    [[nodiscard]] Result<std::uint64_t> add_key(const ClientName& name, const NewKey& key, const Change& change);
    [[nodiscard]] Result<std::uint64_t> drop_key(const ClientName& name, const Pin& pin, const Change& change);

    // Questions.
    [[nodiscard]] Result<std::vector<Client>> list();  ///< by name
    [[nodiscard]] Result<Client> find(const ClientName& name);
    [[nodiscard]] Result<Activity> activity_of(const ClientName& name, Time now);
    [[nodiscard]] Result<std::vector<audit::Entry>> audit(std::string_view client,
                                                          std::size_t most);  ///< changes, newest first; empty: of all

    // Invitations. `join` consumes the code, adds the client and its key, in one transaction (INVARIANTS A203–A210,
    // A214).
    [[nodiscard]] Result<Invitation> invite(const ClientName& name, const InvitationSecret& secret, Time expires,
                                            std::optional<Time> client_expires, const Change& change);
    [[nodiscard]] Result<std::vector<Invitation>> invitations(Time now);
    [[nodiscard]] Result<void> withdraw(std::string_view id, const Change& change);
    /// Error code "invitation_invalid" for every code that can't be used, whatever the cause; the cause is in `why`,
    /// for the server's log only.
    [[nodiscard]] Result<Client> join(const InvitationSecret& secret, const NewKey& key, const Change& change);

    // For a running server.
    /// Whether the edition is another than at the last call of this object (the first: than when it was opened), by
    /// whomever. Reads no table as long as nobody committed; reports of servers don't count.
    /// Error code "registry_replaced": the store under this name is another than the one that is open, whose changes
    /// would never be heard of; open it anew.
    [[nodiscard]] Result<bool> changed();
    [[nodiscard]] Result<std::uint64_t> version();
    /// The list as it is now. Given one of before, of this history, reads no more than the names that changed since,
    /// or, where nothing did, gives that one.
    [[nodiscard]] Result<std::shared_ptr<const Snapshot>> snapshot(
        const std::shared_ptr<const Snapshot>& before = nullptr);
    /// Records the canonical key behind a pin that was registered as a bare digest. A key that is another client's
    /// already is an Error "key_taken", and both stay as they are: the snapshot then admits the key under its owner's
    /// pin only.
    [[nodiscard]] Result<void> learn(const Pin& pin, const x509::CanonicalKey& canonical, const Change& change);
    [[nodiscard]] Result<void> report(const ServerReport& report);
    [[nodiscard]] Result<void> retire(std::string_view server_id);  ///< at a clean exit
    [[nodiscard]] Result<Enforcement> enforcement(std::string_view client, std::uint64_t version, Time now);

    // For classes with tables of their own (store.h says how).
    [[nodiscard]] Store& store() { return *store_; }
    /// Within Store::write: the next version, which says of this client that servers must look at it anew. Throws
    /// StoreFault.
    std::uint64_t touch(const ClientName& name);
    /// Within Store::write: the entry of a change in the audit log. Throws StoreFault.
    void record(const Change& change, const audit::Event& event);

  private:
    // Steps within a transaction; all may throw StoreFault.
    Edition current_edition();
    /// Withdraws what is left of the invitations under this name.
    void withdraw_all_of(const ClientName& name, const Change& change);
    Result<void> insert_client(const std::string& what, const ClientName& name, const std::vector<NewKey>& keys,
                               std::optional<Time> expires, std::string_view note, const Change& change);
    Result<void> insert_key(const std::string& what, const ClientName& name, const NewKey& key, Time now);
    Result<void> check_not_denied(const std::string& what, const NewKey& key);
    Result<void> check_not_taken(const std::string& what, const ClientName& name, const NewKey& key);
    void set_state(const ClientName& name, ClientState state, std::string_view reason, const Change& change);
    Result<ClientState> state_of(const std::string& what, const ClientName& name);
    void leave_tombstones(const ClientName& name);
    Result<std::vector<Client>> read_clients(const std::string& what, const std::optional<ClientName>& only);
    Result<ClientTable> read_table(const std::string& what);
    Result<ClientTable> read_changed(const std::string& what, ClientTable table, const std::vector<ClientName>& names);
    std::optional<std::vector<ClientName>> changed_between(const Edition& before, const Edition& now);
    Error why_not_usable(const InvitationSecret& secret);

    std::unique_ptr<Store> store_;
    Edition seen_;                ///< at the last call of changed()
    bool may_have_moved_ = true;  ///< since then
};

/// "No client is called NAME", for every command.
[[nodiscard]] unexpected<Error> no_such_client(const std::string& what, const ClientName& name);

/// Opens (and makes or migrates) the store that the URL names: "sqlite:PATH" or "postgresql://…", as libpq reads it.
/// Refused: a schema newer than this program's, a file of another owner or open to others, a link; a password in the
/// URL, a database that another could be taken for (INVARIANTS A157, A190, A195, A200, A201).
[[nodiscard]] Result<std::unique_ptr<Registry>> open_registry(std::string_view url);

}  // namespace cotter::registry
