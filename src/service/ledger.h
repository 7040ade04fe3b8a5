// Ledger: what the threads of a server count of each client between two reports to the registry, and how far each
// thread has followed the registry.
#pragma once

#include "registry/registry.h"
#include "trust/judge_rules.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cotter::service {

/// How many streams a client may have open at once; nothing: any number.
struct StreamCaps {
    std::optional<std::uint32_t> at_all{};
    std::optional<std::uint32_t> at_service{};
};

/// Thread-safe; locked once a connection's beginning, end and refusal, never per byte.
class Ledger {
  public:
    explicit Ledger(std::size_t threads) : applied_(threads, 0) {}

    /// Counts one stream more, unless that would be more than the caps allow: then it gives what is open.
    [[nodiscard]] std::optional<trust::OpenStreams> opened(const std::string& client, const std::string& service,
                                                           const std::string& address, x509::Time now,
                                                           const StreamCaps& caps = {});
    void moved(const std::string& client, std::uint64_t bytes_in, std::uint64_t bytes_out);
    void ended(const std::string& client, const std::string& service);
    /// Counts a stream as ended if more are open than the caps allow, and says whether: it must end then.
    [[nodiscard]] bool ended_beyond(const std::string& client, const std::string& service, const StreamCaps& caps);
    [[nodiscard]] trust::OpenStreams open_streams(const std::string& client, const std::string& service) const;
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
    /// Of one client.
    struct Open {
        std::uint32_t at_all = 0;
        std::map<std::string, std::uint32_t> at_service;
    };

    void forget_one(const std::string& client, const std::string& service);
    [[nodiscard]] trust::OpenStreams count(const std::string& client, const std::string& service) const;
    registry::ServerReport::Row& row(const std::string& client);
    [[nodiscard]] std::uint64_t least_applied() const;

    mutable std::mutex mutex_;
    mutable std::condition_variable has_applied_;
    std::map<std::string, registry::ServerReport::Row> changed_;
    std::map<std::string, Open> open_;
    std::vector<std::uint64_t> applied_;
};

}  // namespace cotter::service
