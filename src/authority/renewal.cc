// What a client's wish for another certificate comes to.
#include "authority/renewal.h"

#include "authority/issuance.h"
#include "registry/issued_certificates.h"
#include "registry/renewals.h"
#include "text/time.h"

#include <algorithm>

namespace cotter::authority {
namespace {

using registry::Client;
using registry::ClientState;
using registry::IssuedCertificate;
using registry::IssuedCertificates;
using registry::Renewals;

unexpected<Error> not_ours(const std::string& what, std::string why) {
    return failed("not_ours", what, std::move(why), "\"cotter ca issue\" or \"cotter ca sign\" makes another");
}

/// The record of the present certificate.
Result<IssuedCertificate> record_of(const std::string& what, Registry& registry, const Authority& authority,
                                    const RenewalWish& wish, Time now) {
    auto record = IssuedCertificates(registry.store()).find(wish.present.issuer_and_serial().serial);
    if (!record) {
        if (record.error().code != "no_such_certificate") return record;
        return not_ours(what, "the registry has no certificate with its serial number");
    }
    if (record->certificate != wish.present) return not_ours(what, "the registry has another with its serial number");
    if (record->issuer != authority.key()) return not_ours(what, "another authority has issued it");
    if (record->client != wish.name) return not_ours(what, "it was issued to somebody else");
    if (record->revoked) return not_ours(what, "it is revoked");
    if (wish.present.not_after() < now) return not_ours(what, "it has expired");
    return record;
}

bool has_key(const Client& client, const x509::PublicKey& key) {
    return std::ranges::any_of(client.keys,
                               [&](const registry::ClientKey& one) { return one.canonical == key.canonical(); });
}

unexpected<Error> too_early(const std::string& what, const IssuedCertificate& record) {
    return failed("too_early", what, "half of its life has not passed",
                  "again from " + text::rfc3339(renewable_from(record.issued, record.certificate)) + " on");
}

bool is_renewable(const IssuedCertificate& record, Time now) {
    return renewable_from(record.issued, record.certificate) <= now;
}

/// Until when the next certificate may be good. An admission that ends with one of the client's certificates was given
/// by certifying, and goes on by it; every other end is the owner's word, and no certificate outlives it. It ends a
/// second before, lest the owner's end be taken for the certificate's.
Time latest_end(const Client& client, const std::vector<IssuedCertificate>& certificates, Time wished) {
    if (!client.expires) return wished;
    const bool ends_with_certificate = std::ranges::any_of(
        certificates, [&](const IssuedCertificate& one) { return one.certificate.not_after() == *client.expires; });
    return ends_with_certificate ? wished : std::min<Time>(wished, *client.expires - std::chrono::seconds(1));
}

}  // namespace

Time renewable_from(Time issued, const x509::Certificate& certificate) {
    return issued + (certificate.not_after() - issued) / 2;
}

Time issued_by_its_dates(const x509::Certificate& certificate) {
    return certificate.not_before() + Authority::kBeforeNow;
}

Result<Renewed> renew_at_its_wish(Registry& registry, const Authority& authority, const RenewalWish& wish,
                                  const Change& change) {
    const std::string what = "renewing the certificate " + wish.present.serial_text() + " of " + wish.name.text();
    const x509::PublicKey& key = wish.next ? *wish.next : wish.present.public_key();
    const auto with_chain = [&](const x509::Certificate& certificate, bool is_new) {
        Renewed renewed{{certificate}, is_new};
        renewed.chain.insert(renewed.chain.end(), authority.chain().begin(), authority.chain().end());
        return renewed;
    };
    return registry.store().write(what, [&]() -> Result<Renewed> {
        const auto present = record_of(what, registry, authority, wish, change.now);
        if (!present) return unexpected(present.error());
        if (wish.next) {
            const auto begun =
                Renewals(registry).begin(wish.name, wish.admitted_by, registry::new_key_of(*wish.next), change);
            if (!begun) return unexpected(begun.error());
        }
        const auto client = registry.find(wish.name);
        if (!client) return unexpected(client.error());
        if (client->state != ClientState::kActive) return not_ours(what, "its client is not active any more");
        if (!has_key(*client, wish.present.public_key())) return not_ours(what, "its key is its client's no longer");
        const auto certificates = IssuedCertificates(registry.store()).of_client(wish.name, change.now);
        if (!certificates) return unexpected(certificates.error());

        // Of the key that is to be certified, the last one.
        const auto last = std::ranges::find_if(*certificates, [&](const IssuedCertificate& one) {
            return !one.revoked && one.issuer == authority.key() &&
                   one.certificate.public_key().canonical() == key.canonical();
        });
        if (last != certificates->end() && !is_renewable(*last, change.now)) {
            if (last->certificate == wish.present) return too_early(what, *last);
            if (last->certificate.not_after() > wish.present.not_after()) return with_chain(last->certificate, false);
        }
        if (!is_renewable(*present, change.now)) return too_early(what, *present);

        std::chrono::seconds life = wish.present.not_after() - present->issued;
        if (last != certificates->end())
            life = std::min<std::chrono::seconds>(life, last->certificate.not_after() - last->issued);
        const auto fresh = std::ranges::count_if(
            *certificates, [&](const IssuedCertificate& one) { return one.issued > change.now - life / 2; });
        if (static_cast<std::size_t>(fresh) >= std::max(Renewals::kMostKeys, client->keys.size())) {
            return failed("too_many_certificates", what, "its client has got " + std::to_string(fresh) + " of late",
                          "\"cotter ca list\" shows them");
        }
        const Time end =
            std::min(latest_end(*client, *certificates, change.now + life), authority.certificate().not_after());
        if (end <= wish.present.not_after()) {
            return failed("not_later", what, "the authority or the client's admission ends no later than it",
                          "\"cotter client show " + wish.name.text() + "\" and \"cotter ca list\" have the dates");
        }
        auto issued = reissue(registry, authority, wish.name, key, end - change.now, change);
        if (!issued) return unexpected(issued.error());
        return with_chain(issued->certificate, true);
    });
}

}  // namespace cotter::authority
