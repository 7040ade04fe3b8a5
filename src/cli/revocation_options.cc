// From flags to sources of revocation.
#include "cli/revocation_options.h"

#include "cli/help_topics.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace cotter::cli {

void RevocationOptions::add_to(CLI::App& command) {
    const std::string group(kEvidenceGroup);
    command.add_option("--crl", crls, "CRL that must decide; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE")
        ->group(group);
    command.add_option("--ocsp-response", ocsp_responses, "OCSP response that must decide; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE")
        ->group(group);
    command.add_flag("--fetch-crl", fetch_crl, "Fetch the CRLs that the path's certificates name")->group(group);
    command.add_flag("--fetch-ocsp", fetch_ocsp, "Ask the OCSP responders that they name")->group(group);
    command.add_flag("--fetch-private", fetch_private, "Let both reach addresses that are not public")->group(group);
    command.add_option("--revocation", scope, "Whose revocation is asked for")
        ->check(CLI::IsMember({"chain", "leaf", "off"}))
        ->capture_default_str()
        ->group(group);
}

x509::RevocationScope RevocationOptions::revocation_scope() const {
    return scope == "off"    ? x509::RevocationScope::kOff
           : scope == "leaf" ? x509::RevocationScope::kLeaf
                             : x509::RevocationScope::kChain;
}

void RevocationOptions::apply(const identity::StateFolder& state, service::ClientSettings& settings) const {
    settings.crls.assign(crls.begin(), crls.end());
    settings.status.ocsp_responses.assign(ocsp_responses.begin(), ocsp_responses.end());
    settings.status.fetches_crls = fetch_crl;
    settings.status.fetches_ocsp = fetch_ocsp;
    settings.status.may_reach_private = fetch_private;
    settings.status.crl_numbers = state.crl_numbers_file();
}

}  // namespace cotter::cli
