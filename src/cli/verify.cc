// cotter verify: what a policy makes of a live server, or of a chain in a file.
#include "cli/ask.h"
#include "cli/client_options.h"
#include "cli/help_topics.h"
#include "cli/invocation.h"
#include "cli/key_log.h"
#include "cli/notary_options.h"
#include "cli/prove.h"
#include "cli/report.h"
#include "cli/report_options.h"
#include "cli/starttls_option.h"
#include "cli/verify_print.h"
#include "service/known_status.h"
#include "service/probe.h"
#include "service/wall_clock.h"
#include "text/time.h"
#include "trust/judge.h"
#include "x509/pem.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

#include <utility>

namespace cotter::cli {
namespace {

struct VerifyOptions {
    std::string server;
    std::string chain;
    std::string host;
    std::string server_name;
    std::string at;
    std::optional<stream::StartTls> start_tls;
    bool prove = false;
    std::string purpose;
    TrustOptions trust;
    KeyLogOptions key_log;
    NotaryOptions notaries;
    ReportOptions reports;
};

Result<service::ClientSettings> settings_of(const VerifyOptions& options, const identity::StateFolder& state,
                                            const HostPort& server) {
    auto trust = options.trust.request(state);
    if (!trust) return unexpected(trust.error());
    trust->minimum_protocol = trust::Protocol::kTls12;
    service::ClientSettings settings{.server = server};
    settings.trust = std::move(*trust);
    settings.start_tls = options.start_tls;
    settings.stream.minimum_protocol = trust::Protocol::kTls12;
    if (!options.trust.roots.empty()) settings.roots = options.trust.roots;
    options.trust.revocation.apply(state, settings);
    if (auto applied = options.key_log.apply(state, settings); !applied) return unexpected(applied.error());
    auto dns = dns_settings(options.trust.resolver, options.trust.dnssec_anchor);
    if (!dns) return unexpected(dns.error());
    settings.dns = std::move(*dns);
    if (!options.server_name.empty()) {
        auto name = HostName::parse(options.server_name);
        if (!name) return unexpected(name.error());
        settings.server_name = std::move(*name);
    }
    return settings;
}

/// Who judges a file is asked for a name, unless a pin of the leaf decides without one.
bool needs_host(const VerifyOptions& options) {
    const bool is_by_leaf_pins = !options.trust.pins.empty() &&
                                 (options.trust.trust.empty() || options.trust.trust == "pins") &&
                                 (options.trust.match.empty() || options.trust.match == "leaf");
    return options.host.empty() && !is_by_leaf_pins;
}

int refuse_call(const Invocation& invocation, std::string why, std::string next) {
    return report(invocation,
                  Error{ErrorKind::kMalformedInput, "bad_call", "verifying", std::move(why), std::move(next), {}});
}

/// The verdict is printed, and is the exit code.
int tell(const Invocation& invocation, const Judged& judged) {
    print_verdict(invocation, judged);
    return judged.verdict.lets_pass() ? kDone : kVerdict;
}

/// What the certificates of the chain name, where they make a path but for revocation.
std::shared_ptr<const evidence::FetchedStatus> fetch_for(const trust::Evidence& evidence, trust::ServerPolicy policy,
                                                         const evidence::StatusSources& sources, x509::Time now) {
    const x509::RevocationScope scope = std::exchange(policy.revocation, x509::RevocationScope::kOff);
    const trust::Verdict verdict = trust::judge(evidence, policy, now);
    if (!verdict.lets_pass()) return nullptr;
    return std::make_shared<const evidence::FetchedStatus>(evidence::fetch_status(verdict.chain, scope, sources));
}

int verify_file(const Invocation& invocation, const VerifyOptions& options, const identity::StateFolder& state,
                x509::Time now) {
    if (needs_host(options))
        return refuse_call(invocation, "the certificate must be compared with a name", "add --host NAME");
    std::optional<HostPort> host;
    if (!options.host.empty()) {
        auto parsed = HostPort::parse(options.host, 443);
        if (!parsed) return report(invocation, parsed.error());
        host = std::move(*parsed);
    }
    auto settings = settings_of(options, state, host ? *host : *HostPort::parse("unnamed.invalid:1"));
    if (!settings) return report(invocation, settings.error());
    settings->trust.known_peers.clear();
    const auto configuration = service::ClientConfiguration::read(*settings);
    if (!configuration) return report(invocation, configuration.error());
    if (!configuration->policy) return report_no_policy(invocation, options.host);
    const trust::TrustMode mode = configuration->policy->trust;
    if (trust::is_continuity(mode)) {
        return refuse_call(invocation, "a file is not judged by what is remembered of live servers",
                           "say --pin, or --trust chain");
    }
    if (looks_at_dane(*configuration->policy) && settings->trust.tlsa.empty()) {
        return refuse_call(invocation, "a file is judged by TLSA records that are given, not by a look-up",
                           "give each with --tlsa 'USAGE SELECTOR MATCHING HEX' (dig prints them so)");
    }
    auto chain = x509::read_certificates(options.chain);
    if (!chain) return report(invocation, chain.error());
    trust::Evidence evidence;
    evidence.presented = std::move(*chain);
    evidence.host = host;
    evidence.anchors = configuration->anchors;
    evidence.dane = configuration->dane;
    trust::ServerPolicy policy = *configuration->policy;
    if (options.purpose == "client") policy.purpose = x509::Purpose::kClient;
    service::KnownStatus status{configuration->crls, configuration->ocsp_responses, nullptr, {}};
    // What was seen since says nothing of another time.
    if (options.at.empty()) status.crl_numbers = settings->status.crl_numbers;
    if (settings->status.fetches()) {
        status.fetched = fetch_for(evidence, policy, settings->status, now);
        // What was made to answer us began after the question.
        if (options.at.empty()) now = service::wall_clock_now();
    }
    status.add_to(evidence, {}, now);
    const trust::Verdict verdict = trust::judge(evidence, policy, now);
    const auto reporter = options.reports.start(state);
    if (!reporter) return report(invocation, reporter.error());
    if (*reporter && host && verdict.outcome != trust::Outcome::kTrusted)
        (*reporter)->take({*host, *host, verdict, policy, configuration->noted, now, {}});
    return tell(invocation, {verdict, host, mode, trust::coverage_of(evidence, policy, verdict, now)});
}

/// We come as ourselves, where there is a key of ours, so that a server that admits us has nothing to refuse.
int prove(const Invocation& invocation, service::ClientSettings settings, const identity::StateFolder& state) {
    if (std::filesystem::exists(state.key_file()) && std::filesystem::exists(state.certificate_file()))
        settings.identity = service::IdentityFiles{state.key_file(), state.certificate_file()};
    return run_proof(invocation, settings);
}

int verify_live(const Invocation& invocation, const VerifyOptions& options, const identity::StateFolder& state) {
    auto server = HostPort::parse(options.server, options.start_tls ? stream::usual_port(*options.start_tls) : 443);
    if (!server) return report(invocation, server.error());
    auto settings = settings_of(options, state, *server);
    if (!settings) return report(invocation, settings.error());
    const auto policy = service::choose_policy(settings->trust, settings->judged_host());
    if (!policy) return report(invocation, policy.error());
    if (!*policy) return report_no_policy(invocation, server->to_string());
    if (auto checked = check_key_log(*settings, **policy); !checked) return report(invocation, checked.error());
    if (options.prove) return prove(invocation, *settings, state);
    if (auto heard = options.notaries.hear(invocation, state, **policy, NotaryOptions::When::kAlways, *settings);
        !heard)
        return report(invocation, heard.error());
    if (const auto refused = ask_at_first_contact(invocation, *settings, **policy)) return *refused;
    const auto reporter = options.reports.start(state);
    if (!reporter) return report(invocation, reporter.error());
    if (*reporter) settings->on_incident = [&](const service::Incident& incident) { (*reporter)->take(incident); };
    const auto seen = service::probe(*settings);
    if (!seen) return report(invocation, {server->to_string(), {}}, seen.error());
    if (*reporter && seen->incident) (*reporter)->take(*seen->incident);
    return tell(invocation,
                {seen->verdict, settings->judged_host(), (*policy)->trust, seen->coverage.value_or(trust::Coverage{})});
}

int run(const Invocation& invocation, const VerifyOptions& options) {
    if (options.server.empty() == options.chain.empty()) {
        return refuse_call(invocation, "either a server or a file is judged",
                           "give HOST:PORT, or --chain FILE --host NAME");
    }
    if (options.prove && options.server.empty())
        return refuse_call(invocation, "a file has no path to prove", "give HOST:PORT with --prove");
    if (!options.key_log.log.empty() && (options.prove || options.server.empty())) {
        return refuse_call(invocation, "--key-log is asked about a live server's key, and not by --prove",
                           "leave it out");
    }
    if (options.notaries.is_given() && (options.prove || options.server.empty())) {
        return refuse_call(invocation, "--notary is asked about a live server, and not by --prove", "leave it out");
    }
    x509::Time now = service::wall_clock_now();
    if (!options.at.empty()) {
        const auto at = text::parse_rfc3339(options.at);
        if (!at) return report(invocation, at.error());
        now = *at;
    }
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    if (!options.chain.empty() && options.start_tls)
        return refuse_call(invocation, "--starttls is for a live server", "leave it out for --chain");
    if (!options.chain.empty()) return verify_file(invocation, options, *state, now);
    if (!options.at.empty() || !options.host.empty() || !options.purpose.empty()) {
        return refuse_call(invocation, "--at, --host and --purpose are for --chain",
                           "leave them out for a live server");
    }
    return verify_live(invocation, options, *state);
}

}  // namespace

void add_verify(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<VerifyOptions>();
    CLI::App* const command = app.add_subcommand("verify", "Judge a live server, or a chain in a file");
    command->footer(
        "Examples:\n"
        "  cotter verify 127.0.0.1:7000\n"
        "  cotter verify example.com --trust chain --prove");
    command->add_option("SERVER", options->server, "HOST[:PORT] of a live server [443]")->type_name("HOST");
    command->add_option("--chain", options->chain, "This PEM instead, leaf first; - is standard input")
        ->type_name("FILE");
    command->add_option("--host", options->host, "The name[:port] that --chain is judged for")->type_name("NAME");
    command->add_option("--server-name", options->server_name, "Sent and judged instead of HOST")->type_name("NAME");
    add_start_tls(*command, options->start_tls);
    command->add_option("--at", options->at, "Judge --chain as of this RFC 3339 time")->type_name("TIME");
    command->add_flag("--prove", options->prove, "Show that wrong pins and names are refused here");
    options->trust.add_to(*command);
    options->key_log.add_to(*command);
    options->notaries.add_to(*command);
    options->reports.add_to(*command);
    command->add_option("--purpose", options->purpose, "What --chain is judged for: server or client [server]")
        ->type_name("WHAT")
        ->check(CLI::IsMember({"server", "client"}))
        ->group(std::string(kEvidenceGroup));
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
