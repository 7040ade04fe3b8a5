// Summary: what an object of a file is, in the field's words, for `cotter inspect`. It reads leniently what the rest of
// cotter refuses, and says what it is refused for; nothing is ever trusted by it.
#pragma once

#include "x509/certificate.h"
#include "x509/pem_block.h"

#include <cotter/bytes.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cotter::x509 {

struct ExtensionSummary {
    std::string oid;
    std::string name;  ///< empty if OpenSSL's table has none
    bool is_critical = false;
    std::vector<std::string> values;
};

/// Every text is safe to print.
struct Summary {
    std::string kind;                                        ///< "certificate", "certificate revocation list", …
    std::vector<std::pair<std::string, std::string>> facts;  ///< "serial", "0a1b…"; in the order in which they are told
    std::vector<std::string> names;                          ///< subject alternative names with their type: "DNS:…"
    std::vector<ExtensionSummary> extensions;
    std::vector<std::string> problems;  ///< why cotter refuses it, and what else a person should know
};

/// What the block is as of `now`; nothing for a label that cotter doesn't know.
[[nodiscard]] std::optional<Summary> summary_of(const PemBlock& block, Time now);

/// OpenSSL's long name of an OBJECT IDENTIFIER by its content; empty if it has none.
[[nodiscard]] std::string oid_name(Bytes content);

}  // namespace cotter::x509
