// Handover: the files that a client is given: NAME.key, NAME.crt with the chain up to the root, ca.crt, NAME.p12 with
// all of them. The key is written first, then the certificate is recorded, then the rest is written: whatever breaks,
// no certificate is out that the registry doesn't know, and what is recorded can be written again by renewing it.
#pragma once

#include "authority/authority.h"
#include "x509/unpack.h"

#include <cotter/error.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace cotter::authority {

struct HandoverFiles {
    std::optional<std::filesystem::path> key;  ///< none: nobody here has the client's key
    std::filesystem::path certificate;
    std::filesystem::path authority;
    std::optional<std::filesystem::path> pkcs12;
};

class Handover {
  public:
    /// Makes the folder where it isn't there (0700; those above it are not made), sees that no file of this name is in
    /// it, and writes the key (0600). `copy`: a folder under the owner's state that gets the key as well, made with all
    /// that is above it. Until keep() is called, the keys are taken away again when this goes.
    [[nodiscard]] static Result<Handover> begin(const registry::ClientName& name, std::shared_ptr<EVP_PKEY> key,
                                                const std::filesystem::path& out,
                                                const std::optional<std::filesystem::path>& copy);
    Handover(Handover&& other) noexcept = default;
    Handover& operator=(Handover&&) = delete;
    ~Handover();

    /// The certificate is recorded: the keys stay.
    void keep();

    /// Writes the rest. `chain`: the client's certificate first, the root's last.
    [[nodiscard]] Result<HandoverFiles> finish(const std::vector<x509::Certificate>& chain,
                                               const x509::Passphrase& passphrase) const;

  private:
    Handover(const registry::ClientName& name, std::shared_ptr<EVP_PKEY> key, std::filesystem::path out)
        : name_(name), key_(std::move(key)), out_(std::move(out)) {}
    registry::ClientName name_;
    std::shared_ptr<EVP_PKEY> key_;
    std::filesystem::path out_;
    std::vector<std::filesystem::path> provisional_;  ///< key files to be taken away again
};

/// The owner's copy of a client's key; nothing if there is none.
[[nodiscard]] Result<std::shared_ptr<EVP_PKEY>> copy_of_key(const std::filesystem::path& copy,
                                                            const registry::ClientName& name);
/// Shreds it, and the NAME.p12 beside it; nothing happens if there is none.
[[nodiscard]] Result<void> forget_copy(const std::filesystem::path& copy, const registry::ClientName& name);

/// The files of a renewed certificate, in place of those of the one before. A key that is there stays; where there is
/// none, `key` is written, if it is given.
[[nodiscard]] Result<HandoverFiles> hand_over_again(const registry::ClientName& name, std::shared_ptr<EVP_PKEY> key,
                                                    const std::vector<x509::Certificate>& chain,
                                                    const std::filesystem::path& out,
                                                    const x509::Passphrase* passphrase);

/// The PEM of a chain as servers are shown it: without the root, unless that is all there is.
[[nodiscard]] std::string presented_pem(const std::vector<x509::Certificate>& chain);

}  // namespace cotter::authority
