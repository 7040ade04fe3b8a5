// crl_numbers: the file of the newest CRL seen of each issuer, one line each; read and rewritten atomically under a
// lock, so that an older CRL is not believed again (INVARIANT A112).
#pragma once

#include "x509/crl_memory.h"

#include <cotter/error.h>

#include <filesystem>
#include <memory>
#include <vector>

namespace cotter::evidence {

/// The file of that path; it need not exist. Format (docs/files.md): `ISSUER-KEY PART NUMBER THIS-UPDATE DIGEST`. A
/// line with anything else in it, or a torn last line, makes the whole file count as unreadable.
class CrlNumbers {
  public:
    explicit CrlNumbers(std::filesystem::path path) : path_(std::move(path)) {}

    /// Notes which of the CRLs are newer than what was seen before, and gives all that is remembered then. `presented`
    /// and `anchors`: who may have signed them. Any failure to read or write is an Error: nothing may count then.
    [[nodiscard]] Result<std::shared_ptr<const x509::CrlMemory>> note(
        const std::vector<x509::CertificateRevocationList>& crls, const std::vector<x509::Certificate>& presented,
        const x509::TrustAnchors& anchors, x509::Time now) const;

    [[nodiscard]] Result<x509::CrlMemory> read() const;

  private:
    std::filesystem::path path_;
};

}  // namespace cotter::evidence
