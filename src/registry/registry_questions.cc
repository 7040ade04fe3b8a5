// Questions: clients, audit, versions, and snapshots: read as a whole, or the last one and what changed since.
#include "registry/registry.h"

#include "registry/audit_log.h"
#include "registry/name_rows.h"

namespace cotter::registry {
namespace {

// Where more have changed, reading all is quicker.
constexpr std::size_t kMostChangedNames = 1000;
// As many as a table has room for, however they are called.
constexpr std::size_t kMostNames = 32'000'000;

}  // namespace

Result<std::vector<Client>> Registry::list() {
    const std::string what = "listing the clients";
    return store_->read(what, [&] { return read_clients(what, std::nullopt); });
}

Result<Client> Registry::find(const ClientName& name) {
    const std::string what = "looking for the client " + name.text();
    return store_->read(what, [&]() -> Result<Client> {
        auto found = read_clients(what, name);
        if (!found) return unexpected(found.error());
        if (found->empty()) return no_such_client(what, name);
        return std::move(found->front());
    });
}

Result<std::vector<audit::Entry>> Registry::audit(std::string_view client, std::size_t most) {
    return AuditLog(*store_).newest({.client = std::string(client), .decisions_only = true}, most);
}

Result<bool> Registry::changed() {
    const std::string what = "asking the registry for changes";
    // Asked before the version is read, so that a commit between the two shows again next time; a fault after it shows
    // again, too.
    auto may_have = store_->may_have_changed(what);
    if (!may_have) return may_have;
    if (*may_have) may_have_moved_ = true;
    if (!may_have_moved_) return false;
    return store_->read(what, [&]() -> Result<bool> {
        Edition edition = current_edition();
        may_have_moved_ = false;
        const Edition before = std::exchange(seen_, std::move(edition));
        return seen_ != before;
    });
}

Result<std::uint64_t> Registry::version() {
    return store_->read("asking the registry for its version",
                        [&]() -> Result<std::uint64_t> { return current_edition().version; });
}

Result<std::shared_ptr<const Snapshot>> Registry::snapshot(const std::shared_ptr<const Snapshot>& before) {
    const std::string what = "reading the registry";
    return store_->read(what, [&]() -> Result<std::shared_ptr<const Snapshot>> {
        Edition now = current_edition();
        const auto names = before ? changed_between(before->edition(), now) : std::nullopt;
        if (names && names->empty()) return before;
        auto table = names ? read_changed(what, before->table(), *names) : read_table(what);
        if (!table) return unexpected(table.error());
        return std::make_shared<const Snapshot>(std::move(now), std::move(*table));
    });
}

Edition Registry::current_edition() {
    Query meta(*store_,
               "SELECT meta.version, COALESCE(changes.token, '') FROM meta "
               "LEFT JOIN changes ON changes.version = meta.version WHERE id = 1");
    if (!meta.next()) throw StoreFault("registry_corrupt", "it has lost its version", "bring it back from a backup");
    return {meta.count(0), meta.text(1)};
}

// Nothing: that can't be told, or it is too many, and all is to be read.
std::optional<std::vector<ClientName>> Registry::changed_between(const Edition& before, const Edition& now) {
    if (before.token.empty() || now.version < before.version) return std::nullopt;
    Query same(*store_, "SELECT 1 FROM changes WHERE version = $1 AND token = $2", before.version, before.token);
    if (!same.next()) return std::nullopt;
    // A version that isn't there was made by something that tells nobody what it changed.
    Query versions(*store_, "SELECT COUNT(*) FROM changes WHERE version > $1 AND version <= $2", before.version,
                   now.version);
    if (!versions.next() || versions.count(0) != now.version - before.version) return std::nullopt;
    Query clients(*store_, "SELECT DISTINCT client FROM changes WHERE version > $1 AND version <= $2", before.version,
                  now.version);
    std::vector<ClientName> names;
    while (clients.next()) {
        auto name = ClientName::parse(clients.text(0));
        if (!name || names.size() == kMostChangedNames) return std::nullopt;
        names.push_back(std::move(*name));
    }
    return names;
}

Result<ClientTable> Registry::read_table(const std::string& what) {
    ClientTable::Writer writer{ClientTable()};
    NameReader reader(*store_, what, std::nullopt);
    for (std::size_t names = 0;; ++names) {
        auto rows = reader.next();
        if (!rows) return unexpected(rows.error());
        if (!*rows) return std::move(writer).finish();
        if (names == kMostNames) {
            return failed("registry_too_big", what,
                          "it has more than " + std::to_string(kMostNames) + " clients, removed ones among them",
                          "divide them among several registries");
        }
        writer.add(**rows);
    }
}

Result<ClientTable> Registry::read_changed(const std::string& what, ClientTable table,
                                           const std::vector<ClientName>& names) {
    ClientTable::Writer writer(std::move(table));
    for (const ClientName& name : names) {
        auto rows = NameReader(*store_, what, name).next();
        if (!rows) return unexpected(rows.error());
        writer.put(*rows ? **rows : NameRows{.name = name.text()});
    }
    return std::move(writer).finish();
}

Result<std::vector<Client>> Registry::read_clients(const std::string& what, const std::optional<ClientName>& only) {
    std::vector<Client> clients;
    NameReader reader(*store_, what, only);
    for (;;) {
        auto rows = reader.next();
        if (!rows) return unexpected(rows.error());
        if (!*rows) return clients;
        if ((*rows)->client) clients.push_back(*std::move((*rows)->client));
    }
}

}  // namespace cotter::registry
