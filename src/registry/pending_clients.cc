// The list of those who wait.
#include "registry/pending_clients.h"

#include "text/escape.h"

namespace cotter::registry {

Result<void> PendingClients::note(const Pin& pin, std::string_view source, std::string_view network, Time now) {
    return store_.write("noting who waits to be approved", [&]() -> Result<void> {
        Query(store_, "DELETE FROM pending_clients WHERE last_seen < $1", now - kPendingKept).run();
        if (Query(store_, "SELECT 1 FROM keys WHERE target = $1 AND form = $2 AND octets = $3", pin.target(),
                  pin.form(), pin.octets())
                .next())
            return {};
        const std::string from = text::escape(source, 100);
        if (Query(store_,
                  "UPDATE pending_clients SET source = $1, network = $2, last_seen = $3, times = times + 1 "
                  "WHERE octets = $4",
                  from, text::escape(network, 100), now, pin.octets())
                .run() > 0)
            return {};
        Query(store_,
              "DELETE FROM pending_clients WHERE octets IN (SELECT octets FROM pending_clients WHERE network = $1 "
              "ORDER BY last_seen DESC, octets LIMIT 1000 OFFSET $2)",
              text::escape(network, 100), kMostPendingOfNetwork - 1)
            .run();
        Query(store_,
              "DELETE FROM pending_clients WHERE octets IN (SELECT octets FROM pending_clients "
              "ORDER BY last_seen DESC, octets LIMIT 1000 OFFSET $1)",
              kMostPending - 1)
            .run();
        Query(store_,
              "INSERT INTO pending_clients (octets, source, network, first_seen, last_seen, times) "
              "VALUES ($1, $2, $3, $4, $5, 1)",
              pin.octets(), from, text::escape(network, 100), now, now)
            .run();
        return {};
    });
}

Result<std::vector<PendingClient>> PendingClients::list(Time now) {
    const std::string what = "listing who waits to be approved";
    return store_.read(what, [&]() -> Result<std::vector<PendingClient>> {
        Query row(store_,
                  "SELECT octets, source, first_seen, last_seen, times FROM pending_clients WHERE last_seen >= $1 "
                  "ORDER BY last_seen DESC, octets",
                  now - kPendingKept);
        std::vector<PendingClient> waiting;
        while (row.next()) {
            auto pin = Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, row.octets(0));
            if (!pin) return failed("registry_corrupt", what, "a pin can't be read", "bring it back from a backup");
            waiting.push_back({std::move(*pin), row.text(1), row.time(2), row.time(3), row.count(4)});
        }
        return waiting;
    });
}

Result<std::uint64_t> PendingClients::approve(Registry& registry, const Pin& pin, const ClientName& name,
                                              std::optional<Time> expires, std::string_view note,
                                              const Change& change) {
    const std::string what = "approving " + pin.abbreviated() + " as " + name.text();
    Store& store = registry.store();
    return store.write(what, [&]() -> Result<std::uint64_t> {
        const bool is_of_its_kind = pin.target() == PinTarget::kSubjectPublicKeyInfo && pin.form() == PinForm::kSha256;
        if (!is_of_its_kind || Query(store, "DELETE FROM pending_clients WHERE octets = $1", pin.octets()).run() == 0) {
            return failed("not_pending", what, "no server with --pending has refused that key of late",
                          "\"cotter client pending\" lists them; cotter client add admits any key");
        }
        auto added = registry.add(name, {NewKey{pin, std::nullopt, std::nullopt}}, expires, note, change);
        if (added)
            registry.record(change, {.action = audit::Action::kApprove, .client = name.text(), .pin = pin.to_string()});
        return added;
    });
}

}  // namespace cotter::registry
