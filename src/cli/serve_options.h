// ServeOptions: what `serve` is asked, as texts of flags or of a configuration file, and what they come to.
#pragma once

#include "cli/invocation.h"
#include "cli/stream_options.h"
#include "service/settings.h"

#include <cotter/error.h>

#include <string>
#include <vector>

namespace cotter::cli {

struct ServiceOptions {
    std::string name;
    std::string listen;
    std::vector<std::string> to;
    std::string health_check;
    std::string client_ca;
    std::vector<std::string> client_crls;
    std::vector<std::string> client_names;
    std::string proxy_protocol;
    bool unsafe_target = false;
    bool end_with_certificate = false;
    trust::RuleTexts rules;
    StreamOptions stream;

    [[nodiscard]] Result<service::ServiceSettings> settings() const;
};

struct ServeOptions {
    std::vector<ServiceOptions> services;
    std::string certificate;
    std::string key;
    std::string registry;
    std::string registry_grace = "5m";
    unsigned threads = 0;
    bool pending = false;
    bool no_renewal = false;
    bool renew_certificates = false;
    std::string ca_folder;
    std::string ca_passphrase_file;
    StreamOptions stream;  ///< what of it is the process's; a service has its own

    /// Makes the state folder's identity if it is the one to use and there is none.
    [[nodiscard]] Result<service::ServeSettings> settings(const Invocation& invocation) const;
};

/// Serves until it is ended, says where and with which pin, and gives the exit code.
[[nodiscard]] int serve_with(const Invocation& invocation, const ServeOptions& options);

/// Reads a configuration file (docs/configuration.md). Relative paths are seen from its folder; everything in it is
/// checked but what it names. An Error has the place.
[[nodiscard]] Result<ServeOptions> read_configuration(const std::string& file);

}  // namespace cotter::cli
