// What the commands of `cotter ca` share: their options, and how what they did is told.
#pragma once

#include "authority/folder.h"
#include "authority/handover.h"
#include "authority/issuance.h"
#include "cli/invocation.h"

#include <optional>
#include <string>
#include <vector>

namespace cotter::cli {

struct CaOptions {
    std::string name;  ///< of a client, of the authority, or a serial number
    std::string request;
    std::string out;
    std::string reason = "unspecified";
    std::string passphrase_file;
    std::string p12_passphrase_file;
    std::string root_key;
    std::string registry;
    int days = 0;   ///< 0: not said
    int hours = 0;  ///< 0: not said
    bool has_intermediate = false;
    bool asks_passphrase = false;
    bool asks_p12_passphrase = false;
    bool adds_key = false;
    bool forgets = false;
};

/// Of --hours or --days.
[[nodiscard]] std::optional<std::chrono::seconds> life_of(const CaOptions& options);

/// Opens key files, by --passphrase-file or by asking on the terminal.
[[nodiscard]] authority::Folder::Ask ask_for(const CaOptions& options);

// The commands that give certificates: cli/ca_issue.cc.
[[nodiscard]] int run_ca_issue(const Invocation& invocation, const CaOptions& options);
[[nodiscard]] int run_ca_sign(const Invocation& invocation, const CaOptions& options);
[[nodiscard]] int run_ca_renew(const Invocation& invocation, const CaOptions& options);

// How they tell what they did: cli/ca_print.cc.
void print_authority(const Invocation& invocation, const authority::Folder& folder,
                     const std::vector<x509::Certificate>& chain, bool is_encrypted);
void print_certificates(const Invocation& invocation, const std::vector<registry::IssuedCertificate>& certificates,
                        x509::Time now);
/// `word`: "issued" or "renewed". `passphrase`: of the PKCS#12 file, where it is to be shown, this once.
void print_handover(const Invocation& invocation, std::string_view word, const registry::ClientName& name,
                    const x509::Certificate& certificate, const authority::HandoverFiles& files,
                    const x509::Passphrase* passphrase);
/// A certificate without files of its key: `out` is where its chain went; empty: it is in `pem`, for standard output.
void print_signed(const Invocation& invocation, std::string_view word, const registry::ClientName& name,
                  const x509::Certificate& certificate, const std::string& out, const std::string& pem);
void print_revocation(const Invocation& invocation, const std::string& word, const authority::Revocation& revocation,
                      const registry::Enforcement& enforcement);
/// `out`: where the lists went; empty: they are in `pem`, for standard output.
void print_lists(const Invocation& invocation, const std::vector<x509::CertificateRevocationList>& lists,
                 const std::string& out, const std::string& pem);

}  // namespace cotter::cli
