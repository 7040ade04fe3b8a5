// SqliteRegistry: the registry in one SQLite file. Changes are in sqlite_registry.cc, invitations in
// sqlite_invitations.cc, what servers report in sqlite_servers.cc, questions and snapshots in sqlite_questions.cc.
#pragma once

#include "registry/registry.h"
#include "registry/sqlite_file.h"
#include "registry/sqlite_query.h"

#include <filesystem>
#include <type_traits>

namespace cotter::registry {

class SqliteRegistry final : public Registry {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Registry>> open(const std::filesystem::path& path);

    Result<std::uint64_t> add(const ClientName& name, const std::vector<NewKey>& keys, std::optional<Time> expires,
                              std::string_view note, const Change& change) override;
    Result<std::uint64_t> suspend(const ClientName& name, std::string_view reason, const Change& change) override;
    Result<std::uint64_t> restore(const ClientName& name, const Change& change) override;
    Result<std::uint64_t> revoke(const ClientName& name, std::string_view reason, const Change& change) override;
    Result<std::uint64_t> remove(const ClientName& name, const Change& change) override;
    Result<std::uint64_t> add_key(const ClientName& name, const NewKey& key, const Change& change) override;
    Result<std::uint64_t> drop_key(const ClientName& name, const Pin& pin, const Change& change) override;

    Result<std::vector<Client>> list() override;
    Result<Client> find(const ClientName& name) override;
    Result<Activity> activity_of(const ClientName& name, Time now) override;
    Result<std::vector<AuditEntry>> audit(std::string_view client, std::size_t most) override;

    Result<Invitation> invite(const ClientName& name, const InvitationSecret& secret, Time expires,
                              std::optional<Time> client_expires, const Change& change) override;
    Result<std::vector<Invitation>> invitations(Time now) override;
    Result<void> withdraw(std::string_view id, const Change& change) override;
    Result<Client> join(const InvitationSecret& secret, const NewKey& key, const Change& change) override;

    Result<bool> changed() override;
    Result<std::uint64_t> version() override;
    Result<std::shared_ptr<const Snapshot>> snapshot() override;
    Result<void> learn(const Pin& pin, const x509::CanonicalKey& canonical) override;
    Result<void> report(const ServerReport& report) override;
    Result<void> retire(std::string_view server_id) override;
    Result<Enforcement> enforcement(std::string_view client, std::uint64_t version, Time now) override;

  private:
    SqliteRegistry(SQLite::Database database, FileIdentity identity)
        : database_(std::move(database)), identity_(identity) {}

    /// Runs `work`, which may throw SQLite::Exception, and gives its Result.
    template <class Work>
    auto attempt(const std::string& what, Work work) -> std::invoke_result_t<Work> {
        try {
            return work();
        } catch (const SQLite::Exception& exception) {
            return unexpected(store_error(what, exception));
        }
    }

    /// The same in one write transaction, which holds the only right to write from its beginning (INVARIANT A199) and
    /// is undone if `work` gives an Error or throws.
    template <class Work>
    auto write(const std::string& what, Work work) -> std::invoke_result_t<Work> {
        return attempt(what, [&]() -> std::invoke_result_t<Work> {
            SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
            auto result = work();
            if (result) transaction.commit();
            return result;
        });
    }

    /// The same without the right to write: everything that `work` reads is of one version.
    template <class Work>
    auto read(const std::string& what, Work work) -> std::invoke_result_t<Work> {
        return attempt(what, [&]() -> std::invoke_result_t<Work> {
            const SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::DEFERRED);
            return work();
        });
    }

    // Steps within a transaction; all may throw.
    std::uint64_t current_version();
    std::uint64_t bump_version();
    /// Withdraws what is left of the invitations under this name.
    void withdraw_all_of(const ClientName& name, const Change& change);
    void record(const Change& change, std::string_view action, std::string_view client, std::string_view detail);
    Result<void> insert_client(const std::string& what, const ClientName& name, const std::vector<NewKey>& keys,
                               std::optional<Time> expires, std::string_view note, const Change& change);
    Result<void> insert_key(const std::string& what, const ClientName& name, const NewKey& key, Time now);
    Result<void> check_not_denied(const std::string& what, const NewKey& key);
    Result<void> check_not_taken(const std::string& what, const ClientName& name, const NewKey& key);
    void set_state(const ClientName& name, ClientState state, std::string_view reason, const Change& change);
    Result<ClientState> state_of(const std::string& what, const ClientName& name);
    void leave_tombstones(const ClientName& name);
    Result<std::vector<Client>> read_clients(const std::string& what, const std::optional<ClientName>& only);
    Result<void> read_tombstones(const std::string& what, SnapshotRows& rows);
    Error why_not_usable(const InvitationSecret& secret);

    SQLite::Database database_;
    FileIdentity identity_;               ///< of the file that database_ has open
    std::int64_t seen_data_version_ = 0;  ///< of other connections' commits, at the last call of changed()
    std::uint64_t seen_version_ = 0;      ///< the registry's, at the last call of changed()
    bool has_bumped_ = false;             ///< since then, by ourselves
};

/// "No client is called NAME", for every command.
[[nodiscard]] unexpected<Error> no_such_client(const std::string& what, const ClientName& name);

}  // namespace cotter::registry
