// Archive: what was seen of servers, in one SQLite file: every distinct certificate and chain once. What is kept of a
// survey is survey_records.h, what is kept of a server over time sightings.h.
#pragma once

#include "observatory/target.h"
#include "registry/sqlite_file.h"
#include "x509/certificate.h"

#include <cotter/error.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cotter::observatory {

class Archive {
  public:
    /// Opens the file, makes it (mode 0600) if it isn't there. Refused: what registry::open_sqlite_file refuses, a file
    /// that isn't an archive, and one of a newer cotter.
    [[nodiscard]] static Result<std::unique_ptr<Archive>> open(const std::filesystem::path& path);
    /// The same, but a file that isn't there is an Error.
    [[nodiscard]] static Result<std::unique_ptr<Archive>> open_existing(const std::filesystem::path& path);

    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    /// Runs `work`, which may throw SQLite::Exception, in one transaction; kept if it gives a value.
    template <class Value>
    [[nodiscard]] Result<Value> transact(const std::string& what, const std::function<Result<Value>()>& work) {
        try {
            SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
            Result<Value> outcome = work();
            if (outcome) {
                transaction.commit();
            } else {
                forget_ids();
            }
            return outcome;
        } catch (const SQLite::Exception& exception) {
            forget_ids();
            return unexpected(fault_of(exception, what));
        }
    }

    [[nodiscard]] SQLite::Database& database() { return database_; }

    /// Within a transaction: its row, if there is one.
    [[nodiscard]] std::optional<std::int64_t> find_server(const Target& target);

    // Within a transaction; all give the row's id, and add the row where there is none.
    [[nodiscard]] std::int64_t server(const Target& target);
    [[nodiscard]] std::int64_t certificate(const x509::Certificate& certificate);
    [[nodiscard]] std::int64_t chain(const std::vector<x509::Certificate>& presented);

    /// As presented, leaf first.
    [[nodiscard]] Result<std::vector<x509::Certificate>> chain_of(std::int64_t id);

  private:
    explicit Archive(SQLite::Database database) : database_(std::move(database)) {}
    [[nodiscard]] Result<void> bring_to_schema(const std::string& what);
    [[nodiscard]] static Error fault_of(const SQLite::Exception& exception, const std::string& what);
    void forget_ids() { ids_.clear(); }

    SQLite::Database database_;
    std::unordered_map<std::string, std::int64_t> ids_;  ///< of certificates and chains, by their digests
};

/// Values are bound, never pasted in (INVARIANT A152): each octet string is copied.
void bind_octets(SQLite::Statement& statement, int index, Bytes octets);
[[nodiscard]] ByteVector octets_of(const SQLite::Column& column);

}  // namespace cotter::observatory
