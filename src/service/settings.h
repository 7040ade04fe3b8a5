// What serve and connect are asked to do: flags or a configuration file, parsed.
#pragma once

#include "authority/authority.h"
#include "identity/identity.h"
#include "identity/state_folder.h"
#include "metrics/listener.h"
#include "stream/endpoint.h"
#include "stream/proxy_protocol.h"
#include "stream/relay_end.h"
#include "trust/client_rules.h"
#include "trust/policy.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
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
};

/// What holds for all the connections of a process.
struct ProcessSettings {
    std::size_t most_connections = 0;  ///< 0: as many as descriptors allow
    std::chrono::milliseconds drain_timeout = std::chrono::minutes(5);
    std::optional<metrics::ListenerSettings> metrics{};
};

/// Two files, read again at each reload.
using IdentityFiles = identity::KeyFiles;

/// What comes in at one address, whom it is for, and where it goes.
struct ServiceSettings {
    std::string name;  ///< in logs and rules; as a client's, [a-z0-9._-]
    stream::ListenAddress listen;
    std::vector<stream::Target> backends;                     ///< at least one; the first that is up is used
    std::optional<std::chrono::milliseconds> health_check{};  ///< how often each is connected to, to see if it is up
    std::optional<std::filesystem::path> client_ca{};
    std::vector<std::filesystem::path> client_crls{};
    std::vector<trust::ClientNamePattern> client_names{};
    std::optional<stream::ProxyVersion> proxy_protocol{};
    bool unsafe_target = false;
    std::shared_ptr<const trust::ClientRules> rules{};  ///< for each of its clients, besides that client's own
    bool end_with_certificate = false;
    StreamSettings stream{};
};

struct ServeSettings {
    IdentityFiles identity;
    /// Whose identity that is; none: files that somebody else looks after, whose key cotter doesn't change.
    std::optional<identity::StateFolder> state{};
    bool lets_renew = true;  ///< clients may change their own keys
    /// Opens the authority whose certificates clients may renew here, anew at each reload; empty: none.
    std::function<Result<authority::Authority>()> open_authority{};
    std::vector<ServiceSettings> services;
    std::filesystem::path crl_numbers{};  ///< where the newest CRLs seen are remembered
    std::string registry_url{};
    std::optional<Pin> last_served{};  ///< this server's pin when it last ran; another is recorded in the audit log
    std::chrono::milliseconds registry_grace = std::chrono::minutes(5);
    unsigned threads = 1;
    std::size_t most_handshakes = 1024;            ///< a thread
    std::size_t most_handshakes_per_source = 256;  ///< a thread and source network
    bool pending = false;                   ///< strangers wait in the registry's list for the owner to approve them
    std::filesystem::path status_socket{};  ///< empty: nobody can ask this server how it is
    ProcessSettings process{};
};

}  // namespace cotter::service
