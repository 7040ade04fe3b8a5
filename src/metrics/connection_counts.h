// ConnectionCounts: what becomes of the connections of one service on one thread: handshakes, streams, bytes. Each
// connection is counted once in each. Nothing here knows a client.
#pragma once

#include "metrics/count.h"
#include "stream/relay_end.h"
#include "trust/reason.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cotter::metrics {

class Exposition;

/// The other side may have a stream.
struct Admitted {};
/// A client's join or control exchange, which has no stream.
struct Exchanged {};
/// The other side refused us.
struct NotAdmitted {};
/// No verdict was come to.
enum class HandshakeFault : std::uint8_t {
    kUnreachable,  ///< there was no connection to shake hands on
    kTls,
    kClosed,
    kTimeout,
    kTooLong,   ///< more octets than an honest handshake has
    kCrowded,   ///< it made room for others, or found none
    kDrained,   ///< this process was ending
    kNoStream,  ///< hands were shaken, and the server then gave no stream
};
/// The reason code is that of our own verdict, the first by precedence.
using HandshakeOutcome = std::variant<Admitted, Exchanged, NotAdmitted, trust::ReasonCode, HandshakeFault>;

/// Written by one thread.
class alignas(64) ConnectionCounts {
  public:
    void accepted();
    /// Once for each that was accepted. `duration` is since then.
    void handshake_ended(const HandshakeOutcome& outcome, std::chrono::nanoseconds duration);
    void stream_opened() { open_streams_.add(); }
    void moved(std::uint64_t bytes_in, std::uint64_t bytes_out);
    /// Once for each that was opened; without a reason: its backend could not be reached.
    void stream_ended(std::optional<stream::EndReason> reason);

  private:
    friend class CountTable;
    static constexpr std::size_t kReasonCodes = static_cast<std::size_t>(trust::ReasonCode::kDowngradedProtocol) + 1;
    static constexpr std::size_t kFaults = static_cast<std::size_t>(HandshakeFault::kNoStream) + 1;
    static constexpr std::size_t kEnds = static_cast<std::size_t>(stream::EndReason::kDrained) + 1;

    Count connections_;
    Count open_handshakes_;
    Count admitted_;
    Count exchanged_;
    Count not_admitted_;
    std::array<Count, kReasonCodes> refused_;
    std::array<Count, kFaults> failed_;
    DurationHistogram admitted_after_;
    DurationHistogram refused_after_;
    Count open_streams_;
    std::array<Count, kEnds> ended_;
    Count backend_unreachable_;
    Count bytes_in_;
    Count bytes_out_;
};

/// Those of all threads and services.
class CountTable {
  public:
    /// A service without a name is called "default".
    CountTable(std::size_t threads, std::vector<std::string> services);

    [[nodiscard]] ConnectionCounts& of(std::size_t thread, std::size_t service) {
        return counts_[thread * services_.size() + service];
    }
    [[nodiscard]] const std::vector<std::string>& services() const { return services_; }

    /// The sums over all threads. From any thread.
    void add_to(Exposition& exposition) const;

  private:
    template <class Value>
    [[nodiscard]] std::uint64_t sum(std::size_t service, Value value) const;
    void add_handshakes(Exposition& exposition, std::size_t service) const;
    void add_streams(Exposition& exposition, std::size_t service) const;

    std::size_t threads_;
    std::vector<std::string> services_;
    std::unique_ptr<ConnectionCounts[]> counts_;
};

}  // namespace cotter::metrics
