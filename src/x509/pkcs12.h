// What lies under a passphrase: PKCS#12 (RFC 7292) and encrypted PKCS#8 keys (RFC 5958, 3). Part of x509/unpack.h.
#pragma once

#include "x509/pem_block.h"
#include "x509/unpack.h"

#include <optional>

namespace cotter::x509 {

/// The passphrase of one file, asked for when it is first needed, and what is left of the work that opening the file
/// may cost: a file says itself how often its key derivation goes round.
class Secrets {
  public:
    explicit Secrets(const AskPassphrase& ask) : ask_(ask) {}
    [[nodiscard]] Result<const Passphrase*> passphrase();
    /// False once the file has asked for more than it may.
    [[nodiscard]] bool spend(std::uint64_t iterations);

  private:
    const AskPassphrase& ask_;
    std::optional<Passphrase> passphrase_;
    std::uint64_t left_ = 5'000'000;
};

/// Certificates, those of its private keys first, and then the keys as PKCS#8. `block`: DER of a PFX.
[[nodiscard]] Result<std::vector<PemBlock>> open_pkcs12(const PemBlock& block, std::string_view source,
                                                        Secrets& secrets);

/// DER of the PKCS#8 PrivateKeyInfo in an EncryptedPrivateKeyInfo.
[[nodiscard]] Result<ByteVector> decrypted_key(const PemBlock& block, std::string_view source, Secrets& secrets);

}  // namespace cotter::x509
