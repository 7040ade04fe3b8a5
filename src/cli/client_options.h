// The options of commands that go to a server: what it is judged by, and as whom we come.
#pragma once

#include "cli/bundle_choice.h"
#include "cli/invocation.h"
#include "cli/revocation_options.h"
#include "cli/stream_options.h"
#include "service/client_settings.h"
#include "trust/verdict.h"

#include <CLI/App.hpp>

#include <cotter/error.h>

#include <string>
#include <variant>
#include <vector>

namespace cotter::cli {

struct TrustOptions {
    std::vector<std::string> pins;
    std::string match;
    std::string trust;
    std::string policy;
    BundleChoice bundle;
    std::string roots;
    RevocationOptions revocation;
    std::vector<std::string> tlsa;
    std::string resolver;
    std::string dnssec_anchor;
    bool hash_hosts = false;

    void add_to(CLI::App& command);
    /// What the flags say, and where that state folder keeps the rest. Warnings about sample pins go to standard error.
    [[nodiscard]] Result<service::TrustRequest> request(const identity::StateFolder& state) const;
};

/// Reads --resolver and --dnssec-anchor; empty: not given.
[[nodiscard]] Result<evidence::DnsSettings> dns_settings(const std::string& resolver, const std::string& anchors);

/// Reads every --pin.
[[nodiscard]] Result<std::vector<Pin>> parse_pins(const std::vector<std::string>& arguments);

/// Prints a refusal that needs no connection: there is nothing to judge the server by. Gives the exit code.
[[nodiscard]] int report_no_policy(const Invocation& invocation, const std::string& server);

}  // namespace cotter::cli
