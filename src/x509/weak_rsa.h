// RSA keys that look sound and are not: moduli made in a way that lets others factor them, and keys on a list of known
// ones. What a key's size and exponent tell is asked of PublicKey::weakness().
#pragma once

#include "x509/public_key.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace cotter::x509 {

/// Whether a modulus has the shape that Infineon's library gave it (ROCA, CVE-2017-15361): it is a power of 65537
/// modulo each small prime. "The Return of Coppersmith's Attack", Nemec and others, CCS 2017, section 2.3; a sound
/// modulus is taken for one once in more than 10^8. `modulus`: most significant octet first. About a microsecond.
[[nodiscard]] bool is_roca(Bytes modulus);

/// Whether Fermat's method splits the modulus in a hundred rounds, since its primes were drawn too near to each other
/// (CVE-2022-26320).
[[nodiscard]] bool has_close_primes(Bytes modulus);

/// What PublicKey::weakness() knows, else what only a longer look finds: close primes. For commands that a person runs,
/// and for a client's look at its server; a server that many keys come to asks weakness() alone.
[[nodiscard]] std::optional<std::string> weakness_on_inspection(const PublicKey& key);

/// A list of keys that are known to others, such as Debian's of CVE-2008-0166. One a line: 20 hex digits, the end of
/// SHA-1 over "Modulus=HEX\n", as in the files of the package openssl-blacklist; or 64, SHA-256 of the
/// SubjectPublicKeyInfo. Empty lines and what follows a # don't count.
class WeakKeyList {
  public:
    [[nodiscard]] static Result<WeakKeyList> parse(std::string_view text, std::string_view source);
    [[nodiscard]] static Result<WeakKeyList> read(const std::string& path);
    [[nodiscard]] bool contains(const PublicKey& key) const;

  private:
    std::set<std::string, std::less<>> entries_;
};

}  // namespace cotter::x509
