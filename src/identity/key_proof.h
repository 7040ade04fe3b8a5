// KeyProof: a key that is to follow another shows that whoever names it also holds it. It signs a statement about
// itself, the present key and this one connection, so that what was said once can't be said again elsewhere, and nobody
// can name a key that isn't his (INVARIANTS A32, A208; docs/rotation.md).
#pragma once

#include "identity/identity.h"
#include "x509/public_key.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <array>
#include <cstdint>

namespace cotter::identity {

/// Where a proof is given: on a connection whose end of that role has proved the present key.
struct KeyProofPlace {
    KeyRole role;  ///< a proof of one is none of the other
    const x509::PublicKey& present;
    std::array<std::byte, 32> session;  ///< keying material of this connection alone (tls::Plaintext::session_binding)
};

/// A proof is never longer: RSA of 8192 bits is the longest key that counts.
inline constexpr std::size_t kMostKeyProof = 2560;

/// The octets that are signed: 64 spaces, a sentence that names protocol and role, a zero octet, then SHA-256 of the
/// present and of the next SubjectPublicKeyInfo, and the session. The shape is that of RFC 8446 4.4.3, whose sentences
/// are others, so that no signature of a handshake is one of these.
[[nodiscard]] ByteVector key_statement(const KeyProofPlace& place, const x509::PublicKey& next);

/// Two octets of length, the next key's SubjectPublicKeyInfo, and its signature over the statement: ECDSA with the
/// curve's own SHA-2, Ed25519 and Ed448, or RSASSA-PSS with SHA-256 and a salt of 32 octets.
[[nodiscard]] Result<ByteVector> prove_key(const Identity& next, const KeyProofPlace& place);

/// The key that such octets prove at this place. An Error where they prove nothing here, where the key is weak, and
/// where it is the present key itself, in whatever encoding.
[[nodiscard]] Result<x509::PublicKey> check_key_proof(Bytes proof, const KeyProofPlace& place);

}  // namespace cotter::identity
