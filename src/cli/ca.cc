// cotter ca: the private certificate authority.
#include "cli/ca.h"
#include "cli/owner.h"
#include "cli/passphrase.h"
#include "cli/report.h"
#include "files/files.h"
#include "registry/audit_log.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "x509/pem.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace cotter::cli {
namespace {

using authority::Authority;
using authority::Folder;
using registry::IssuedCertificates;

constexpr std::chrono::days kRootLife{3652};
constexpr std::chrono::days kIntermediateLife{1826};
constexpr std::chrono::days kListLife{30};
/// Few intermediates are ever revoked, and the root's key may be far away.
constexpr std::chrono::days kRootListLife{366};

Result<Folder> folder_of(const Invocation& invocation) {
    auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    return Folder(state->path());
}

std::optional<std::filesystem::path> moved_root_key(const CaOptions& options) {
    return options.root_key.empty() ? std::nullopt : std::optional<std::filesystem::path>(options.root_key);
}

/// The root's list as of now, kept in the folder, too.
Result<x509::CertificateRevocationList> sign_root_list(const Folder& folder, registry::Registry& registry,
                                                       const Authority& root, const registry::Change& change) {
    auto list = authority::next_list(registry, root, kRootListLife, change);
    if (!list) return list;
    if (auto saved = folder.save_root_list(*list); !saved) return unexpected(saved.error());
    return list;
}

/// An intermediate under a root that is there, recorded, with the root's first list.
Result<void> add_intermediate(const Invocation& invocation, const CaOptions& options, const Folder& folder,
                              const Authority& root, const x509::Passphrase* passphrase) {
    const auto choice = invocation.key_choice();
    if (!choice) return unexpected(choice.error());
    const registry::Change change = change_by_owner();
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return unexpected(registry.error());
    auto intermediate = root.make_intermediate(*choice, change.now, kIntermediateLife);
    if (!intermediate) return unexpected(intermediate.error());
    IssuedCertificates issued((*registry)->store());
    if (auto done = issued.add(intermediate->certificate(), root.key(), std::nullopt, change); !done) return done;
    if (auto list = sign_root_list(folder, **registry, root, change); !list) return unexpected(list.error());
    return folder.save_intermediate(*intermediate, passphrase);
}

Result<Authority> found_root(const Invocation& invocation, const CaOptions& options, const Folder& folder,
                             const x509::Passphrase* passphrase) {
    const auto choice = invocation.key_choice();
    if (!choice) return unexpected(choice.error());
    const auto name = options.name.empty() ? Authority::fresh_name() : Authority::name_from(options.name);
    if (!name) return unexpected(name.error());
    const auto depth = options.has_intermediate ? Authority::Depth::kWithIntermediate : Authority::Depth::kRootAlone;
    auto root =
        Authority::make_root(*choice, *name, depth, service::wall_clock_now(), life_of(options).value_or(kRootLife));
    if (!root) return root;
    if (auto saved = folder.save_root(*root, passphrase); !saved) return unexpected(saved.error());
    return root;
}

unexpected<Error> there_is_one(const Folder& folder) {
    return failed("authority_exists", "making an authority",
                  text::escape(folder.path().string()) + " has one, and its key is not replaced",
                  "cotter ca list shows what it issued; --state DIR makes another one elsewhere");
}

Result<std::vector<x509::Certificate>> init(const Invocation& invocation, const CaOptions& options,
                                            const Folder& folder) {
    const auto lock = folder.lock();
    if (!lock) return unexpected(lock.error());
    const bool completes = folder.has_authority() && options.has_intermediate && !folder.has_intermediate();
    if (folder.has_authority() && !completes) return there_is_one(folder);
    std::optional<x509::Passphrase> passphrase;
    if (options.asks_passphrase || !options.passphrase_file.empty()) {
        auto given = new_passphrase(options.passphrase_file, "the authority's key");
        if (!given) return unexpected(given.error());
        passphrase.emplace(std::move(*given));
    }
    const x509::Passphrase* const protects = passphrase ? &*passphrase : nullptr;
    const auto root = completes ? folder.open_root(moved_root_key(options), ask_for(options))
                                : found_root(invocation, options, folder, protects);
    if (!root) return unexpected(root.error());
    if (options.has_intermediate) {
        if (auto added = add_intermediate(invocation, options, folder, *root, protects); !added)
            return unexpected(added.error());
    }
    return folder.chain();
}

/// In the audit log: the root, and how the authority signs.
Result<void> record_init(registry::Store& store, const std::vector<x509::Certificate>& chain) {
    return store.write("recording the new authority", [&]() -> Result<void> {
        const auto pin = chain.back().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
        registry::AuditLog(store).append(change_by_owner(), {.action = audit::Action::kCaInit,
                                                             .pin = pin ? pin->to_string() : std::string(),
                                                             .detail = chain.back().subject_text()});
        return {};
    });
}

int run_init(const Invocation& invocation, const CaOptions& options) {
    const auto folder = folder_of(invocation);
    if (!folder) return report(invocation, folder.error());
    // Opened before a key is made: where nothing can be recorded, no authority is founded.
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    const auto chain = init(invocation, options, *folder);
    if (!chain) return report(invocation, chain.error());
    if (const auto recorded = record_init((*registry)->store(), *chain); !recorded)
        return report(invocation, recorded.error());
    print_authority(invocation, *folder, *chain, options.asks_passphrase || !options.passphrase_file.empty());
    return kDone;
}

int run_list(const Invocation& invocation, const CaOptions& options) {
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    IssuedCertificates issued((*registry)->store());
    if (auto settled = issued.settle(change_by_owner()); !settled) return report(invocation, settled.error());
    const auto certificates = issued.list();
    if (!certificates) return report(invocation, certificates.error());
    print_certificates(invocation, *certificates, service::wall_clock_now());
    return kDone;
}

int run_revoke(const Invocation& invocation, const CaOptions& options) {
    const auto reason = x509::revocation_reason_of(options.reason);
    if (!reason) throw std::logic_error("a reason that the call was not checked for");
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    const auto revocation = authority::revoke(**registry, options.name, *reason, change_by_owner());
    if (!revocation) return report(invocation, revocation.error());
    registry::Enforcement enforcement;
    if (revocation->client) {
        const auto heard = await_enforcement(**registry, revocation->client->text(), revocation->version);
        if (!heard) return report(invocation, heard.error());
        enforcement = *heard;
    }
    print_revocation(invocation, options.name, *revocation, enforcement);
    return kDone;
}

/// The root's list: signed afresh where its key is at hand, else the last one that is in its time.
Result<x509::CertificateRevocationList> root_list(const CaOptions& options, const Folder& folder,
                                                  registry::Registry& registry, const registry::Change& change) {
    if (folder.has_root_key() || !options.root_key.empty()) {
        const auto root = folder.open_root(moved_root_key(options), ask_for(options));
        if (!root) return unexpected(root.error());
        return sign_root_list(folder, registry, *root, change);
    }
    auto last = x509::read_crls(folder.root_list_file().string());
    const auto due = last ? x509::next_update_of(last->front()) : std::optional<x509::Time>();
    if (!due || *due <= change.now) {
        return failed("root_list_due", "making the lists of revoked certificates",
                      last ? "the root's list is out of date, and its key was moved away"
                           : "the root's list can't be read: " + last.error().why,
                      "cotter ca crl --root-key FILE, once");
    }
    return std::move(last->front());
}

Result<std::vector<x509::CertificateRevocationList>> make_lists(const CaOptions& options, const Folder& folder,
                                                                registry::Registry& registry) {
    const registry::Change change = change_by_owner();
    const auto authority = folder.open(ask_for(options));
    if (!authority) return unexpected(authority.error());
    auto list = authority::next_list(registry, *authority, life_of(options).value_or(kListLife), change);
    if (!list) return unexpected(list.error());
    std::vector<x509::CertificateRevocationList> lists{std::move(*list)};
    if (folder.has_intermediate()) {
        auto above = root_list(options, folder, registry, change);
        if (!above) return unexpected(above.error());
        lists.push_back(std::move(*above));
    }
    return lists;
}

int run_crl(const Invocation& invocation, const CaOptions& options) {
    const auto folder = folder_of(invocation);
    if (!folder) return report(invocation, folder.error());
    if (const auto root = folder->root_certificate(); !root) return report(invocation, root.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    // Until the file is written, so that of two runs the later list is the one that stays.
    const auto lock = folder->lock();
    if (!lock) return report(invocation, lock.error());
    const auto lists = make_lists(options, *folder, **registry);
    if (!lists) return report(invocation, lists.error());
    std::string pem;
    for (const auto& list : *lists) pem += x509::pem_text("X509 CRL", list.der());
    if (!options.out.empty()) {
        const auto written = files::write_public(options.out, x509::as_bytes(pem), files::Replace::kExisting);
        if (!written) return report(invocation, written.error());
    }
    print_lists(invocation, *lists, options.out, pem);
    return kDone;
}

/// The intermediate's certificate anew, of the same key.
int run_renew_intermediate(const Invocation& invocation, const CaOptions& options) {
    const auto folder = folder_of(invocation);
    if (!folder) return report(invocation, folder.error());
    const auto renewed = [&]() -> Result<std::vector<x509::Certificate>> {
        const auto before = folder->chain();
        if (!before) return unexpected(before.error());
        if (before->size() < 2) {
            return failed("no_intermediate", "renewing the intermediate", "this authority has none",
                          "its root certifies clients itself");
        }
        const auto lock = folder->lock();
        if (!lock) return unexpected(lock.error());
        const auto root = folder->open_root(moved_root_key(options), ask_for(options));
        if (!root) return unexpected(root.error());
        auto registry = open_owners_registry(invocation, options.registry);
        if (!registry) return unexpected(registry.error());
        const registry::Change change = change_by_owner();
        const auto certificate =
            root->certify_again(before->front(), change.now, life_of(options).value_or(kIntermediateLife));
        if (!certificate) return unexpected(certificate.error());
        IssuedCertificates issued((*registry)->store());
        if (auto done = issued.add(*certificate, root->key(), std::nullopt, change); !done)
            return unexpected(done.error());
        if (auto list = sign_root_list(*folder, **registry, *root, change); !list) return unexpected(list.error());
        if (auto saved = folder->replace_intermediate_certificate(*certificate); !saved)
            return unexpected(saved.error());
        return folder->chain();
    }();
    if (!renewed) return report(invocation, renewed.error());
    print_authority(invocation, *folder, *renewed, false);
    return kDone;
}

}  // namespace

std::optional<std::chrono::seconds> life_of(const CaOptions& options) {
    if (options.hours > 0) return std::chrono::hours(options.hours);
    if (options.days > 0) return std::chrono::days(options.days);
    return std::nullopt;
}

authority::Folder::Ask ask_for(const CaOptions& options) {
    return [file = options.passphrase_file](const std::string& source) { return passphrase_from(file, source); };
}

void add_ca(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<CaOptions>();
    CLI::App* const command = app.add_subcommand("ca", "A private certificate authority for clients");
    command->footer(
        "Without a command: the list.\nExamples:\n"
        "  cotter ca init --name 'Example Ltd clients'\n"
        "  cotter ca issue alice --out alice");
    using Run = int (*)(const Invocation&, const CaOptions&);
    const auto subcommand = [&](const std::string& name, const std::string& description, const std::string& examples,
                                Run run) {
        CLI::App* const one = command->add_subcommand(name, description);
        one->footer("Examples:\n" + examples);
        one->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
        one->callback([&invocation, options, run] {
            invocation.run = [&invocation, options, run] { return run(invocation, *options); };
        });
        return one;
    };
    const auto life = [&](CLI::App* one, const std::string& what, bool has_hours) {
        constexpr int kMostDays = 36500;
        CLI::Option* const days =
            one->add_option("--days", options->days, what)->check(CLI::Range(1, kMostDays))->option_text("N");
        if (!has_hours) return;
        one->add_option("--hours", options->hours, "The same in hours, for short-lived ones")
            ->check(CLI::Range(1, kMostDays))
            ->option_text("N")
            ->excludes(days);
    };
    const auto opens_key = [&](CLI::App* one) {
        one->add_option("--passphrase-file", options->passphrase_file, "Opens the authority's key; else you are asked")
            ->type_name("FILE");
    };
    const auto root_key = [&](CLI::App* one) {
        one->add_option("--root-key", options->root_key, "The root's key, where it was moved away")->type_name("FILE");
    };
    const auto packs = [&](CLI::App* one) {
        CLI::Option* const file = one->add_option("--p12-passphrase-file", options->p12_passphrase_file,
                                                  "For NAME.p12; else a random one is shown")
                                      ->type_name("FILE");
        one->add_flag("--ask-p12-passphrase", options->asks_p12_passphrase, "Or ask for it")->excludes(file);
        one->add_flag("--forget", options->forgets, "Keep no copy of the client's key here");
    };

    CLI::App* const init = subcommand("init", "Make the authority: its key and certificate",
                                      "  cotter ca init\n  cotter ca init --intermediate --passphrase", run_init);
    init->add_option("--name", options->name, "What it is called; else cotter CA and a number")->type_name("NAME");
    life(init, "How long the root lasts [3652]", false);
    init->add_flag("--intermediate", options->has_intermediate, "The root certifies another that certifies clients");
    root_key(init);
    CLI::Option* const file =
        init->add_option("--passphrase-file", options->passphrase_file, "Encrypt the keys with this one")
            ->type_name("FILE");
    init->add_flag("--passphrase", options->asks_passphrase, "Encrypt the keys, and ask what with")->excludes(file);

    CLI::App* const issue = subcommand(
        "issue", "Make a client's key and certificate, and admit it",
        "  cotter ca issue alice --out alice\n  cotter ca issue bob --hours 24 --out bob --forget", run_ca_issue);
    issue->add_option("NAME", options->name, "The client's name")->required();
    issue->add_option("--out", options->out, "Where its files go; else the authority's folder")->type_name("DIR");
    life(issue, "How long the certificate lasts [365]", true);
    issue->add_flag("--add-key", options->adds_key, "For a client that there is: one more key");
    packs(issue);
    opens_key(issue);

    CLI::App* const sign = subcommand("sign", "Certify the key of a request, and admit the client",
                                      "  cotter ca sign alice.csr --name alice --out alice.crt\n"
                                      "  cotter ca sign - --name alice < alice.csr",
                                      run_ca_sign);
    sign->add_option("CSR", options->request, "PEM or DER; of it, the key alone counts")->required()->type_name("FILE");
    sign->add_option("--name", options->name, "The client's name")->required()->type_name("NAME");
    sign->add_option("--out", options->out, "Where the chain goes; else standard output")->type_name("FILE");
    life(sign, "How long the certificate lasts [365]", true);
    sign->add_flag("--add-key", options->adds_key, "For a client that there is: one more key");
    opens_key(sign);

    CLI::App* const renew =
        subcommand("renew", "A fresh certificate for a client's same key",
                   "  cotter ca renew alice --out alice\n  cotter ca renew bob --hours 24 > bob.crt",
                   [](const Invocation& one, const CaOptions& what) {
                       return what.has_intermediate ? run_renew_intermediate(one, what) : run_ca_renew(one, what);
                   });
    CLI::Option* const renewed = renew->add_option("NAME", options->name, "The client's name");
    CLI::Option* const intermediate =
        renew->add_flag("--intermediate", options->has_intermediate, "The intermediate's certificate, not a client's");
    renewed->excludes(intermediate);
    root_key(renew);
    renew->add_option("--out", options->out, "Where its files go; else the chain is printed")->type_name("DIR");
    life(renew, "How long it lasts; else as long as the last one", true);
    packs(renew);
    opens_key(renew);

    CLI::App* const revoke = subcommand("revoke", "Refuse a client and its certificates for good",
                                        "  cotter ca revoke alice --reason keyCompromise\n"
                                        "  cotter ca revoke 4f1c0d3a5b6c7d8e9fa0b1c2d3e4f506 --reason superseded",
                                        run_revoke);
    revoke->add_option("NAME", options->name, "The client's name, or a certificate's serial number")->required();
    revoke
        ->add_option("--reason", options->reason,
                     "keyCompromise, affiliationChanged, superseded,\n"
                     "cessationOfOperation, privilegeWithdrawn; else none")
        ->check(CLI::IsMember({"unspecified", "keyCompromise", "affiliationChanged", "superseded",
                               "cessationOfOperation", "privilegeWithdrawn"}))
        ->option_text("REASON");

    CLI::App* const crl =
        subcommand("crl", "Sign the list of revoked certificates",
                   "  cotter ca crl --out /srv/clients.crl\n  cotter ca crl --days 7 --json", run_crl);
    crl->add_option("--out", options->out, "Where it goes; else standard output")->type_name("FILE");
    life(crl, "When the next one is due [30]", false);
    root_key(crl);
    opens_key(crl);

    subcommand("list", "Every certificate that was issued", "  cotter ca list\n  cotter ca list --json", run_list);
    command->require_subcommand(0, 1);
    command->callback([&invocation, options, command] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [&invocation, options] { return run_list(invocation, *options); };
    });
}

}  // namespace cotter::cli
