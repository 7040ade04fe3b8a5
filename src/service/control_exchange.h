// The control exchange ("cotter-control/1", docs/protocol.md): what an admitted client tells its server of keys, its
// own and the server's. One request, one answer, bounded; nothing of it reaches the service.
#pragma once

#include "identity/key_proof.h"
#include "registry/rotations.h"
#include "x509/certificate.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cotter::service {

/// "Under which name am I admitted?"
struct AskName {
    bool operator==(const AskName&) const = default;
};
/// "This is what I make of your next key."
struct TellOfNextKey {
    registry::KeyAnswer answer = registry::KeyAnswer::kNone;
    Pin next;  ///< spki sha256
    bool operator==(const TellOfNextKey&) const = default;
};
/// "Admit this key of mine, too."
struct RegisterKey {
    ByteVector proof;  ///< identity/key_proof.h, as of KeyRole::kClient
    bool operator==(const RegisterKey&) const = default;
};
/// "Drop the key that mine was registered in the place of."
struct FinishRenewal {
    bool operator==(const FinishRenewal&) const = default;
};
/// "Issue the certificate anew that I have shown."
struct RenewCertificate {
    ByteVector proof;  ///< as of RegisterKey, of the key to certify and register; empty: the present key
    bool operator==(const RenewCertificate&) const = default;
};
using ControlRequest = std::variant<AskName, TellOfNextKey, RegisterKey, FinishRenewal, RenewCertificate>;

/// A request is never longer.
inline constexpr std::size_t kMostControlRequest = 3 + identity::kMostKeyProof;
/// An answer is never longer; one without certificates has at most kMostNameAnswer octets.
inline constexpr std::size_t kMostNameAnswer = 3 + 512;
inline constexpr std::size_t kMostControlAnswer = 3 + 16384;

[[nodiscard]] ByteVector to_bytes(const ControlRequest& request);
/// Of one whole frame; nothing if it is none that is known.
[[nodiscard]] std::optional<ControlRequest> parse_control_request(Bytes frame);

/// Why a request was not done, as the client hears it.
enum class ControlRefusal : std::uint8_t {
    kUnknown = 1,      ///< no such request here
    kForbidden = 2,    ///< the server's owner wants no renewal without him
    kNotListed = 3,    ///< no key of the registry: a certification authority admitted it
    kKeyRefused = 4,   ///< the key proves nothing, is weak, another client's, or was revoked
    kTooManyKeys = 5,  ///< under this name
    kUnavailable = 6,  ///< the registry did not answer; later it may
    kNotOurs = 7,      ///< the certificate: not issued to this client here, or revoked, or past
    kTooEarly = 8,     ///< half of the certificate's life has not passed, or too many were issued of late
    kNotLater = 9,     ///< no certificate that ends later can be issued
};
[[nodiscard]] std::string_view text_of(ControlRefusal refusal);  ///< "unknown", "forbidden", …

struct ControlAnswer {
    /// Done, under this name: the registry's, or "ca:" and a subject alternative name. Empty where it is refused, and
    /// where certificates are the answer.
    std::string name;
    std::optional<ControlRefusal> refused;
    std::vector<x509::Certificate> certificates{};  ///< the client's first, the root's last
    bool operator==(const ControlAnswer&) const = default;
};
[[nodiscard]] ByteVector to_bytes(const ControlAnswer& answer);
/// A whole answer, as the server closed after it. The name is escaped; of the certificates, only the form is checked.
[[nodiscard]] Result<ControlAnswer> parse_control_answer(Bytes bytes);

}  // namespace cotter::service
