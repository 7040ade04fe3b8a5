// Issuing, renewing and revoking, each one transaction.
#include "authority/issuance.h"

#include "text/encoding.h"
#include "text/escape.h"
#include "x509/weak_rsa.h"

#include <algorithm>

namespace cotter::authority {
namespace {

using registry::Client;
using registry::ClientState;
using registry::IssuedCertificate;
using registry::IssuedCertificates;

bool has_key(const Client& client, const x509::CanonicalKey& key) {
    return std::ranges::any_of(client.keys, [&](const registry::ClientKey& one) { return one.canonical == key; });
}

/// The active client of that name.
Result<Client> active_client(const std::string& what, Registry& registry, const ClientName& name) {
    auto client = registry.find(name);
    if (!client) return client;
    if (client->state != ClientState::kActive) {
        return failed("client_" + std::string(text_of(client->state)), what,
                      name.text() + " is " + std::string(text_of(client->state)),
                      client->state == ClientState::kSuspended
                          ? "\"cotter client restore " + name.text() + "\" admits it again"
                          : "revocation is for good: remove the client, and issue it a certificate with another key");
    }
    return client;
}

/// The serial number of a word that is one: 1 to 20 octets in hex, with colons between them or not.
std::optional<ByteVector> serial_from(std::string_view word) {
    std::string digits;
    std::ranges::copy_if(word, std::back_inserter(digits), [](char one) { return one != ':'; });
    constexpr std::size_t kMostDigits = 40;
    if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
    if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
    return text::octets_of_hex(digits);
}

Result<Revocation> revoke_client(const std::string& what, Registry& registry, const ClientName& name,
                                 const std::vector<IssuedCertificate>& certificates, x509::RevocationReason reason,
                                 const Change& change) {
    IssuedCertificates issued(registry.store());
    Revocation revocation{.client = name};
    for (const IssuedCertificate& one : certificates) {
        if (one.revoked) continue;
        if (auto done = issued.revoke(one.certificate, reason, change); !done) return unexpected(done.error());
        if (auto done = issued.deny(one.certificate, name); !done) return unexpected(done.error());
        if (auto done = issued.deny_key(one.certificate, name); !done) return unexpected(done.error());
        ++revocation.certificates;
    }
    auto revoked = registry.revoke(name, text_of(reason), change);
    // A client that was removed, or revoked before, may have left certificates that were good until now.
    const bool is_gone =
        !revoked && (revoked.error().code == "no_such_client" || revoked.error().code == "client_revoked");
    if (is_gone && revocation.certificates > 0) revoked = registry.touch(name);
    if (!revoked) {
        revoked.error().what = what;
        return unexpected(revoked.error());
    }
    revocation.version = *revoked;
    return revocation;
}

/// Takes the key of a certificate from its client, for good.
Result<std::uint64_t> revoke_key(Registry& registry, const ClientName& name, const x509::Certificate& certificate,
                                 x509::RevocationReason reason, const Change& change) {
    const x509::CanonicalKey& key = certificate.public_key().canonical();
    const auto client = registry.find(name);
    if (!client && client.error().code != "no_such_client") return unexpected(client.error());
    if (client && has_key(*client, key)) {
        const bool is_last =
            std::ranges::all_of(client->keys, [&](const registry::ClientKey& one) { return one.canonical == key; });
        if (is_last && client->state != ClientState::kRevoked) return registry.revoke(name, text_of(reason), change);
        if (!is_last) {
            for (const registry::ClientKey& one : client->keys) {
                if (one.canonical != key) continue;
                if (auto dropped = registry.drop_key(name, one.pin, change); !dropped) return dropped;
            }
        }
    }
    if (auto denied = IssuedCertificates(registry.store()).deny_key(certificate, name); !denied)
        return unexpected(denied.error());
    return registry.touch(name);
}

Result<Revocation> revoke_certificate(Registry& registry, const IssuedCertificate& one, x509::RevocationReason reason,
                                      const Change& change) {
    IssuedCertificates issued(registry.store());
    Revocation revocation{.client = one.client, .certificates = 1};
    if (auto done = issued.revoke(one.certificate, reason, change); !done) return unexpected(done.error());
    if (one.client) {
        if (auto done = issued.deny(one.certificate, *one.client); !done) return unexpected(done.error());
        const bool keeps_key = reason == x509::RevocationReason::kSuperseded;
        const Result<std::uint64_t> version = keeps_key
                                                  ? registry.touch(*one.client)
                                                  : revoke_key(registry, *one.client, one.certificate, reason, change);
        if (!version) return unexpected(version.error());
        revocation.version = *version;
    }
    return revocation;
}

}  // namespace

Result<void> see_that_name_is_free(Registry& registry, const ClientName& name, NameTaken name_taken) {
    const auto client = registry.find(name);
    if (client && name_taken == NameTaken::kRefuse) {
        return failed(
            "name_taken", "issuing a certificate to " + name.text(), "a client is called " + name.text() + " already",
            "\"cotter ca renew " + name.text() + "\" renews its certificate; --add-key gives it one more key");
    }
    if (!client && client.error().code != "no_such_client") return unexpected(client.error());
    return {};
}

Result<Issued> issue(Registry& registry, const Authority& authority, const ClientName& name, const x509::PublicKey& key,
                     std::chrono::seconds life, NameTaken name_taken, const Change& change) {
    const std::string what = "issuing a certificate to " + name.text();
    if (const auto weakness = x509::weakness_on_inspection(key)) {
        return malformed("weak_key", what, *weakness, "have the client make a key of P-256, Ed25519 or RSA 3072");
    }
    if (std::ranges::any_of(authority.chain(), [&](const x509::Certificate& one) {
            return one.public_key().canonical() == key.canonical();
        })) {
        return malformed("ca_key", what, "it is the key of the authority itself", "give the client a key of its own");
    }
    auto certificate = authority.certify(name, key, change.now, life);
    if (!certificate) return unexpected(certificate.error());
    return registry.store().write(what, [&]() -> Result<Issued> {
        if (auto free = see_that_name_is_free(registry, name, name_taken); !free) return unexpected(free.error());
        auto version = registry.add(name, {registry::new_key_of(*certificate)}, certificate->not_after(), {}, change);
        if (!version && version.error().code == "name_taken") {
            const auto client = active_client(what, registry, name);
            if (!client) return unexpected(client.error());
            version = registry.add_key(name, registry::new_key_of(*certificate), change);
        }
        if (!version) {
            version.error().what = what;
            return unexpected(version.error());
        }
        IssuedCertificates issued(registry.store());
        if (auto done = issued.add(*certificate, authority.key(), name, change); !done) return unexpected(done.error());
        if (auto done = issued.prolong(name, certificate->not_after()); !done) return unexpected(done.error());
        return Issued{*certificate, *version};
    });
}

Result<Issued> reissue(Registry& registry, const Authority& authority, const ClientName& name,
                       const x509::PublicKey& key, std::chrono::seconds life, const Change& change) {
    const std::string what = "renewing the certificate of " + name.text();
    auto certificate = authority.certify(name, key, change.now, life);
    if (!certificate) return unexpected(certificate.error());
    return registry.store().write(what, [&]() -> Result<Issued> {
        const auto client = active_client(what, registry, name);
        if (!client) return unexpected(client.error());
        if (!has_key(*client, key.canonical())) {
            return failed("no_such_key", what, "the key is not one of its keys",
                          "\"cotter client show " + name.text() + "\" lists them");
        }
        IssuedCertificates issued(registry.store());
        if (auto done = issued.add(*certificate, authority.key(), name, change); !done) return unexpected(done.error());
        if (auto done = issued.prolong(name, certificate->not_after()); !done) return unexpected(done.error());
        return Issued{*certificate, registry.touch(name)};
    });
}

Result<Issued> renew(Registry& registry, const Authority& authority, const ClientName& name,
                     std::optional<std::chrono::seconds> life, const Change& change) {
    const std::string what = "renewing the certificate of " + name.text();
    const auto certificates = IssuedCertificates(registry.store()).of_client(name);
    if (!certificates) return unexpected(certificates.error());
    const auto client = active_client(what, registry, name);
    if (!client) return unexpected(client.error());
    const auto last = std::ranges::find_if(*certificates, [&](const IssuedCertificate& one) {
        return !one.revoked && has_key(*client, one.certificate.public_key().canonical());
    });
    if (last == certificates->end()) {
        return failed("no_such_certificate", what, "no key of it has a certificate of ours",
                      "cotter ca sign CSR.pem --name " + name.text() + " --add-key");
    }
    const auto as_before = last->certificate.not_after() - last->issued;
    return reissue(registry, authority, name, last->certificate.public_key(), life.value_or(as_before), change);
}

Result<Revocation> revoke(Registry& registry, std::string_view name_or_serial, x509::RevocationReason reason,
                          const Change& change) {
    const std::string what = "revoking " + text::escape(name_or_serial, 100);
    const auto name = ClientName::parse(name_or_serial);
    const auto serial = serial_from(name_or_serial);
    if (!name && !serial) return unexpected(name.error());
    return registry.store().write(what, [&]() -> Result<Revocation> {
        IssuedCertificates issued(registry.store());
        if (name) {
            const auto certificates = issued.of_client(*name);
            if (!certificates) return unexpected(certificates.error());
            const bool is_name = !serial || !certificates->empty() || registry.find(*name);
            if (is_name) return revoke_client(what, registry, *name, *certificates, reason, change);
        }
        const auto one = issued.find(*serial);
        if (!one) return unexpected(one.error());
        return revoke_certificate(registry, *one, reason, change);
    });
}

Result<x509::CertificateRevocationList> next_list(Registry& registry, const Authority& authority,
                                                  std::chrono::seconds life, const Change& change) {
    auto edition = IssuedCertificates(registry.store()).next_list(authority.key(), change);
    if (!edition) return unexpected(edition.error());
    return authority.sign_list({.number = edition->number,
                                .this_update = change.now,
                                .next_update = change.now + life,
                                .revoked = std::move(edition->revoked)});
}

}  // namespace cotter::authority
