// Unpacking: the certificates and keys that lie inside another object of a file: PKCS#7, PKCS#12, and a private key
// under a passphrase. Only commands that a person runs on a file open these (INVARIANT A191): pins, servers and clients
// take the plain objects of x509/pem.h.
#pragma once

#include "x509/pem_block.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::x509 {

/// What opens a file; wiped when it goes.
class Passphrase {
  public:
    explicit Passphrase(Bytes text) : octets_(text.begin(), text.end()) {}
    Passphrase(Passphrase&& other) noexcept = default;
    Passphrase& operator=(Passphrase&& other) = delete;
    ~Passphrase();
    [[nodiscard]] const char* data() const;
    [[nodiscard]] int size() const { return static_cast<int>(octets_.size()); }

  private:
    ByteVector octets_;
};

/// Asks for the passphrase of the file; called at most once a file, and only where one is needed.
using AskPassphrase = std::function<Result<Passphrase>()>;

/// The blocks with what is packed in their place: the certificates of a PKCS#7 SignedData, in order and by their exact
/// bytes (its signatures are not looked at; RFC 2315, 9.1); the certificates of a PKCS#12 file, those of its private
/// keys first, and then the keys (RFC 7292); the PKCS#8 key of an encrypted one (RFC 5958, 3). Other blocks stay as
/// they are. Refused: more than five million iterations of key derivation a file, more than 256 objects in one, what is
/// nested deeper than any tool writes it, and what is encrypted to a public key.
[[nodiscard]] Result<std::vector<PemBlock>> unpacked(std::vector<PemBlock> blocks, std::string_view source,
                                                     const AskPassphrase& ask);

}  // namespace cotter::x509
