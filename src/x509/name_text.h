// Distinguished names as text for people; they are compared as DER, never as this.
#pragma once

#include <openssl/x509.h>

#include <string>

namespace cotter::x509 {

/// RFC 4514, escaped for a terminal and bounded; "?" for null or what can't be printed.
[[nodiscard]] std::string name_text(const X509_NAME* name);

}  // namespace cotter::x509
