// The options about revocation of commands that judge a server: which certificates, by what is given, by what is
// fetched.
#pragma once

#include "identity/state_folder.h"
#include "service/client_settings.h"

#include <CLI/App.hpp>

#include <string>
#include <vector>

namespace cotter::cli {

struct RevocationOptions {
    std::vector<std::string> crls;
    std::vector<std::string> ocsp_responses;
    std::string scope = "chain";
    bool fetch_crl = false;
    bool fetch_ocsp = false;
    bool fetch_private = false;

    void add_to(CLI::App& command);
    [[nodiscard]] x509::RevocationScope revocation_scope() const;
    /// What is given and fetched, and where that state folder remembers CRLs.
    void apply(const identity::StateFolder& state, service::ClientSettings& settings) const;
};

}  // namespace cotter::cli
