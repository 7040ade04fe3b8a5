// The join exchange ("cotter-join/1", docs/protocol.md): a client that has proven its key in the handshake sends an
// invitation's secret and hears under which name it is admitted. One request, one answer, bounded.
#pragma once

#include "registry/client_name.h"
#include "registry/invitation.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <optional>

namespace cotter::service {

/// The request: one octet of type and the secret.
inline constexpr std::size_t kJoinRequestSize = 17;
/// An answer is never longer.
inline constexpr std::size_t kMostJoinAnswer = 512;

[[nodiscard]] ByteVector join_request(const registry::InvitationSecret& secret);
/// The secret of a whole request; nothing if it is not one.
[[nodiscard]] std::optional<registry::InvitationSecret> secret_of_request(Bytes request);

struct JoinAnswer {
    std::optional<registry::ClientName> admitted_as;  ///< none: refused, whatever the cause
    std::optional<x509::Time> until;
};

[[nodiscard]] ByteVector to_bytes(const JoinAnswer& answer);
/// A whole answer, as the server closed after it.
[[nodiscard]] Result<JoinAnswer> parse_join_answer(Bytes bytes);

}  // namespace cotter::service
