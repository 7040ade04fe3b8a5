// What a client is asked to do, and what of it comes from files.
#pragma once

#include "evidence/dane_resolver.h"
#include "evidence/status_fetch.h"
#include "identity/identity.h"
#include "service/incident.h"
#include "service/key_log_lookup.h"
#include "service/next_key.h"
#include "service/policy_choice.h"
#include "service/settings.h"
#include "stream/starttls_dialogue.h"

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace cotter::service {

struct ClientConfiguration;
struct ReportCounts;

struct ClientSettings {
    HostPort server;                              ///< where to go
    std::optional<HostName> server_name{};        ///< --server-name: sent and judged instead of the host
    std::optional<stream::StartTls> start_tls{};  ///< the protocol that is talked over to TLS first
    TrustRequest trust{};
    std::optional<std::filesystem::path> roots{};
    std::vector<std::filesystem::path> crls{};
    evidence::StatusSources status{};                     ///< besides the CRLs
    evidence::DnsSettings dns{};                          ///< for trust by DANE
    trust::NotaryFindings notaries{};                     ///< what they said of a server that is not known yet
    std::optional<KeyLogSettings> key_log{};              ///< asked about a key that continuity does not know
    std::optional<IdentityFiles> identity{};              ///< none: no certificate is offered
    std::function<void(const Pin&)> on_first_contact{};   ///< told of a key that accept-new has just remembered
    std::function<void(const KeyEvent&)> on_key_event{};  ///< told of what is heard and learnt of the server's keys
    std::function<void(const Incident&)> on_incident{};   ///< told, on the reactor's thread, of each; must not wait
    const ReportCounts* reports = nullptr;  ///< what becomes of those, where somebody counts it; lives as long
    std::optional<stream::ListenAddress> listen{};
    bool unsafe_listen = false;
    StreamSettings stream{};
    ProcessSettings process{};
    std::function<void(ClientConfiguration&)> rehearsal{};  ///< what a proof makes worse before it connects (proof.h)
    std::optional<HostName> rehearsed_host{};               ///< and the name that it judges by; sent is the right one

    /// The name that is judged, with the port.
    [[nodiscard]] HostPort judged_host() const { return {server_name ? *server_name : server.host, server.port}; }
};

/// What a reload replaces, read whole or not at all.
struct ClientConfiguration {
    std::optional<identity::Identity> identity;
    std::optional<trust::HostPattern> noted;    ///< whom the policy file's entry is for, where its pins count
    std::optional<trust::ServerPolicy> policy;  ///< none: nothing covers the server, which is refused
    x509::TrustAnchors anchors;
    std::vector<x509::CertificateRevocationList> crls;
    std::vector<x509::OcspResponse> ocsp_responses;
    trust::DaneAnswer dane;  ///< the records that were given; kNotAsked if none were
    /// Whom to ask for them before each handshake, where DANE decides and none were given.
    std::shared_ptr<evidence::DaneResolver> resolver;

    [[nodiscard]] static Result<ClientConfiguration> read(const ClientSettings& settings);
};

}  // namespace cotter::service
