// What `cotter renew` renews: a key (cli/renew.cc), or a certificate of the server's own authority
// (cli/renew_certificate.cc).
#pragma once

#include "cli/renewal_call.h"
#include "identity/succession.h"

#include <filesystem>

namespace cotter::cli {

/// Whether `cotter ca` has issued it, by its looks: not its own issuer, and with a name of the form URI:cotter:NAME.
[[nodiscard]] bool is_issued_by_cotter(const x509::Certificate& certificate);

struct CertificateRenewal {
    identity::KeyFiles files;         ///< no links
    identity::Succession succession;  ///< of these files
    HostPort server;
    bool changes_key = false;
    bool only_if_due = false;
};

/// Has the certificate renewed, and the key changed where that is asked for or was begun. Gives the exit code.
[[nodiscard]] int renew_certificate(const RenewalCall& call, const CertificateRenewal& renewal);

}  // namespace cotter::cli
