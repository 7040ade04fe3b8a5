// Issuance: what an authority does for the clients of a registry. A certificate, the client whom it names and the key
// that it certifies are entered in one transaction, and leave together.
#pragma once

#include "authority/authority.h"
#include "registry/issued_certificates.h"
#include "registry/registry.h"

#include <cotter/error.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace cotter::authority {

using registry::Change;
using registry::ClientName;
using registry::Registry;

/// Whether a name that is taken already may get one more key (INVARIANT A214).
enum class NameTaken : std::uint8_t { kRefuse, kAddKey };

struct Issued {
    x509::Certificate certificate;
    std::uint64_t version = 0;  ///< of the registry that holds it
};

/// Whether issue() would refuse the name as taken: to be asked before anything is written for it.
[[nodiscard]] Result<void> see_that_name_is_free(Registry& registry, const ClientName& name, NameTaken name_taken);

/// Certifies the key for `life` from now, and admits it under that name. A client that is made by this is admitted
/// until its certificate ends. Refused: weak keys (INVARIANT A101), the authority's own, and whatever Registry::add
/// refuses.
[[nodiscard]] Result<Issued> issue(Registry& registry, const Authority& authority, const ClientName& name,
                                   const x509::PublicKey& key, std::chrono::seconds life, NameTaken name_taken,
                                   const Change& change);

/// Certifies a key that is this active client's already, for `life` from now. Where the client's admission would end
/// before, it is prolonged. Earlier certificates of the key stay good until they end.
[[nodiscard]] Result<Issued> reissue(Registry& registry, const Authority& authority, const ClientName& name,
                                     const x509::PublicKey& key, std::chrono::seconds life, const Change& change);

/// The same for the key of this client's last certificate that is not revoked; `life` absent: as long as that one's.
[[nodiscard]] Result<Issued> renew(Registry& registry, const Authority& authority, const ClientName& name,
                                   std::optional<std::chrono::seconds> life, const Change& change);

struct Revocation {
    std::optional<ClientName> client;  ///< none: an intermediate
    std::size_t certificates = 0;      ///< how many that were still good
    std::uint64_t version = 0;
};

/// Revokes a client by name, with all of its certificates and keys; or one certificate by its serial number in hex,
/// with its key: the client with it, if it has no other key. A certificate that was merely superseded leaves its key
/// alone. A word that is both is a name.
[[nodiscard]] Result<Revocation> revoke(Registry& registry, std::string_view name_or_serial,
                                        x509::RevocationReason reason, const Change& change);

/// The authority's list of revoked certificates, as of now, its successor due after `life`.
[[nodiscard]] Result<x509::CertificateRevocationList> next_list(Registry& registry, const Authority& authority,
                                                                std::chrono::seconds life, const Change& change);

}  // namespace cotter::authority
