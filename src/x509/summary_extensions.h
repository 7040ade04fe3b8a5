// What an extension says, for x509/summary.h.
#pragma once

#include "x509/summary.h"

#include <openssl/x509v3.h>

namespace cotter::x509 {

/// Its values as OpenSSL prints them, a line each; those that it doesn't know, as hex. Signed certificate timestamps
/// are counted. Bounded, and safe to print.
[[nodiscard]] ExtensionSummary summary_of(const X509_EXTENSION& extension);

/// Whether a rfc822Name, dNSName or URI in it has a control character, with which it could look like several.
[[nodiscard]] bool has_name_with_control(const X509_EXTENSION& extension);

}  // namespace cotter::x509
