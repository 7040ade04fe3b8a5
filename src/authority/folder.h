// Folder: where an authority's keys and certificates are: ca/ in the owner's state folder, apart from the server's
// identity (INVARIANT A213). `cotter serve` looks here only where its owner has it renew certificates; else it is given
// ca.crt.
#pragma once

#include "authority/authority.h"
#include "files/files.h"
#include "x509/unpack.h"

#include <cotter/error.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cotter::authority {

class Folder {
  public:
    /// Nothing is made or read yet. `state`: the state folder.
    explicit Folder(const std::filesystem::path& state) : path_(state / "ca") {}
    /// One that was brought from elsewhere, under whatever name.
    [[nodiscard]] static Folder at(std::filesystem::path path) { return {std::move(path), Named{}}; }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// The root's certificate: what servers trust.
    [[nodiscard]] std::filesystem::path certificate_file() const { return path_ / "ca.crt"; }
    [[nodiscard]] std::filesystem::path root_key_file() const { return path_ / "root.key"; }
    [[nodiscard]] std::filesystem::path intermediate_key_file() const { return path_ / "intermediate.key"; }
    [[nodiscard]] std::filesystem::path intermediate_file() const { return path_ / "intermediate.crt"; }
    /// The last list that the root signed.
    [[nodiscard]] std::filesystem::path root_list_file() const { return path_ / "root.crl"; }
    /// The owner's copies of what a client was given.
    [[nodiscard]] std::filesystem::path issued_folder(const registry::ClientName& name) const {
        return path_ / "issued" / name.text();
    }

    [[nodiscard]] bool has_authority() const;     ///< ca.crt is there
    [[nodiscard]] bool has_intermediate() const;  ///< intermediate.crt is there
    [[nodiscard]] bool has_root_key() const;      ///< root.key is there, and was not moved away

    /// Whoever changes the folder, or what it signs, holds this. Makes the folder, 0700, if there is none.
    [[nodiscard]] Result<files::Lock> lock() const;

    /// Writes the key (0600 from its first byte, encrypted under `passphrase` if there is one) and then the
    /// certificate. Never replaces a key (INVARIANTS A130, A185).
    [[nodiscard]] Result<void> save_root(const Authority& root, const x509::Passphrase* passphrase) const;
    [[nodiscard]] Result<void> save_intermediate(const Authority& intermediate,
                                                 const x509::Passphrase* passphrase) const;
    /// Replaces the intermediate's certificate with another of the same key.
    [[nodiscard]] Result<void> replace_intermediate_certificate(const x509::Certificate& certificate) const;
    [[nodiscard]] Result<void> save_root_list(const x509::CertificateRevocationList& list) const;

    /// The certificates of whoever certifies clients, its own first, the root's last. No key is read.
    [[nodiscard]] Result<std::vector<x509::Certificate>> chain() const;
    [[nodiscard]] Result<x509::Certificate> root_certificate() const;

    /// Whoever certifies clients: the intermediate if there is one, else the root. `ask` gives the passphrase of a key
    /// file, and is asked only if that is encrypted.
    using Ask = std::function<x509::AskPassphrase(const std::string& file)>;
    [[nodiscard]] Result<Authority> open(const Ask& ask) const;
    /// The root; `key_file`: where its key was moved to, else the folder's.
    [[nodiscard]] Result<Authority> open_root(const std::optional<std::filesystem::path>& key_file,
                                              const Ask& ask) const;

  private:
    struct Named {};
    Folder(std::filesystem::path path, Named /*unused*/) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace cotter::authority
