// Files of the next identity, and the switch.
#include "identity/succession.h"

#include "files/files.h"
#include "text/escape.h"

#include <openssl/crypto.h>

#include <utility>

namespace cotter::identity {
namespace {

KeyFiles previous_files(const std::filesystem::path& folder, KeyRole role) {
    switch (role) {
        case KeyRole::kServer: return {folder / "previous.key", folder / "previous.crt"};
        case KeyRole::kClient: return {folder / "identity.previous.key", folder / "identity.previous.crt"};
    }
    std::unreachable();
}

std::filesystem::path beside(std::filesystem::path file, std::string_view ending) {
    file += ending;
    return file;
}

KeyFiles beside(const KeyFiles& files, std::string_view ending) {
    return {beside(files.key, ending), beside(files.certificate, ending)};
}

Result<void> keep_copy(const KeyFiles& from, const KeyFiles& to) {
    auto key = files::read_private(from.key);
    if (!key) return unexpected(key.error());
    auto kept = files::write_private(to.key, *key, files::Replace::kExisting);
    OPENSSL_cleanse(key->data(), key->size());
    if (!kept) return kept;
    // No secret: a certificate that a person has named may be for others to read.
    const auto certificate = files::read(from.certificate);
    if (!certificate) return unexpected(certificate.error());
    return files::write_private(to.certificate, *certificate, files::Replace::kExisting);
}

/// The key first: a certificate alone is nobody's identity.
Result<void> discard(const KeyFiles& files) {
    if (files::is_there(files.key)) {
        if (auto gone = files::shred(files.key); !gone) return gone;
    }
    return files::remove(files.certificate);
}

}  // namespace

Succession::Succession(const StateFolder& folder, KeyRole role)
    : lock_(identity_lock(folder.path())),
      present_(folder.key_files()),
      next_(folder.next_key_files(role)),
      previous_(previous_files(folder.path(), role)) {}

Succession::Succession(const KeyFiles& named)
    : lock_(beside(named.key, ".lock")),
      present_(named),
      next_(beside(named, ".next")),
      previous_(beside(named, ".previous")) {}

Result<void> Succession::complete() const {
    if (!is_begun()) return {};
    const auto lock = files::Lock::take(lock_);
    if (!lock) return unexpected(lock.error());
    return complete_switch(present_, next_);
}

bool Succession::is_begun() const {
    return files::is_there(next_.key) || files::is_there(next_.certificate);
}

Result<std::optional<Identity>> Succession::next() const {
    if (!files::is_there(next_.key) || !files::is_there(next_.certificate)) return std::nullopt;
    auto identity = load_identity(next_.key, next_.certificate, KeyLink::kRefuse);
    if (!identity) return unexpected(identity.error());
    return std::optional(std::move(*identity));
}

Result<StateFolder::OwnIdentity> Succession::make(KeyChoice choice, x509::Time now) const {
    const auto lock = files::Lock::take(lock_);
    if (!lock) return unexpected(lock.error());
    if (auto completed = complete_switch(present_, next_); !completed) return unexpected(completed.error());
    if (!files::is_there(next_.key)) {
        // A certificate alone is what a discarded key left.
        if (auto removed = files::remove(next_.certificate); !removed) return unexpected(removed.error());
    }
    return obtain_identity(next_, choice, now);
}

Result<bool> Succession::switch_over(const Pin& expected) const {
    const auto lock = files::Lock::take(lock_);
    if (!lock) return unexpected(lock.error());
    if (auto completed = complete_switch(present_, next_); !completed) return unexpected(completed.error());
    const auto present = load_identity(present_.key, present_.certificate, KeyLink::kRefuse);
    if (!present) return unexpected(present.error());
    if (present->pin() == expected) return false;
    auto waiting = next();
    if (!waiting) return unexpected(waiting.error());
    const std::string what = "switching to the next key in " + text::escape(present_.key.parent_path().string());
    if (!*waiting) {
        return failed("no_next_key", what, "there is none: " + text::escape(next_.key.string()) + " is missing",
                      "bring " + next_.key.filename().string() + " and " + next_.certificate.filename().string() +
                          " from where they were made");
    }
    if ((*waiting)->pin() != expected) {
        return failed("other_next_key", what,
                      "the key that waits there is " + (*waiting)->pin().to_string() + ", and " + expected.to_string() +
                          " was announced",
                      "bring the one that was announced");
    }
    if (auto kept = keep_copy(present_, previous_); !kept) return unexpected(kept.error());
    // From here on the key is the next one, whatever happens: complete_switch() has the certificate follow.
    if (auto renamed = files::rename(next_.key, present_.key); !renamed) return unexpected(renamed.error());
    if (auto completed = complete_switch(present_, next_); !completed) return unexpected(completed.error());
    return true;
}

Result<void> Succession::discard_next() const {
    const auto lock = files::Lock::take(lock_);
    if (!lock) return unexpected(lock.error());
    if (auto completed = complete_switch(present_, next_); !completed) return completed;
    return discard(next_);
}

bool Succession::has_previous() const {
    return files::is_there(previous_.key) || files::is_there(previous_.certificate);
}

Result<void> Succession::discard_previous() const {
    return discard(previous_);
}

}  // namespace cotter::identity
