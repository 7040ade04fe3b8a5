// Whether a certificate names a host: subjectAltName only, by type (RFC 9525 6; INTERFACE 7 "Names").
#pragma once

#include "x509/certificate.h"

#include <cotter/host_name.h>

namespace cotter::x509 {

/// dNSName for names, iPAddress for literals; a wildcard is the whole leftmost label, stands for exactly one label, and
/// never above a public suffix (INVARIANTS A82–A86, A88).
[[nodiscard]] bool names_host(const Certificate& certificate, const HostName& host);

/// Whether anybody may register names below it, as below "com" or "co.uk": the names there have different owners
/// (publicsuffix.org's list, as libpsl has it built in).
[[nodiscard]] bool is_public_suffix(const DnsName& name);

}  // namespace cotter::x509
