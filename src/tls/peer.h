// Peer: what a handshake knows of the other end. PeerJudge: who decides on it, asked inside the handshake and again at
// the gate.
#pragma once

#include "trust/evidence.h"
#include "trust/verdict.h"
#include "x509/certificate.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::tls {

/// What the two ends agreed to speak inside TLS, by ALPN (RFC 7301).
enum class Application : std::uint8_t {
    kBare,     ///< no ALPN: the stream begins at once; any TLS peer
    kStream,   ///< "cotter/1": the server confirms admission before the stream (docs/protocol.md)
    kJoin,     ///< "cotter-join/1": the join exchange and nothing else
    kControl,  ///< "cotter-control/1": what an admitted client tells the server of keys, and nothing else
};

/// "cotter/1", "cotter-join/1", "cotter-control/1"; empty for kBare.
[[nodiscard]] std::string_view protocol_name(Application application);

struct Peer {
    /// Exact bytes as presented in this handshake, or in the one whose session is being resumed; leaf first.
    std::vector<x509::Certificate> presented;
    /// Why what was sent can't be read.
    std::optional<std::string> malformed;
    /// The OCSP response that came stapled, as sent in that handshake; empty: none did, or none was asked for.
    ByteVector stapled;
    trust::Possession possession = trust::Possession::kNotProven;
    trust::Protocol protocol = trust::Protocol::kNone;
    Application application = Application::kBare;
    /// When the peer last proved its key by a signature; a resumption does not move it (INVARIANT A37).
    std::chrono::steady_clock::time_point authenticated_at;
};

/// What a peer has shown of itself, as evidence; what is known of it besides is for others to add.
[[nodiscard]] trust::Evidence evidence_of(const Peer& peer);

/// Decides on peers, on one thread. Must outlive the handshakes that ask it.
class PeerJudge {
  public:
    virtual ~PeerJudge() = default;
    [[nodiscard]] virtual trust::Verdict judge(const Peer& peer) const = 0;
    /// Whether a peer that speaks kJoin may finish its handshake, so that it can present an invitation. It gets no
    /// stream.
    [[nodiscard]] virtual bool may_join(const Peer& peer) const = 0;
    /// Moves whenever a verdict given before might be another now.
    [[nodiscard]] virtual std::uint64_t generation() const = 0;
    /// True for one who only wants to see a peer: the handshake runs to its end whatever the verdict, so that the
    /// peer's possession of its key is proven, and the gate then gives nothing.
    [[nodiscard]] virtual bool only_looks() const { return false; }
};

}  // namespace cotter::tls
