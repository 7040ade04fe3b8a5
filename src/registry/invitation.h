// Invitation: the one-time code that admits a client, as text, and what the store keeps of it (never the secret).
#pragma once

#include "registry/client_name.h"
#include "x509/certificate.h"

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::registry {

/// 128 random bits. Wiped on destruction; never printed but inside a code (INVARIANTS A157, A205, A206).
class InvitationSecret {
  public:
    [[nodiscard]] static InvitationSecret random();
    explicit InvitationSecret(std::array<std::byte, 16> octets) : octets_(octets) {}
    InvitationSecret(const InvitationSecret&) = default;
    InvitationSecret& operator=(const InvitationSecret&) = default;
    ~InvitationSecret();
    [[nodiscard]] Bytes octets() const { return octets_; }
    /// SHA-256 of the secret under a label: what the store keeps and looks up.
    [[nodiscard]] std::array<std::byte, 32> hash() const;

  private:
    std::array<std::byte, 16> octets_;
};

/// What the code carries: where the server is, which key it has, and the secret. Text: "cotter-join-" and lower-case
/// base32 without look-alike characters, in groups of six joined by '-', with its length and a checksum inside, so that
/// a cut paste, a mistyped letter and a wrong code are told apart (docs/invitation.md). White space and case don't
/// count.
struct InvitationCode {
    HostPort server;
    Pin server_pin;  ///< spki sha256
    InvitationSecret secret;

    /// Error codes: "invitation_cut" (characters are missing), "invitation_mistyped" (a checksum or a character is
    /// wrong), "invitation_version" (a later cotter's), "invitation_not_a_code" (something else).
    [[nodiscard]] static Result<InvitationCode> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
};

/// A waiting invitation as `invite list` shows it. The id is public and names it for `invite withdraw`.
struct Invitation {
    std::string id;  ///< 8 characters of the code's alphabet
    ClientName name;
    x509::Time created{};
    x509::Time expires{};
    std::optional<x509::Time> client_expires;
};

[[nodiscard]] std::string random_invitation_id();

}  // namespace cotter::registry
