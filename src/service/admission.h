// Admission: how a server judges clients. AdmissionRules come from files and change at a reload; AdmissionJudge joins
// them with the registry's snapshot, on one thread.
#pragma once

#include "registry/snapshot.h"
#include "service/ledger.h"
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

/// What is known of a connection besides its peer.
struct Arrival {
    std::optional<IpAddress> source;  ///< none: it comes by a UNIX socket
    const Ledger* ledger = nullptr;   ///< that counts open streams; null: they are not counted
};

/// What an open stream is held to.
struct Terms {
    std::optional<x509::Time> valid_until;
    std::shared_ptr<const trust::ClientRules> rules;  ///< the client's; null: none
    std::uint64_t disconnects = 0;
};

/// When the registry was last read without a fault; shared by all threads.
using SnapshotFreshness = std::atomic<std::chrono::steady_clock::time_point>;

class AdmissionJudge final : public tls::PeerJudge {
  public:
    AdmissionJudge(std::shared_ptr<const AdmissionRules> rules, std::shared_ptr<const registry::Snapshot> snapshot,
                   const SnapshotFreshness& freshness, std::chrono::milliseconds grace);

    void replace(std::shared_ptr<const AdmissionRules> rules);
    void replace(std::shared_ptr<const registry::Snapshot> snapshot);

    /// Of a peer that comes from nowhere that is known.
    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer) const override { return judge(peer, Arrival{}); }
    [[nodiscard]] trust::Verdict judge(const tls::Peer& peer, const Arrival& arrival) const;
    [[nodiscard]] bool may_join(const tls::Peer& peer) const override;
    [[nodiscard]] std::uint64_t generation() const override { return generation_; }

    /// For an open stream, after a change: whether the peer, once let in by `verdict` and held to `terms` since, still
    /// is, and what it is held to now. Cheaper than judge(): where a client CA admitted it and the rules are the same,
    /// only the registry's denials are asked. A registry that can't be reached closes nothing; nor does the number of
    /// streams, which the ledger counts.
    [[nodiscard]] std::optional<Terms> still_admits(const tls::Peer& peer, const std::optional<IpAddress>& source,
                                                    const trust::Verdict& verdict, const Terms& terms,
                                                    bool rules_changed) const;

    [[nodiscard]] const registry::Snapshot& snapshot() const { return *snapshot_; }
    [[nodiscard]] const trust::AdmissionPolicy& policy() const { return rules_->policy; }
    /// Of a client with those rules, at this service.
    [[nodiscard]] StreamCaps caps_of(const trust::ClientRules* rules) const;

  private:
    [[nodiscard]] trust::Verdict judge_with(trust::Standing standing, const tls::Peer& peer,
                                            const std::optional<IpAddress>& source, x509::Time now) const;

    std::shared_ptr<const AdmissionRules> rules_;
    std::shared_ptr<const registry::Snapshot> snapshot_;
    const SnapshotFreshness* freshness_;
    std::chrono::milliseconds grace_;
    std::uint64_t generation_ = 1;
};

}  // namespace cotter::service
