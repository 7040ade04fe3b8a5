// Format: what others write pins in, and the two ways between it and a policy. What one side says
// and the other can't is never dropped in silence: it is a Loss (INVARIANT A67).
#pragma once

#include "trust/policy_set.h"

#include <cotter/error.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

enum class Format : std::uint8_t {
    kCotter,      ///< policy.toml
    kHpkp,        ///< Public-Key-Pins header fields (RFC 7469)
    kAndroid,     ///< Network Security Config, with TrustKit-Android's elements
    kTrustKit,    ///< TSKConfiguration: a property list, or its JSON
    kApple,       ///< NSPinnedDomains
    kCurl,        ///< the argument of --pinnedpubkey
    kOkHttp,      ///< CertificatePinner.Builder's calls
    kTlsa,        ///< TLSA records (RFC 6698)
    kEnvoy,       ///< a validation context, YAML or JSON
    kChromium,    ///< the static pin list, .json with .pins
    kGnutls,      ///< known_hosts of gnutls_store_pubkey
    kNats,        ///< pinned_certs
    kGhostunnel,  ///< --allow-spki-pin
    kStubby,      ///< tls_pubkey_pinset
    kOpenvpn,     ///< peer-fingerprint
    kKubeadm,     ///< --discovery-token-ca-cert-hash
};

[[nodiscard]] std::optional<Format> format_from(std::string_view text);
[[nodiscard]] std::string_view text_of(Format format);
[[nodiscard]] std::vector<std::string> format_names();

/// Something that could not be carried over.
struct Loss {
    std::string code;     ///< stable, lower_snake_case: "report_uri"
    std::string host;     ///< of which entry; empty: of the whole input
    std::string message;  ///< what is lost, and what it means now; a sentence, escaped
    bool operator==(const Loss&) const = default;
};

/// What the text itself doesn't say.
struct ImportContext {
    std::string source;                        ///< names the input in errors
    std::optional<trust::HostPattern> host{};  ///< --host: for formats whose text names none
    trust::Time now;                           ///< when it was seen: HPKP's max-age counts from here
    std::filesystem::path folder{};            ///< where files that the text names are looked for
};

struct Imported {
    std::vector<trust::PolicyEntry> entries;  ///< at least one
    std::vector<Loss> lost{};
};

struct Exported {
    std::string text;  ///< ends with a newline
    std::vector<Loss> lost{};
};

/// Reads all of the text or nothing: an Error has line and column, or the element. An input without any pin is an
/// Error.
[[nodiscard]] Result<Imported> import_policy(Format format, std::string_view text, const ImportContext& context);

/// Writes what the format can say, escaped for its grammar (INVARIANT A68). An Error where what would come out trusts
/// more than the policy does in a way that can't be told in the format, or where the format can say nothing of it.
[[nodiscard]] Result<Exported> export_policy(Format format, const std::vector<trust::PolicyEntry>& entries,
                                             trust::Time now);

}  // namespace cotter::formats
