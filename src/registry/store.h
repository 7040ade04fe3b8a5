// Store: where the registry's tables are. Its SQL is written once, for all stores, over what is here: statements with
// their values bound, rows read by column, and transactions that give a Result.
//
// Tables of another idea (certificates issued, a log) get a class and a file of their own:
//
//     class IssuedCertificates {
//       public:
//         explicit IssuedCertificates(Store& store) : store_(store) {}
//         Result<void> add(const Serial& serial, const ClientName& name) {
//             return store_.write("keeping the certificate", [&]() -> Result<void> {
//                 Query(store_, "INSERT INTO issued (serial, client) VALUES ($1, $2)", serial.octets(),
//                 name.text()).run(); return {};
//             });
//         }
//
// The tables are one new entry at the end of the list in migrations.cc. A write within a write is a part of it, so a
// change of clients and of other tables is one transaction:
//
//     registry.store().write("issuing a certificate", [&]() -> Result<void> {
//         if (auto added = registry.add(name, {key}, …); !added) return unexpected(added.error());
//         return issued.add(serial, name);  // an Error here undoes the client, too
//     });
//
// Where servers must act on what has changed of a client, Registry::touch() says so to them.
#pragma once

#include "registry/client.h"
#include "registry/dialect.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace cotter::registry {

/// How "never" is kept: a number, so that no column may be NULL where a time is missing (INVARIANT A197).
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// A value to bind: a view, for as long as the call that it is given to.
class Value {
  public:
    template <std::integral Number>
    explicit Value(Number number) : content_(static_cast<std::int64_t>(number)) {}
    explicit Value(std::string_view text) : content_(text) {}
    explicit Value(const std::string& text) : content_(std::string_view(text)) {}
    explicit Value(const char* text) : content_(std::string_view(text)) {}
    explicit Value(Bytes octets) : content_(octets) {}
    explicit Value(const ByteVector& octets) : content_(Bytes(octets)) {}
    explicit Value(PinTarget target) : Value(std::to_underlying(target)) {}
    explicit Value(PinForm form) : Value(std::to_underlying(form)) {}
    explicit Value(Time time) : Value(time.time_since_epoch().count()) {}
    explicit Value(const std::optional<Time>& time) : Value(time ? time->time_since_epoch().count() : kNever) {}
    explicit Value(const x509::CanonicalKey& key) : Value(Bytes(key.digest)) {}
    explicit Value(const std::optional<x509::CanonicalKey>& key) {
        if (key) content_ = Bytes(key->digest);
    }
    explicit Value(const std::optional<ByteVector>& octets) {
        if (octets) content_ = Bytes(*octets);
    }

    /// std::monostate: NULL.
    using Content = std::variant<std::monostate, std::int64_t, std::string_view, Bytes>;
    [[nodiscard]] const Content& content() const { return content_; }

  private:
    Content content_;
};

/// What a store can't do, thrown by statements; Store::write and Store::read make an Error of it.
class StoreFault : public std::exception {
  public:
    /// Whether the whole transaction may succeed if it is done once more: it met another one.
    enum class Again : std::uint8_t { kNo, kMaySucceed };

    StoreFault(std::string code, std::string why, std::string next, Again again = Again::kNo);
    [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }
    [[nodiscard]] Again again() const { return again_; }
    /// Codes: "registry_busy", "registry_corrupt", "registry_unavailable", "registry_replaced".
    [[nodiscard]] Error error(std::string what) const;

  private:
    std::string code_;
    std::string why_;
    std::string next_;
    Again again_;
};

/// One statement of a store. All throw StoreFault.
class Statement {
  public:
    virtual ~Statement() = default;
    /// Values for $1, $2 …; ends what the statement did before.
    virtual void bind(std::span<const Value> values) = 0;
    virtual bool next() = 0;
    virtual std::uint64_t run() = 0;
    // A column of the row that next() came to; views hold until the next call.
    [[nodiscard]] virtual bool is_null(int column) = 0;
    [[nodiscard]] virtual std::int64_t number(int column) = 0;
    [[nodiscard]] virtual std::string_view text(int column) = 0;
    [[nodiscard]] virtual Bytes octets(int column) = 0;
};

class Store {
  public:
    Store() = default;
    virtual ~Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Runs `work`, which gives a Result and may throw StoreFault, in one transaction: kept if it gives a value, undone
    /// if it gives an Error or throws. No other write is made meanwhile, by whomever (INVARIANT A199). Where two
    /// transactions met all the same, `work` is run once more: it must not leave traces elsewhere. Within another
    /// write it is a part of it, which an Error undoes alone.
    template <class Work>
    auto write(const std::string& what, Work work) -> std::invoke_result_t<Work> {
        return transact(what, Access::kWrite, std::move(work));
    }

    /// The same without the right to write: everything that `work` reads is of one version.
    template <class Work>
    auto read(const std::string& what, Work work) -> std::invoke_result_t<Work> {
        return transact(what, Access::kRead, std::move(work));
    }

    /// Statements of the dialect that all stores take: $1, $2 … for values, ON CONFLICT, RETURNING.
    [[nodiscard]] virtual std::unique_ptr<Statement> prepare(const char* sql) = 0;
    /// Several statements without values or rows, divided by semicolons.
    virtual void run_script(const std::string& sql) = 0;

    [[nodiscard]] virtual const Dialect& dialect() const = 0;
    /// Whether there is a table of that name; of any name.
    [[nodiscard]] virtual bool has_table(std::string_view name) = 0;
    [[nodiscard]] virtual bool has_any_table() = 0;
    /// Whether another object or process may have committed since the last call. False is certain, and costs little.
    [[nodiscard]] Result<bool> may_have_changed(const std::string& what);
    /// Within a write: wakes those who wait for changes, once it is committed. Without it they only look now and then.
    virtual void announce_change() {}
    /// What people know the store by: escaped, without a password (INVARIANT A157).
    [[nodiscard]] virtual const std::string& name() const = 0;

  protected:
    virtual bool look_for_changes() = 0;  ///< may throw StoreFault
    enum class Access : std::uint8_t { kRead, kWrite };
    virtual void begin(Access access) = 0;
    virtual void commit() = 0;
    /// Never throws: what can't be undone by a word is undone by the loss of the connection.
    virtual void roll_back() noexcept = 0;

  private:
    template <class Work>
    auto transact(const std::string& what, Access access, Work work) -> std::invoke_result_t<Work> {
        std::optional<std::invoke_result_t<Work>> outcome;
        auto done = run_transaction(what, access, [&] { return outcome.emplace(work()).has_value(); });
        if (!done) return unexpected(std::move(done.error()));
        return *std::move(outcome);
    }
    /// `work` says whether to keep what it did.
    Result<void> run_transaction(const std::string& what, Access access, const std::function<bool()>& work);
    void run_alone(Access access, const std::function<bool()>& work);
    void run_as_part(Access access, const std::function<bool()>& work);

    std::optional<Access> open_;  ///< of the transaction that is open
};

/// One statement with its values bound, never pasted in (INVARIANT A152), and its rows. Throws StoreFault: for use
/// within Store::write and Store::read.
class Query {
  public:
    template <class... Values>
    Query(Store& store, const char* sql, const Values&... values) : statement_(store.prepare(sql)) {
        again(values...);
    }

    /// The same statement once more, with other values.
    template <class... Values>
    Query& again(const Values&... values) {
        statement_->bind(std::array<Value, sizeof...(Values)>{Value(values)...});
        return *this;
    }

    /// Whether there is a row (more); its columns are read with the functions below.
    bool next() { return statement_->next(); }
    /// Runs a statement without rows; gives how many rows it changed.
    std::uint64_t run() { return statement_->run(); }

    [[nodiscard]] bool is_null(int column) { return statement_->is_null(column); }
    [[nodiscard]] std::string text(int column) { return std::string(statement_->text(column)); }
    [[nodiscard]] std::int64_t number(int column) { return statement_->number(column); }
    [[nodiscard]] std::uint64_t count(int column) { return static_cast<std::uint64_t>(number(column)); }
    [[nodiscard]] Time time(int column) { return Time(std::chrono::seconds(number(column))); }
    [[nodiscard]] std::optional<Time> time_or_never(int column) {
        return number(column) == kNever ? std::nullopt : std::optional(time(column));
    }
    [[nodiscard]] ByteVector octets(int column) {
        const Bytes view = statement_->octets(column);
        return {view.begin(), view.end()};
    }

  private:
    std::unique_ptr<Statement> statement_;
};

}  // namespace cotter::registry
