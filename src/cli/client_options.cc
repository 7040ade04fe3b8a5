// From flags to a policy.
#include "cli/client_options.h"

#include "cli/help_topics.h"
#include "cli/report.h"
#include "formats/tlsa_record.h"
#include "x509/pem.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

#include <iostream>

namespace cotter::cli {

void TrustOptions::add_to(CLI::App& command) {
    const std::string group = "Trust";
    // One value each time, so that `--pin PIN HOST:PORT` leaves the server where it is.
    command.add_option("--pin", pins, "The server's pin; may be repeated: cotter help pins")
        ->allow_extra_args(false)
        ->type_name("PIN")
        ->group(group);
    command.add_option("--match", match, "Which certificate a pin may be of; else the leaf")
        ->check(CLI::IsMember({"leaf", "issuer", "any"}))
        ->group(group);
    command.add_option("--trust", trust, "chain, chain+pins, strict …: cotter help trust")
        ->option_text("MODE")
        ->check(CLI::IsMember({"pins", "chain+pins", "chain", "strict", "accept-new", "ask", "dane"}))
        ->group(group);
    command.add_option("--policy", policy, "Policy file; else the state folder's policy.toml")
        ->type_name("FILE")
        ->group(group);
    bundle.add_to(command);
    command.add_option("--roots", roots, "Trust anchors, PEM; else the system's")
        ->type_name("FILE")
        ->group(std::string(kEvidenceGroup));
    revocation.add_to(command);
    command.add_option("--tlsa", tlsa, "TLSA record in place of a look-up; may be repeated")
        ->allow_extra_args(false)
        ->type_name("RECORD")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--resolver", resolver, "Where to ask for TLSA records; else as /etc/resolv.conf says")
        ->type_name("ADDR")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--dnssec-anchor", dnssec_anchor, "DS or DNSKEY records to begin with; else the root zone's")
        ->type_name("FILE")
        ->group(std::string(kEvidenceGroup));
    command.add_flag("--hash-hosts", hash_hosts, "Remember servers under hashed names")
        ->group(std::string(kEvidenceGroup));
}

Result<evidence::DnsSettings> dns_settings(const std::string& resolver, const std::string& anchors) {
    evidence::DnsSettings settings;
    if (!resolver.empty()) {
        auto server = evidence::DnsServer::parse(resolver);
        if (!server) return unexpected(server.error());
        settings.server = *server;
    }
    if (!anchors.empty()) settings.anchors = anchors;
    return settings;
}

Result<std::vector<Pin>> parse_pins(const std::vector<std::string>& arguments) {
    std::vector<Pin> pins;
    for (const std::string& argument : arguments) {
        auto parsed = x509::pins_from_argument(argument);
        if (!parsed) return unexpected(parsed.error());
        for (Pin& pin : *parsed) {
            if (const auto manual = pin.sample_of()) {
                std::cerr << "cotter: warning: " << pin.abbreviated() << " is a sample printed in " << *manual
                          << ", not a pin of yours\n";
            }
            pins.push_back(std::move(pin));
        }
    }
    return pins;
}

Result<service::TrustRequest> TrustOptions::request(const identity::StateFolder& state) const {
    service::TrustRequest request;
    auto parsed = parse_pins(pins);
    if (!parsed) return unexpected(parsed.error());
    request.pins = std::move(*parsed);
    for (const std::string& record : tlsa) {
        auto read = formats::parse_tlsa_record(record);
        if (!read) return unexpected(read.error());
        request.tlsa.push_back(std::move(*read));
    }
    if (!match.empty()) request.match = trust::match_from(match);
    if (!trust.empty()) request.trust = trust::trust_mode_from(trust);
    request.revocation = revocation.revocation_scope();
    if (!policy.empty()) request.policy_file = policy;
    if (!bundle.location.empty()) {
        if (!policy.empty()) {
            return malformed("policy_and_bundle", "reading --policy and --bundle", "both say how servers are judged",
                             "leave one of them out");
        }
        auto subscription = bundle.subscription(state);
        if (!subscription) return unexpected(subscription.error());
        if (const auto used = refreshed_policy(*subscription); !used) return unexpected(used.error());
        request.bundle = std::move(*subscription);
    }
    request.usual_policy_file = state.policy_file();
    request.known_peers = state.known_peers_file();
    if (hash_hosts) request.peer_names = evidence::HostNames::kHashed;
    return request;
}

int report_no_policy(const Invocation& invocation, const std::string& server) {
    print_failure(invocation, trust::text_of(trust::ReasonCode::kNoPolicy),
                  "the server " + server + " is not trusted: nothing is known of its key",
                  std::string(advice_on(trust::ReasonCode::kNoPolicy)));
    return kVerdict;
}

}  // namespace cotter::cli
