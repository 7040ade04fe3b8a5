// Fetching the CRLs and OCSP answers that the certificates of a path name. Only what was asked for by name is fetched,
// and only for a path that has been verified already, but for revocation (INVARIANT A100).
#pragma once

#include "trust/evidence.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cotter::evidence {

/// Where the status of certificates may be learnt from besides CRL files: what is given, what is fetched, and the file
/// of what was seen.
struct StatusSources {
    std::vector<std::filesystem::path> ocsp_responses{};
    bool fetches_crls = false;
    bool fetches_ocsp = false;
    bool may_reach_private = false;
    std::filesystem::path crl_numbers{};  ///< empty: nothing is remembered

    [[nodiscard]] bool fetches() const { return fetches_crls || fetches_ocsp; }
};

/// What came, and what did not.
struct FetchedStatus {
    std::vector<x509::CertificateRevocationList> crls{};
    std::vector<x509::OcspResponse> ocsp_responses{};
    std::optional<x509::Time> good_until{};  ///< when the first of it is out of date; nothing if nothing came
    std::vector<std::string> failures{};     ///< sentences that name certificate, URL and why, escaped
};

/// Asks for every certificate of the path below its anchor (leaf first, anchor last), or for the leaf alone, one URL
/// after the other until one gives what can be read, for at most 30 seconds in all. Whether it decides anything is for
/// the judge.
[[nodiscard]] FetchedStatus fetch_status(const std::vector<x509::Certificate>& path, x509::RevocationScope scope,
                                         const StatusSources& sources, const std::stop_token& stop = {});

}  // namespace cotter::evidence
