// cotter log checkpoint, prove, verify: heads signed, proofs made, and both checked.
#include "audit/examination.h"
#include "cli/log.h"
#include "cli/owner.h"
#include "cli/print.h"
#include "cli/report.h"
#include "files/files.h"
#include "registry/log_memory.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <variant>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;
using audit::Finding;
using registry::AuditLog;
using registry::LogDifference;
using registry::LogMemory;

constexpr std::size_t kMostOctets = 128UL * 1024;

/// What a command gives: a text, or the log is not what it was.
template <class T>
using OrDifference = std::variant<T, LogDifference>;

Result<std::string> read_text(const std::string& path) {
    const auto content = files::read(path, kMostOctets);
    if (!content) return unexpected(content.error());
    return text::of_octets(*content);
}

Result<audit::ProofFile> read_proof_file(const std::string& path) {
    const auto text = read_text(path);
    if (!text) return unexpected(text.error());
    auto file = audit::parse_proof_file(*text);
    if (!file) {
        file.error().place = Place{.source = path, .line = {}, .column = {}, .offset = {}};
        file.error().what += " (" + text::escape(path) + ")";
    }
    return file;
}

Result<audit::Verifier> own_verifier(const identity::StateFolder& state, const std::string& origin) {
    const auto key = registry::audit_key(state);
    if (!key) return unexpected(key.error());
    const auto public_key = audit::ed25519_public_key(key->get());
    if (!public_key) return unexpected(public_key.error());
    return audit::Verifier::from(origin, *public_key);
}

/// The log of a registry and what the state folder remembers of it.
struct OpenLog {
    identity::StateFolder state;
    std::unique_ptr<registry::Registry> registry;
    [[nodiscard]] registry::Store& store() const { return registry->store(); }
    [[nodiscard]] LogMemory memory() const { return {state, store()}; }
};

Result<OpenLog> open_log(const Invocation& invocation, const LogOptions& options) {
    auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return unexpected(registry.error());
    return OpenLog{std::move(*state), std::move(*registry)};
}

/// Makes a proof and signs the head that it leads to: both of one moment.
Result<OrDifference<std::string>> prove(const OpenLog& log, const LogOptions& options) {
    using Proof = OrDifference<std::string>;
    std::optional<audit::SignedCheckpoint> older;
    std::uint64_t sequence = 0;
    if (options.older.empty()) {
        const auto number = audit::parse_count(options.sequence);
        if (!number) {
            return malformed("bad_sequence", "reading the number \"" + text::escape(options.sequence, 64) + "\"",
                             "it is no number of an entry", "cotter log show lists them, counted from 0");
        }
        sequence = *number;
    } else {
        auto file = read_proof_file(options.older);
        if (!file) return unexpected(file.error());
        older = audit::checkpoint_of(*file);
    }
    return log.store().read("proving", [&]() -> Result<Proof> {
        auto attested = log.memory().attest(log.store());
        if (!attested) return unexpected(attested.error());
        if (auto* const difference = std::get_if<LogDifference>(&*attested)) return std::move(*difference);
        auto& head = std::get<audit::SignedCheckpoint>(*attested);
        if (!older) {
            auto proven = AuditLog(log.store()).prove(sequence);
            if (!proven) return unexpected(proven.error());
            return audit::InclusionProof{audit::canonical_text(proven->entry), sequence, std::move(proven->hashes),
                                         std::move(head)}
                .text();
        }
        if (auto difference = registry::growth_difference(older->head, log.store())) return std::move(*difference);
        auto proven = AuditLog(log.store()).prove_growth(older->head.size);
        if (!proven) return unexpected(proven.error());
        return audit::ConsistencyProof{older->head.size, std::move(proven->hashes), std::move(head)}.text();
    });
}

std::string_view mark_of(Finding::Kind kind) {
    switch (kind) {
        case Finding::Kind::kShown: return "holds    ";
        case Finding::Kind::kRefuted: return "REFUTED  ";
        case Finding::Kind::kMissing: return "missing  ";
    }
    return "";
}

std::string_view word_of(Finding::Kind kind) {
    switch (kind) {
        case Finding::Kind::kShown: return "holds";
        case Finding::Kind::kRefuted: return "refuted";
        case Finding::Kind::kMissing: return "missing";
    }
    return "";
}

Result<audit::TrustedKeys> trusted_keys(const Invocation& invocation, const LogOptions& options) {
    audit::TrustedKeys keys;
    for (const std::string& text : options.keys) {
        auto key = audit::Verifier::parse(text);
        if (!key) return unexpected(key.error());
        keys.verifiers.push_back(std::move(*key));
    }
    if (!options.keys.empty()) return keys;
    const auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    std::error_code fault;
    if (!std::filesystem::exists(state->audit_key_file(), fault)) {
        return malformed("no_verifier_key", "verifying checkpoints and proofs",
                         "this state folder signs no log, so it is not known whose signature counts",
                         "say --key KEY, as cotter log checkpoint prints it on the owner's side");
    }
    const auto key = registry::audit_key(*state);
    if (!key) return unexpected(key.error());
    const auto public_key = audit::ed25519_public_key(key->get());
    if (!public_key) return unexpected(public_key.error());
    keys.own.push_back(*public_key);
    return keys;
}

int verify_files(const Invocation& invocation, const LogOptions& options) {
    const auto keys = trusted_keys(invocation, options);
    if (!keys) return report(invocation, keys.error());
    std::vector<audit::ExaminedFile> files;
    for (const std::string& path : options.files) {
        auto file = read_proof_file(path);
        if (!file) return report(invocation, file.error());
        files.push_back({text::escape(path, 256), std::move(*file)});
    }
    const auto findings = audit::examine(files, *keys);
    const auto has = [&](Finding::Kind kind) {
        return std::ranges::any_of(findings, [&](const Finding& finding) { return finding.kind == kind; });
    };
    const int code = has(Finding::Kind::kRefuted) ? kVerdict : has(Finding::Kind::kMissing) ? kMalformed : kDone;
    if (invocation.json) {
        Json document{{"holds", code == kDone}, {"findings", Json::array()}};
        for (const Finding& finding : findings) {
            document["findings"].push_back(
                {{"result", word_of(finding.kind)}, {"code", finding.code}, {"message", finding.message}});
        }
        print_document(document);
        return code;
    }
    for (const Finding& finding : findings) std::cout << mark_of(finding.kind) << finding.message << "\n";
    return code;
}

int verify_log(const Invocation& invocation, const LogOptions& options) {
    auto log = open_log(invocation, options);
    if (!log) return report(invocation, log.error());
    const auto seen = log->memory().seen();
    if (!seen) return report(invocation, seen.error());
    const auto checked = registry::check_log(log->store(), *seen);
    if (!checked) return report(invocation, checked.error());
    if (checked->difference) return report_difference(invocation, *checked->difference);
    if (auto kept = log->memory().keep(checked->head, checked->frontier); !kept)
        return report(invocation, kept.error());
    const std::uint64_t before = *seen ? (*seen)->frontier.size() : 0;
    if (invocation.json) {
        std::cout << Json{{"holds", true},
                          {"origin", checked->head.origin},
                          {"size", checked->head.size},
                          {"root", text::base64(checked->head.root)},
                          {"pruned", checked->head.pruned},
                          {"seen", before}}
                         .dump()
                  << std::endl;
        return kDone;
    }
    std::cout << "the log holds: " << checked->head.size << (checked->head.size == 1 ? " entry" : " entries")
              << ", root " << text::base64(checked->head.root) << "\n";
    if (checked->head.pruned > 0)
        std::cout << "  of those before " << checked->head.pruned << " the hashes alone are left\n";
    if (*seen) {
        std::cout << "  it begins with the " << before << " that were there when this was last asked\n";
    } else {
        std::cout << "  nothing was known of it before: from now on this folder notices when its history changes\n";
    }
    return kDone;
}

}  // namespace

int report_difference(const Invocation& invocation, const LogDifference& difference) {
    print_failure(
        invocation, difference.code, "the audit log is not what it was: " + difference.message,
        "somebody has changed it behind cotter's back, or it was brought back from a backup: cotter log verify "
        "names the first place, and checkpoints kept elsewhere show how long it was right");
    return kVerdict;
}

int run_log_checkpoint(const Invocation& invocation, const LogOptions& options) {
    auto log = open_log(invocation, options);
    if (!log) return report(invocation, log.error());
    const auto attested = log->memory().attest(log->store());
    if (!attested) return report(invocation, attested.error());
    if (const auto* difference = std::get_if<LogDifference>(&*attested))
        return report_difference(invocation, *difference);
    const auto& checkpoint = std::get<audit::SignedCheckpoint>(*attested);
    const auto key = own_verifier(log->state, checkpoint.head.origin);
    if (!key) return report(invocation, key.error());
    if (invocation.json) {
        std::cout << Json{{"origin", checkpoint.head.origin},
                          {"size", checkpoint.head.size},
                          {"root", text::base64(checkpoint.head.root)},
                          {"checkpoint", checkpoint.text},
                          {"key", key->to_string()}}
                         .dump()
                  << std::endl;
        return kDone;
    }
    std::cerr << "keep this where nobody who runs this server can change it; who has it verifies with\n"
              << "  cotter log verify FILE --key " << key->to_string() << "\n";
    std::cout << checkpoint.text << std::flush;
    return kDone;
}

int run_log_prove(const Invocation& invocation, const LogOptions& options) {
    if (options.sequence.empty() && options.older.empty()) {
        return report(invocation, malformed("nothing_to_prove", "proving", "the call doesn't say what",
                                            "give an entry's number, or --since and a checkpoint of before")
                                      .value());
    }
    auto log = open_log(invocation, options);
    if (!log) return report(invocation, log.error());
    const auto proof = prove(*log, options);
    if (!proof) return report(invocation, proof.error());
    if (const auto* difference = std::get_if<LogDifference>(&*proof)) return report_difference(invocation, *difference);
    const auto& text = std::get<std::string>(*proof);
    if (!options.out.empty()) {
        const auto written = files::write_public(options.out, x509::as_bytes(text), files::Replace::kExisting);
        if (!written) return report(invocation, written.error());
    }
    if (invocation.json) {
        std::cout << Json{{"proof", text}, {"out", options.out}}.dump() << std::endl;
    } else if (options.out.empty()) {
        std::cout << text << std::flush;
    } else {
        std::cout << "wrote " << text::escape(options.out) << "\n";
    }
    return kDone;
}

int run_log_verify(const Invocation& invocation, const LogOptions& options) {
    return options.files.empty() ? verify_log(invocation, options) : verify_files(invocation, options);
}

}  // namespace cotter::cli
