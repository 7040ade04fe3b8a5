// The statements on issued certificates and their lists.
#include "registry/issued_certificates.h"

#include "registry/audit_log.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <utility>

namespace cotter::registry {
namespace {

unexpected<Error> corrupt(const std::string& what, std::string why) {
    return failed("registry_corrupt", what, std::move(why), "bring it back from a backup");
}

/// Columns: der, issuer_key, client, issued, actor, revoked, reason.
Result<IssuedCertificate> issued_at(const std::string& what, Query& row) {
    auto certificate = x509::Certificate::parse(row.octets(0));
    if (!certificate) return corrupt(what, "a certificate can't be read");
    const ByteVector issuer = row.octets(1);
    const std::string client = row.text(2);
    const auto reason = x509::revocation_reason_of(row.number(6));
    IssuedCertificate issued{.certificate = std::move(*certificate),
                             .issuer = {},
                             .client = std::nullopt,
                             .issued = row.time(3),
                             .actor = row.text(4),
                             .revoked = row.time_or_never(5),
                             .reason = reason.value_or(x509::RevocationReason::kUnspecified)};
    if (!reason || issuer.size() != issued.issuer.digest.size())
        return corrupt(what, "what is known of the certificate " + issued.certificate.serial_text() + " can't be read");
    std::ranges::copy(issuer, issued.issuer.digest.begin());
    if (!client.empty()) {
        auto name = ClientName::parse(client);
        if (!name) return corrupt(what, "a certificate's client can't be read");
        issued.client = std::move(*name);
    }
    return issued;
}

Result<std::vector<IssuedCertificate>> all_of(const std::string& what, Query rows) {
    std::vector<IssuedCertificate> all;
    while (rows.next()) {
        auto issued = issued_at(what, rows);
        if (!issued) return unexpected(issued.error());
        all.push_back(std::move(*issued));
    }
    return all;
}

audit::Event about(audit::Action action, const x509::Certificate& certificate, const std::optional<ClientName>& client,
                   const std::string& detail) {
    const auto pin = certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    return {.action = action,
            .client = client ? client->text() : std::string(),
            .pin = pin ? pin->to_string() : std::string(),
            .detail = "certificate " + certificate.serial_text() + ", " + detail};
}

/// A certificate of a client whose key is denied was revoked when its client was, or is now: whichever is known.
constexpr const char* kRecordDenied =
    "UPDATE issued_certificates SET reason = 0, revoked = COALESCE((SELECT state_since FROM clients "
    "WHERE clients.name = issued_certificates.client AND clients.state = 'revoked'), $1) "
    "WHERE revoked = $2 AND client <> '' AND canonical IN (SELECT digest FROM denied_keys)";
constexpr const char* kRecordAbandoned =
    "UPDATE issued_certificates SET reason = $3, revoked = $1 WHERE revoked = $2 AND client <> '' "
    "AND NOT EXISTS (SELECT 1 FROM canonical_keys WHERE canonical_keys.digest = issued_certificates.canonical "
    "AND canonical_keys.client = issued_certificates.client)";
constexpr const char* kRevoked =
    "SELECT serial, revoked, reason FROM issued_certificates WHERE issuer_key = $1 AND revoked <> $2 "
    "AND (not_after >= $3 OR revoked > $3) ORDER BY serial";
constexpr const char* kOnHold =
    "SELECT serial, clients.state_since FROM issued_certificates JOIN clients ON clients.name = client "
    "WHERE issuer_key = $1 AND revoked = $2 AND clients.state = 'suspended' AND not_after >= $3 ORDER BY serial";
// The time in seconds is greater than all numbers that a lost state can have given out, one list a second at most.
constexpr const char* kNextNumber =
    "INSERT INTO issued_lists (issuer_key, number, this_update) VALUES ($1, $2, $2) ON CONFLICT (issuer_key) DO UPDATE "
    "SET number = CASE WHEN issued_lists.number < excluded.number THEN excluded.number "
    "ELSE issued_lists.number + 1 END, this_update = excluded.this_update RETURNING number";

}  // namespace

CertificateState state_of(const IssuedCertificate& issued, Time now) {
    if (issued.revoked) return CertificateState::kRevoked;
    return issued.certificate.not_after() < now ? CertificateState::kExpired : CertificateState::kValid;
}

std::string_view text_of(CertificateState state) {
    switch (state) {
        case CertificateState::kValid: return "valid";
        case CertificateState::kExpired: return "expired";
        case CertificateState::kRevoked: return "revoked";
    }
    return "";
}

Result<void> IssuedCertificates::add(const x509::Certificate& certificate, const x509::CanonicalKey& issuer,
                                     const std::optional<ClientName>& client, const Change& change) {
    const std::string what = "recording the certificate " + certificate.serial_text();
    return store_.write(what, [&]() -> Result<void> {
        const auto added =
            Query(store_,
                  "INSERT INTO issued_certificates (serial, issuer_key, client, canonical, not_after, der, issued, "
                  "actor, "
                  "revoked, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (serial) DO NOTHING",
                  certificate.issuer_and_serial().serial, issuer, client ? client->text() : std::string(),
                  certificate.public_key().canonical(), certificate.not_after(), certificate.der(), change.now,
                  text::escape_remaining(change.actor), kNever)
                .run();
        if (added == 0)
            return failed("serial_taken", what, "there is one with this serial number already", "try again");
        AuditLog(store_).append(change, about(audit::Action::kCaIssue, certificate, client,
                                              "until " + text::rfc3339(certificate.not_after())));
        return {};
    });
}

Result<std::vector<IssuedCertificate>> IssuedCertificates::list() {
    const std::string what = "listing the certificates";
    return store_.read(what, [&] {
        return all_of(what, Query(store_,
                                  "SELECT der, issuer_key, client, issued, actor, revoked, reason "
                                  "FROM issued_certificates ORDER BY issued DESC, serial"));
    });
}

Result<std::vector<IssuedCertificate>> IssuedCertificates::of_client(const ClientName& name) {
    return of_client(name, Time());
}

Result<std::vector<IssuedCertificate>> IssuedCertificates::of_client(const ClientName& name, Time now) {
    const std::string what = "looking for the certificates of " + name.text();
    return store_.read(what, [&] {
        return all_of(what,
                      Query(store_,
                            "SELECT der, issuer_key, client, issued, actor, revoked, reason FROM "
                            "issued_certificates WHERE client = $1 AND not_after >= $2 ORDER BY issued DESC, serial",
                            name.text(), now));
    });
}

Result<IssuedCertificate> IssuedCertificates::find(Bytes serial) {
    const std::string what = "looking for the certificate " + text::hex(serial);
    return store_.read(what, [&]() -> Result<IssuedCertificate> {
        Query row(store_,
                  "SELECT der, issuer_key, client, issued, actor, revoked, reason FROM issued_certificates "
                  "WHERE serial = $1",
                  serial);
        if (!row.next()) {
            return failed("no_such_certificate", what, "no certificate of ours has this serial number",
                          "\"cotter ca list\" shows all");
        }
        return issued_at(what, row);
    });
}

Result<void> IssuedCertificates::revoke(const x509::Certificate& certificate, x509::RevocationReason reason,
                                        const Change& change) {
    const std::string what = "revoking the certificate " + certificate.serial_text();
    return store_.write(what, [&]() -> Result<void> {
        const auto found = find(certificate.issuer_and_serial().serial);
        if (!found) return unexpected(found.error());
        const auto changed =
            Query(store_, "UPDATE issued_certificates SET revoked = $1, reason = $2 WHERE serial = $3 AND revoked = $4",
                  change.now, std::to_underlying(reason), certificate.issuer_and_serial().serial, kNever)
                .run();
        if (changed == 0) return failed("certificate_revoked", what, "it is revoked already", "nothing is left to do");
        AuditLog(store_).append(
            change, about(audit::Action::kCaRevoke, certificate, found->client, std::string(x509::text_of(reason))));
        return {};
    });
}

Result<void> IssuedCertificates::deny(const x509::Certificate& certificate, const ClientName& name) {
    return store_.write("denying the certificate " + certificate.serial_text(), [&]() -> Result<void> {
        Query(store_,
              "INSERT INTO denied_certificates (issuer, serial, client) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
              certificate.issuer_and_serial().issuer, certificate.issuer_and_serial().serial, name.text())
            .run();
        return {};
    });
}

Result<void> IssuedCertificates::deny_key(const x509::Certificate& certificate, const ClientName& name) {
    return store_.write("denying the key of the certificate " + certificate.serial_text(), [&]() -> Result<void> {
        Query(store_, "INSERT INTO denied_keys (digest, client) VALUES ($1, $2) ON CONFLICT DO NOTHING",
              certificate.public_key().canonical(), name.text())
            .run();
        return {};
    });
}

Result<void> IssuedCertificates::prolong(const ClientName& name, Time until) {
    return store_.write("prolonging the client " + name.text(), [&]() -> Result<void> {
        Query(store_, "UPDATE clients SET expires = $1 WHERE name = $2 AND expires < $1", until, name.text()).run();
        return {};
    });
}

Result<void> IssuedCertificates::settle(const Change& change) {
    return store_.write("revoking the certificates of those who are no clients any more", [&]() -> Result<void> {
        Query(store_, kRecordDenied, change.now, kNever).run();
        Query(store_, kRecordAbandoned, change.now, kNever,
              std::to_underlying(x509::RevocationReason::kCessationOfOperation))
            .run();
        return {};
    });
}

Result<ListEdition> IssuedCertificates::next_list(const x509::CanonicalKey& issuer, const Change& change) {
    const std::string what = "making the next list of revoked certificates";
    return store_.write(what, [&]() -> Result<ListEdition> {
        if (auto settled = settle(change); !settled) return unexpected(settled.error());
        Query last(store_, "SELECT this_update FROM issued_lists WHERE issuer_key = $1", issuer);
        const Time last_update = last.next() ? last.time(0) : Time();
        ListEdition edition{};
        Query revoked(store_, kRevoked, issuer, kNever, last_update);
        while (revoked.next()) {
            const auto reason = x509::revocation_reason_of(revoked.number(2));
            if (!reason) return corrupt(what, "the reason of a revocation can't be read");
            edition.revoked.push_back({revoked.octets(0), revoked.time(1), *reason});
        }
        Query on_hold(store_, kOnHold, issuer, kNever, change.now);
        while (on_hold.next()) {
            edition.revoked.push_back({on_hold.octets(0), on_hold.time(1), x509::RevocationReason::kCertificateHold});
        }
        Query number(store_, kNextNumber, issuer, change.now);
        if (!number.next()) return corrupt(what, "it has lost the number of the last list");
        edition.number = number.count(0);
        AuditLog(store_).append(change, {.action = audit::Action::kCaList,
                                         .detail = "number " + std::to_string(edition.number) + ", " +
                                                   std::to_string(edition.revoked.size()) + " revoked, of the key " +
                                                   text::hex(issuer.digest)});
        return edition;
    });
}

}  // namespace cotter::registry
