// cotter ca issue, sign and renew: certificates for clients.
#include "cli/ca.h"
#include "cli/owner.h"
#include "cli/passphrase.h"
#include "cli/report.h"
#include "files/files.h"
#include "text/escape.h"
#include "x509/pem.h"

#include <iostream>

namespace cotter::cli {
namespace {

using authority::Authority;
using authority::Folder;
using authority::Handover;
using authority::HandoverFiles;
using registry::ClientName;

constexpr std::chrono::days kUsualLife{365};

/// What every one of these commands needs before it can begin.
struct Desk {
    ClientName name;
    Folder folder;
    files::Lock lock;  ///< so that no two give the same name at once
    Authority authority;
    std::unique_ptr<registry::Registry> registry;
};

Result<Desk> open_desk(const Invocation& invocation, const CaOptions& options) {
    auto name = ClientName::parse(options.name);
    if (!name) return unexpected(name.error());
    auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    Folder folder(state->path());
    if (!folder.has_authority()) {
        const auto nothing = folder.root_certificate();
        if (!nothing) return unexpected(nothing.error());
    }
    auto lock = folder.lock();
    if (!lock) return unexpected(lock.error());
    auto authority = folder.open(ask_for(options));
    if (!authority) return unexpected(authority.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return unexpected(registry.error());
    return Desk{std::move(*name), std::move(folder), std::move(*lock), std::move(*authority), std::move(*registry)};
}

/// The certificate, and those above it.
std::vector<x509::Certificate> chain_of(const x509::Certificate& certificate, const Authority& authority) {
    std::vector<x509::Certificate> chain{certificate};
    chain.insert(chain.end(), authority.chain().begin(), authority.chain().end());
    return chain;
}

/// The passphrase of a PKCS#12 file, and whether nobody has seen it yet.
struct P12Passphrase {
    x509::Passphrase passphrase;
    bool is_new;
};
Result<P12Passphrase> p12_passphrase(const CaOptions& options) {
    const bool is_random = options.p12_passphrase_file.empty() && !options.asks_p12_passphrase;
    auto passphrase =
        is_random ? random_passphrase() : new_passphrase(options.p12_passphrase_file, options.name + ".p12");
    if (!passphrase) return unexpected(passphrase.error());
    return P12Passphrase{std::move(*passphrase), is_random};
}

Error written_but(Error error, const ClientName& name) {
    error.what = "the certificate is recorded, but " + error.what;
    error.next = "then: cotter ca renew " + name.text() + " --out DIR";
    return error;
}

authority::NameTaken name_taken(const CaOptions& options) {
    return options.adds_key ? authority::NameTaken::kAddKey : authority::NameTaken::kRefuse;
}

Error nothing_kept() {
    return {ErrorKind::kMalformedInput,
            "bad_call",
            "issuing a certificate",
            "--forget keeps no key here, and without --out it is nowhere else",
            "add --out DIR",
            {}};
}

/// The chain in a file, or on standard output.
int give_chain(const Invocation& invocation, const CaOptions& options, std::string_view word, const ClientName& name,
               const x509::Certificate& certificate, const Authority& authority) {
    const std::string pem = authority::presented_pem(chain_of(certificate, authority));
    if (!options.out.empty()) {
        const auto written = files::write_public(options.out, x509::as_bytes(pem), files::Replace::kExisting);
        if (!written) return report(invocation, written_but(written.error(), name));
    }
    print_signed(invocation, word, name, certificate, options.out, pem);
    return kDone;
}

}  // namespace

int run_ca_issue(const Invocation& invocation, const CaOptions& options) {
    if (options.forgets && options.out.empty()) return report(invocation, nothing_kept());
    const auto choice = invocation.key_choice();
    if (!choice) return report(invocation, choice.error());
    auto desk = open_desk(invocation, options);
    if (!desk) return report(invocation, desk.error());
    if (auto free = authority::see_that_name_is_free(*desk->registry, desk->name, name_taken(options)); !free)
        return report(invocation, free.error());
    const auto passphrase = p12_passphrase(options);
    if (!passphrase) return report(invocation, passphrase.error());
    auto key = identity::make_key(*choice);
    if (!key) return report(invocation, key.error());
    const auto half = x509::public_key_of(key->get());
    if (!half) return report(invocation, half.error());

    const std::filesystem::path owners = desk->folder.issued_folder(desk->name);
    const std::filesystem::path out = options.out.empty() ? owners : std::filesystem::path(options.out);
    auto handover = Handover::begin(desk->name, *key, out, options.forgets ? std::nullopt : std::optional(owners));
    if (!handover) return report(invocation, handover.error());
    const auto issued = authority::issue(*desk->registry, desk->authority, desk->name, *half,
                                         life_of(options).value_or(kUsualLife), name_taken(options), change_by_owner());
    if (!issued) return report(invocation, issued.error());
    handover->keep();
    const auto files = handover->finish(chain_of(issued->certificate, desk->authority), passphrase->passphrase);
    if (!files) return report(invocation, written_but(files.error(), desk->name));
    const auto enforcement = await_enforcement(*desk->registry, desk->name.text(), issued->version);
    if (!enforcement) return report(invocation, enforcement.error());
    print_handover(invocation, "issued", desk->name, issued->certificate, *files,
                   passphrase->is_new ? &passphrase->passphrase : nullptr);
    return kDone;
}

int run_ca_sign(const Invocation& invocation, const CaOptions& options) {
    const auto key = x509::read_request_key(options.request);
    if (!key) return report(invocation, key.error());
    auto desk = open_desk(invocation, options);
    if (!desk) return report(invocation, desk.error());
    const auto issued = authority::issue(*desk->registry, desk->authority, desk->name, *key,
                                         life_of(options).value_or(kUsualLife), name_taken(options), change_by_owner());
    if (!issued) return report(invocation, issued.error());
    const auto enforcement = await_enforcement(*desk->registry, desk->name.text(), issued->version);
    if (!enforcement) return report(invocation, enforcement.error());
    return give_chain(invocation, options, "issued", desk->name, issued->certificate, desk->authority);
}

int run_ca_renew(const Invocation& invocation, const CaOptions& options) {
    auto desk = open_desk(invocation, options);
    if (!desk) return report(invocation, desk.error());
    const std::filesystem::path owners = desk->folder.issued_folder(desk->name);
    auto key = authority::copy_of_key(owners, desk->name);
    if (!key) return report(invocation, key.error());
    std::optional<P12Passphrase> passphrase;
    if (*key && !options.out.empty()) {
        auto chosen = p12_passphrase(options);
        if (!chosen) return report(invocation, chosen.error());
        passphrase.emplace(std::move(*chosen));
    }
    const auto renewed =
        authority::renew(*desk->registry, desk->authority, desk->name, life_of(options), change_by_owner());
    if (!renewed) return report(invocation, renewed.error());
    if (*key) {
        const auto half = x509::public_key_of(key->get());
        // The copy may be of another key of the same client.
        if (!half || half->canonical() != renewed->certificate.public_key().canonical()) key->reset();
    }
    const auto chain = chain_of(renewed->certificate, desk->authority);
    if (options.out.empty()) {
        print_signed(invocation, "renewed", desk->name, renewed->certificate, {}, authority::presented_pem(chain));
    } else {
        const auto files = authority::hand_over_again(desk->name, *key, chain, options.out,
                                                      passphrase ? &passphrase->passphrase : nullptr);
        if (!files) return report(invocation, written_but(files.error(), desk->name));
        print_handover(invocation, "renewed", desk->name, renewed->certificate, *files,
                       files->pkcs12 && passphrase->is_new ? &passphrase->passphrase : nullptr);
    }
    if (options.forgets) {
        if (auto forgotten = authority::forget_copy(owners, desk->name); !forgotten)
            return report(invocation, forgotten.error());
    }
    return kDone;
}

}  // namespace cotter::cli
