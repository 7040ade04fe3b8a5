// KnownStatus: what is known about revocation before a peer is judged, and how it becomes evidence about that peer.
#pragma once

#include "evidence/status_fetch.h"
#include "trust/evidence.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace cotter::service {

struct KnownStatus {
    std::vector<x509::CertificateRevocationList> crls{};
    std::vector<x509::OcspResponse> ocsp_responses{};
    std::shared_ptr<const evidence::FetchedStatus> fetched{};  ///< null: nothing was
    std::filesystem::path crl_numbers{};                       ///< empty: nothing is remembered

    /// Adds all of it to what is known of the peer whose certificates and anchors `evidence` has; `stapled` is what
    /// came with them, and counts as none if it can't be read. CRLs newer than those seen before are remembered; where
    /// that can't be done, no CRL counts.
    void add_to(trust::Evidence& evidence, Bytes stapled, x509::Time now) const;
};

}  // namespace cotter::service
