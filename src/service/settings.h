// What serve and connect are asked to do: flags, parsed.
#pragma once

#include "identity/identity.h"
#include "stream/endpoint.h"
#include "stream/proxy_protocol.h"
#include "stream/relay_end.h"
#include "trust/policy.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cotter::service {

/// INTERFACE 4, "Both".
struct StreamSettings {
    trust::Protocol minimum_protocol = trust::Protocol::kTls13;
    bool resumption = false;
    std::chrono::milliseconds handshake_timeout{10'000};
    std::chrono::milliseconds connect_timeout{10'000};
    stream::RelayLimits limits;
    std::size_t most_connections = 0;  ///< 0: as many as descriptors allow
    std::chrono::milliseconds drain_timeout = std::chrono::minutes(5);
};

/// Two files, read again at each reload.
struct IdentityFiles {
    std::filesystem::path key;
    std::filesystem::path certificate;
};

struct ServeSettings {
    stream::ListenAddress listen;
    stream::Target to;
    IdentityFiles identity;
    std::optional<std::filesystem::path> client_ca{};
    std::vector<std::filesystem::path> client_crls{};
    std::filesystem::path crl_numbers{};  ///< where the newest CRLs seen are remembered
    std::vector<trust::ClientNamePattern> client_names{};
    std::string registry_url{};
    std::chrono::milliseconds registry_grace = std::chrono::minutes(5);
    unsigned threads = 1;
    std::optional<stream::ProxyVersion> proxy_protocol{};
    bool unsafe_target = false;
    std::size_t most_handshakes = 1024;            ///< a thread
    std::size_t most_handshakes_per_source = 256;  ///< a thread and source network
    StreamSettings stream{};
};

}  // namespace cotter::service
