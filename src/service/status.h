// What a running server says of itself to its owner, and how it is written: one JSON document.
#pragma once

#include "service/expiry.h"
#include "x509/certificate.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cotter::service {

/// The streams of one client.
struct ClientStatus {
    std::uint64_t streams = 0;
    x509::Time since{};                    ///< of the oldest
    std::string source;                    ///< of the newest
    std::vector<std::string> connections;  ///< ids, at most kMostConnectionsInStatus, the newest first
    std::string service;                   ///< of the newest
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

struct RefusalStatus {
    x509::Time at{};
    std::string connection;
    std::string source;
    std::string client;
    std::string pin;
    std::string service;
    std::string codes;
    std::string reason;
};

/// What one thread says; bounded.
struct ThreadStatus {
    std::uint64_t streams = 0;
    std::uint64_t handshakes = 0;
    std::map<std::string, ClientStatus> clients{};  ///< by name
    bool has_more_clients = false;
    std::vector<RefusalStatus> refusals{};  ///< newest last
};

inline constexpr std::size_t kMostClientsInStatus = 1000;
inline constexpr std::size_t kMostConnectionsInStatus = 32;
inline constexpr std::size_t kMostRefusalsInStatus = 32;

struct ServiceStatus {
    struct Backend {
        std::string to;
        bool is_up = true;
    };
    std::string name;
    std::string listen;
    std::vector<Backend> backends;
};

struct RegistryStatus {
    std::string url;
    std::uint64_t version = 0;
    std::size_t clients = 0;
    std::chrono::milliseconds age{};  ///< since it was last read without a fault
    bool is_reachable = true;
};

struct ServerStatus {
    x509::Time now{};
    x509::Time since{};
    std::string pin;
    bool takes_pending = false;
    std::vector<ServiceStatus> services;
    RegistryStatus registry;
    std::vector<std::optional<ThreadStatus>> threads;  ///< none: the thread did not answer in time
    std::vector<Expiry> expiries;                      ///< near or past, soonest first
};

/// One line, every text escaped.
[[nodiscard]] std::string to_json(const ServerStatus& status);

}  // namespace cotter::service
