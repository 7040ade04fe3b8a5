// Learning what a server's key log says, where continuity does not know its key: read whole, off the reactor's thread,
// between two handshakes and never within one.
#pragma once

#include "keylog/memory.h"
#include "stream/reactor.h"
#include "stream/steady_time.h"
#include "trust/key_log_finding.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <stop_token>
#include <vector>

namespace cotter::service {

/// Where a log is, and what is remembered of it.
struct KeyLogSettings {
    keylog::Location location;
    keylog::Memory memory;
};

/// What came of one reading.
class KeyLogReading {
  public:
    KeyLogReading(keylog::Reading<keylog::LogView> outcome, stream::SteadyTime read_at)
        : outcome_(std::move(outcome)), read_at_(read_at) {}

    /// What it says of that key; kNotRead once the reading is too old to count, some seconds after it ended: a key that
    /// was taken back since then must not get in by it.
    [[nodiscard]] trust::KeyLogFinding finding(const HostPort& server, const x509::Certificate& leaf,
                                               const std::vector<Pin>& remembered, stream::SteadyTime now) const;

  private:
    keylog::Reading<keylog::LogView> outcome_;
    stream::SteadyTime read_at_;
};
using KeyLogPtr = std::shared_ptr<const KeyLogReading>;

/// Waits until it has come, or `stop` is asked for.
[[nodiscard]] KeyLogPtr read_key_log(const KeyLogSettings& settings, const std::stop_token& stop = {});
/// The same on a thread of its own, while the reactor goes on. `settings` must outlive it.
[[nodiscard]] boost::asio::awaitable<KeyLogPtr> read_key_log_beside(stream::Reactor& reactor,
                                                                    const KeyLogSettings& settings);

}  // namespace cotter::service
