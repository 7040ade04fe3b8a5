// Reading and writing audit.key and audit-….seen.
#include "registry/log_memory.h"

#include "files/files.h"
#include "identity/signing_key.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <sys/stat.h>

namespace cotter::registry {
namespace {

constexpr std::size_t kMostOctets = 64UL * 1024;

bool is_there(const std::filesystem::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

/// A name of its own in the folder for each store.
std::string seen_name(const Store& store) {
    return "audit-" + text::hex(Bytes(sha256(x509::as_bytes(store.name()))).first(8)) + ".seen";
}

}  // namespace

std::optional<LogDifference> growth_difference(const audit::Checkpoint& before, Store& store) {
    AuditLog log(store);
    const LogHead head = log.read_head();
    if (head.origin != before.origin) {
        return LogDifference{
            "log_replaced", 0, 0,
            "the log is " + head.origin + ", and " + text::escape_remaining(before.origin, 256) + " was here before"};
    }
    if (head.size < before.size) {
        return LogDifference{
            "log_cut_off", head.size, head.size,
            "it has " + std::to_string(head.size) + " entries, and had " + std::to_string(before.size)};
    }
    const auto root = audit::root_of(before.size, log.tree(head.size).subtrees());
    if (root && *root == before.root) return std::nullopt;
    return LogDifference{
        "history_rewritten", 0, before.size,
        root ? "the first " + std::to_string(before.size) + " entries are not those that they were" : root.error().why};
}

Result<std::shared_ptr<EVP_PKEY>> audit_key(const identity::StateFolder& state) {
    return identity::signing_key(state.audit_key_file(), state.path() / "audit.lock");
}

LogMemory::LogMemory(const identity::StateFolder& state, const Store& store)
    : state_(state), seen_file_(state.path() / seen_name(store)) {}

Result<std::optional<audit::SeenHead>> LogMemory::seen() const {
    if (!is_there(seen_file_)) return std::optional<audit::SeenHead>();
    const auto unusable = [&](std::string why) {
        return failed("audit_seen", "reading " + text::escape(seen_file_.string()), std::move(why),
                      "if you know why, remove it; it is all that this folder remembers of the log");
    };
    const auto content = files::read_private(seen_file_, kMostOctets);
    if (!content) return unexpected(content.error());
    std::string text = text::of_octets(*content);
    auto file = audit::parse_proof_file(text);
    auto* const head = file ? std::get_if<audit::SeenHead>(&*file) : nullptr;
    if (head == nullptr) return unusable(file ? "it is another file" : file.error().why);
    if (!is_there(state_.audit_key_file())) return unusable("audit.key, which signed it, is gone");
    const auto signer = audit_key(state_);
    if (!signer) return unexpected(signer.error());
    const auto public_key = audit::ed25519_public_key(signer->get());
    if (!public_key) return unexpected(public_key.error());
    if (!head->checkpoint.is_by(audit::Verifier::from(head->checkpoint.head.origin, *public_key)))
        return unusable("it is not signed with this folder's audit.key");
    return std::optional(std::move(*head));
}

Result<std::variant<audit::SignedCheckpoint, LogDifference>> LogMemory::attest(Store& store) const {
    using Attested = std::variant<audit::SignedCheckpoint, LogDifference>;
    const auto before = seen();
    if (!before) return unexpected(before.error());
    return store.read("reading the audit log", [&]() -> Result<Attested> {
        AuditLog log(store);
        const LogHead head = log.read_head();
        if (*before) {
            if (auto found = growth_difference((*before)->checkpoint.head, store)) return std::move(*found);
        }
        const auto frontier = audit::frontier_of(head.size, log.tree(head.size).subtrees());
        if (!frontier) return LogDifference{"tree_changed", 0, head.size, frontier.error().why};
        if (frontier->root() != head.root) {
            return LogDifference{"head_changed", 0, head.size, "the log's head is not that of its entries"};
        }
        auto kept = keep(head, *frontier);
        if (!kept) return unexpected(kept.error());
        return std::move(*kept);
    });
}

Result<audit::SignedCheckpoint> LogMemory::keep(const LogHead& head, const audit::Frontier& frontier) const {
    const auto signer = audit_key(state_);
    if (!signer) return unexpected(signer.error());
    auto checkpoint = audit::sign({head.origin, head.size, head.root}, signer->get());
    if (!checkpoint) return checkpoint;
    const auto lock = files::Lock::take(seen_file_.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    const auto present = seen();
    if (!present) return unexpected(present.error());
    if (*present && (*present)->frontier.size() >= head.size) return checkpoint;
    const std::string text = audit::SeenHead{frontier, *checkpoint}.text();
    const auto written = files::write_private(seen_file_, x509::as_bytes(text), files::Replace::kExisting);
    if (!written) return unexpected(written.error());
    return checkpoint;
}

}  // namespace cotter::registry
