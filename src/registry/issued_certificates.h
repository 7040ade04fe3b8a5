// IssuedCertificates: every certificate that our authorities have signed, and the lists of those that they revoked. In
// the registry's store, so that a certificate and the client whom it is for are one transaction.
#pragma once

#include "registry/registry.h"
#include "registry/store.h"
#include "x509/certificate.h"
#include "x509/new_crl.h"
#include "x509/revocation_reason.h"

#include <cotter/error.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::registry {

/// A certificate and what became of it.
struct IssuedCertificate {
    x509::Certificate certificate;
    x509::CanonicalKey issuer;         ///< the key that signed it
    std::optional<ClientName> client;  ///< none: it is an intermediate authority's
    Time issued;
    std::string actor;  ///< escaped
    std::optional<Time> revoked;
    x509::RevocationReason reason = x509::RevocationReason::kUnspecified;
};

/// Where it stands at a time: for people.
enum class CertificateState : std::uint8_t { kValid, kExpired, kRevoked };
[[nodiscard]] CertificateState state_of(const IssuedCertificate& issued, Time now);
[[nodiscard]] std::string_view text_of(CertificateState state);

/// What a list says besides what it lists.
struct ListEdition {
    std::uint64_t number;  ///< greater than any before, also where the store was brought back from a backup
    std::vector<x509::RevokedCertificate> revoked;
};

class IssuedCertificates {
  public:
    explicit IssuedCertificates(Store& store) : store_(store) {}

    /// Records a certificate that the holder of `issuer` has signed. A serial number that there is already is an Error
    /// (INVARIANT A212).
    [[nodiscard]] Result<void> add(const x509::Certificate& certificate, const x509::CanonicalKey& issuer,
                                   const std::optional<ClientName>& client, const Change& change);
    [[nodiscard]] Result<std::vector<IssuedCertificate>> list();                             ///< the last one first
    [[nodiscard]] Result<std::vector<IssuedCertificate>> of_client(const ClientName& name);  ///< the last one first
    /// Those of them that have not expired.
    [[nodiscard]] Result<std::vector<IssuedCertificate>> of_client(const ClientName& name, Time now);
    /// `serial`: as in IssuerAndSerial. Error "no_such_certificate".
    [[nodiscard]] Result<IssuedCertificate> find(Bytes serial);

    /// Revokes one that is not revoked yet; for good.
    [[nodiscard]] Result<void> revoke(const x509::Certificate& certificate, x509::RevocationReason reason,
                                      const Change& change);
    /// Leaves tombstones in the registry: the certificate, or its key in whatever certificate, is refused for good
    /// (INVARIANTS A71, A116). Servers hear of it by Registry::touch.
    [[nodiscard]] Result<void> deny(const x509::Certificate& certificate, const ClientName& name);
    [[nodiscard]] Result<void> deny_key(const x509::Certificate& certificate, const ClientName& name);

    /// Lets a client's admission last at least until then. One that never ends stays so.
    [[nodiscard]] Result<void> prolong(const ClientName& name, Time until);

    /// Records for good what the registry has come to say: a certificate whose key is denied, or no longer its
    /// client's, is revoked.
    [[nodiscard]] Result<void> settle(const Change& change);

    /// The next list of that authority, settled. Those of suspended clients are on hold. A revoked one stays until it
    /// has expired and stood in one list after that (RFC 5280 3.3; INVARIANT A116).
    [[nodiscard]] Result<ListEdition> next_list(const x509::CanonicalKey& issuer, const Change& change);

  private:
    Store& store_;
};

}  // namespace cotter::registry
