// KeyEntry: one word of a server's owner on one of its keys, as a few lines of text; the leaf of a key log's tree is
// exactly these octets.
#pragma once

#include "x509/certificate.h"

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::keylog {

/// Whom an entry is about: a host at one port, or at every port.
struct KeyName {
    HostName host;
    std::optional<std::uint16_t> port{};

    [[nodiscard]] static Result<KeyName> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] bool covers(const HostPort& server) const;
    bool operator==(const KeyName&) const = default;
};

enum class Word : std::uint8_t {
    kAdded,    ///< the key is the server's, or will be
    kRetired,  ///< it is not, or no longer
};
[[nodiscard]] std::string_view text_of(Word word);  ///< "added", "retired"

struct KeyEntry {
    Word word = Word::kAdded;
    KeyName name;
    Pin pin;  ///< SHA-256 of the SubjectPublicKeyInfo
    x509::Time at;

    /// The only spelling that parse() takes.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] static Result<KeyEntry> parse(std::string_view text);
    bool operator==(const KeyEntry&) const = default;
};

/// Whether a pin can stand in an entry.
[[nodiscard]] bool is_loggable(const Pin& pin);

/// No entry is longer; the longest host name makes one of some 370 octets.
inline constexpr std::size_t kMostEntryOctets = 1024;

}  // namespace cotter::keylog
