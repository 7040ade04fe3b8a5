// Invitations: made, listed, withdrawn, and used once. Only the secret's hash is ever here (INVARIANT A205).
#include "registry/registry.h"

#include "text/escape.h"
#include "text/time.h"

namespace cotter::registry {
namespace {

constexpr std::uint64_t kMostWaiting = 1000;

/// One code for whatever is wrong, so that nothing can be probed (INVARIANT A206); `why` is for the server's log.
Error invalid(std::string why) {
    return {ErrorKind::kFailed, "invitation_invalid", "using an invitation", std::move(why), {}, {}};
}

}  // namespace

Result<Invitation> Registry::invite(const ClientName& name, const InvitationSecret& secret, Time expires,
                                    std::optional<Time> client_expires, const Change& change) {
    const std::string what = "inviting " + name.text();
    if (expires <= change.now)
        return malformed("expires_past", what, "the invitation would have ended already",
                         "give a time to come: 1h, or RFC 3339");
    if (client_expires && *client_expires <= change.now) {
        return malformed("expires_past", what, "the client's admission would have ended already",
                         "give a time to come: 30d, or RFC 3339");
    }
    return store_->write(what, [&]() -> Result<Invitation> {
        if (Query(*store_, "SELECT 1 FROM clients WHERE name = $1", name.text()).next()) {
            return failed("name_taken", what, "a client is called " + name.text() + " already",
                          "\"cotter client add-key " + name.text() + " PIN\" gives it one more key");
        }
        Query(*store_, "DELETE FROM invitations WHERE expires <= $1", change.now).run();
        Query waiting(*store_, "SELECT count(*) FROM invitations");
        if (!waiting.next() || waiting.count(0) >= kMostWaiting) {
            return failed("too_many_invitations", what, std::to_string(kMostWaiting) + " are waiting already",
                          "withdraw some with \"cotter invite withdraw ID\"");
        }
        std::string id = random_invitation_id();
        Query taken(*store_, "SELECT 1 FROM invitations WHERE id = $1", id);
        while (taken.next()) {
            id = random_invitation_id();
            taken.again(id);
        }
        Query(*store_,
              "INSERT INTO invitations (hash, id, name, created, expires, client_expires) VALUES ($1, $2, $3, $4, $5, "
              "$6)",
              Bytes(secret.hash()), id, name.text(), change.now, expires, client_expires)
            .run();
        record(change, {.action = audit::Action::kInvite, .client = name.text(), .detail = id});
        return Invitation{id, name, change.now, expires, client_expires};
    });
}

Result<std::vector<Invitation>> Registry::invitations(Time now) {
    return store_->read("listing the invitations", [&]() -> Result<std::vector<Invitation>> {
        Query row(*store_,
                  "SELECT id, name, created, expires, client_expires FROM invitations WHERE expires > $1 "
                  "ORDER BY created, id",
                  now);
        std::vector<Invitation> waiting;
        while (row.next()) {
            auto name = ClientName::parse(row.text(1));
            if (!name) return failed("registry_corrupt", "listing the invitations", "a name in it can't be read");
            waiting.push_back({row.text(0), std::move(*name), row.time(2), row.time(3), row.time_or_never(4)});
        }
        return waiting;
    });
}

Result<void> Registry::withdraw(std::string_view id, const Change& change) {
    const std::string what = "withdrawing the invitation \"" + text::escape(id, 64) + "\"";
    return store_->write(what, [&]() -> Result<void> {
        std::string name;
        {
            Query withdrawn(*store_, "SELECT name FROM invitations WHERE id = $1", id);
            if (!withdrawn.next()) {
                return failed("no_such_invitation", what, "none that waits has this id",
                              "\"cotter invite list\" shows them; a used one can't be withdrawn, revoke its client");
            }
            name = withdrawn.text(0);
        }
        Query(*store_, "DELETE FROM invitations WHERE id = $1", id).run();
        record(change, {.action = audit::Action::kWithdraw, .client = name, .detail = std::string(id)});
        return {};
    });
}

void Registry::withdraw_all_of(const ClientName& name, const Change& change) {
    std::vector<std::string> ids;
    Query left(*store_, "DELETE FROM invitations WHERE name = $1 RETURNING id", name.text());
    while (left.next()) ids.push_back(left.text(0));
    for (const std::string& id : ids)
        record(change, {.action = audit::Action::kWithdraw, .client = name.text(), .detail = id});
}

Result<Client> Registry::join(const InvitationSecret& secret, const NewKey& key, const Change& change) {
    const std::string what = "using an invitation";
    auto client = store_->write(what, [&]() -> Result<Client> {
        std::string name_text;
        std::optional<Time> client_expires;
        std::string id;
        {
            // Found, checked and consumed in one statement (INVARIANTS A203, A204).
            Query consumed(
                *store_, "DELETE FROM invitations WHERE hash = $1 AND expires > $2 RETURNING name, client_expires, id",
                Bytes(secret.hash()), change.now);
            if (!consumed.next()) return unexpected(why_not_usable(secret));
            name_text = consumed.text(0);
            client_expires = consumed.time_or_never(1);
            id = consumed.text(2);
            while (consumed.next()) {
            }
        }
        const auto name = ClientName::parse(name_text);
        if (!name) return unexpected(name.error());
        if (client_expires && *client_expires <= change.now) {
            return unexpected(invalid("the admission of " + name_text + " would have ended already"));
        }
        // An Error undoes the consumption as well; the code stays good for the key that it was meant for.
        if (auto done = insert_client(what, *name, {key}, client_expires, "joined by invitation " + id, change);
            !done) {
            return unexpected(done.error());
        }
        record(change, {.action = audit::Action::kJoin, .client = name->text(), .pin = key.pin.to_string()});
        touch(*name);
        auto joined = read_clients(what, *name);
        if (!joined) return unexpected(joined.error());
        if (joined->empty()) return unexpected(invalid("the client was not kept"));
        return std::move(joined->front());
    });
    if (!client) return unexpected(invalid(client.error().why));
    return client;
}

Error Registry::why_not_usable(const InvitationSecret& secret) {
    Query late(*store_, "SELECT name, expires FROM invitations WHERE hash = $1", Bytes(secret.hash()));
    if (!late.next()) return invalid("no such invitation waits: never made, used or withdrawn");
    return invalid("the invitation of " + late.text(0) + " ended at " + text::rfc3339(late.time(1)));
}

}  // namespace cotter::registry
