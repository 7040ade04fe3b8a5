// Ledger: what the threads of a server count of each client between two reports to the registry, and how far each
// thread has followed the registry.
#pragma once

#include "registry/registry.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace cotter::service {

/// Thread-safe; locked once a connection's beginning, end and refusal, never per byte.
class Ledger {
  public:
    explicit Ledger(std::size_t threads) : applied_(threads, 0) {}

    void opened(const std::string& client, const std::string& address, x509::Time now);
    void moved(const std::string& client, std::uint64_t bytes_in, std::uint64_t bytes_out);
    void ended(const std::string& client);
    /// A stream that a change of the registry closed; `ended` is told besides.
    void closed(const std::string& client);
    void refused(const std::string& client);

    /// That thread has held all its streams against this version.
    void applied(std::size_t thread, std::uint64_t version);
    /// The version that every thread has reached.
    [[nodiscard]] std::uint64_t applied_by_all() const;
    /// Waits until every thread has reached it, or that long.
    void await_applied(std::uint64_t version, std::chrono::milliseconds most) const;

    /// The rows since the last call; the open streams stay.
    [[nodiscard]] std::vector<registry::ServerReport::Row> take_rows();

  private:
    registry::ServerReport::Row& row(const std::string& client);
    [[nodiscard]] std::uint64_t least_applied() const;

    mutable std::mutex mutex_;
    mutable std::condition_variable has_applied_;
    std::map<std::string, registry::ServerReport::Row> changed_;
    std::map<std::string, std::uint64_t> open_;
    std::vector<std::uint64_t> applied_;
};

}  // namespace cotter::service
