// Admission: how a server judges clients. AdmissionRules come from files and change at a reload; AdmissionJudge joins
// them with the registry's snapshot, on one thread.
#pragma once

#include "registry/snapshot.h"
#include "service/settings.h"
#include "tls/peer.h"
#include "trust/judge.h"

#include <atomic>
#include <memory>

namespace cotter::service {

/// The files' side of admission: immutable, shared by all threads.
struct AdmissionRules {
    trust::AdmissionPolicy policy;
    x509::TrustAnchors anchors;
    std::vector<x509::CertificateRevocationList> crls;
    std::shared_ptr<const x509::CrlMemory> crl_memory;

    /// Reads --client-ca and --client-crl, and remembers in `crl_numbers`, if it isn't empty, which CRLs of the anchors
    /// themselves have been seen. Any fault
    /// is an Error; nothing is left out (INVARIANT A19).
    [[nodiscard]] static Result<AdmissionRules> read(const ServiceSettings& settings,
                                                     const std::filesystem::path& crl_numbers);
};

/// When the registry was last read without a fault; shared by all threads.
using SnapshotFreshness = std::atomic<std::chrono::steady_clock::time_point>;

class AdmissionJudge final : public tls::PeerJudge {
  public:
    AdmissionJudge(std::shared_ptr<const AdmissionRules> rules, std::shared_ptr<const registry::Snapshot> snapshot,
                   const SnapshotFreshness& freshness, std::chrono::milliseconds grace);

    void replace(std::shared_ptr<const AdmissionRules> rules);
    void replace(std::shared_ptr<const registry::Snapshot> snapshot);

    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override;
    [[nodiscard]] bool may_join(const tls::Peer& peer) const override;
    [[nodiscard]] std::uint64_t generation() const override { return generation_; }

    /// For an open stream, after a change: whether the peer, once let in by `verdict`, still is. Cheaper than judge():
    /// where a client CA admitted it and the rules are the same, only the registry's denials are asked. A registry that
    /// can't be reached closes nothing.
    [[nodiscard]] bool still_admits(const tls::Peer& peer, const trust::Verdict& verdict, bool rules_changed) const;

    [[nodiscard]] const registry::Snapshot& snapshot() const { return *snapshot_; }

  private:
    [[nodiscard]] trust::Verdict judge_with(trust::Standing standing, const tls::Peer& peer, x509::Time now) const;

    std::shared_ptr<const AdmissionRules> rules_;
    std::shared_ptr<const registry::Snapshot> snapshot_;
    const SnapshotFreshness* freshness_;
    std::chrono::milliseconds grace_;
    std::uint64_t generation_ = 1;
};

}  // namespace cotter::service
