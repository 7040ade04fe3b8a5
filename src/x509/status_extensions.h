// What a certificate says of how its status can be learnt: responders, CRLs, a staple that must come along, and
// timestamps of certificate logs. Only what is written there; nothing is fetched or checked here.
#pragma once

#include "x509/certificate.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace cotter::x509 {

/// The http and https URLs of its OCSP responders (RFC 5280 4.2.2.1), as written, at most 4. Empty where the extension
/// is absent or can't be read: then nothing can be asked.
[[nodiscard]] std::vector<std::string> ocsp_urls(const Certificate& certificate);

/// The http and https URLs of CRLs for all reasons by the certificate's own issuer (RFC 5280 4.2.1.13), as written, at
/// most 4. Points with reasons or another CRL issuer are left out.
[[nodiscard]] std::vector<std::string> crl_urls(const Certificate& certificate);

/// Whether the TLS feature extension asks for status_request (RFC 7633, "must-staple"). One that can't be read does.
[[nodiscard]] bool asks_for_staple(const Certificate& certificate);

/// How many signed certificate timestamps are embedded (RFC 6962 3.3), 0 for none; nothing if their list can't be read.
/// Their signatures are not looked at.
[[nodiscard]] std::optional<std::size_t> embedded_timestamps(const Certificate& certificate);

}  // namespace cotter::x509
