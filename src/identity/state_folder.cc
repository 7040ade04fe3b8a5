// Finding, checking and filling the state folder.
#include "identity/state_folder.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/pack.h"
#include "x509/pem.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace cotter::identity {
namespace {

std::optional<std::string> environment(const char* name) {
    const char* value = ::secure_getenv(name);
    return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::filesystem::path> choose(const std::optional<std::string>& flag) {
    if (flag && !flag->empty()) return std::filesystem::path(*flag);
    if (const auto folder = environment("COTTER_STATE")) return std::filesystem::path(*folder);
    if (const auto folder = environment("XDG_STATE_HOME")) return std::filesystem::path(*folder) / "cotter";
    if (const auto folders = environment("STATE_DIRECTORY"))
        return std::filesystem::path(folders->substr(0, folders->find(':')));
    if (const auto home = environment("HOME")) return std::filesystem::path(*home) / ".local" / "state" / "cotter";
    return failed("no_state_folder", "finding the state folder", "neither COTTER_STATE, XDG_STATE_HOME nor HOME is set",
                  "say --state DIR");
}

Result<void> save_key(const Identity& identity, const std::filesystem::path& file) {
    const auto pem = x509::key_pem(identity.private_key());
    if (!pem) return unexpected(pem.error());
    return files::write_private(file, pem->content(), files::Replace::kNever);
}

Result<void> save_certificate(const Identity& identity, const std::filesystem::path& file) {
    const std::string pem = x509::to_pem(identity.certificate());
    return files::write_private(file, x509::as_bytes(pem), files::Replace::kNever);
}

/// Whether the key there has come to its place and its certificate has not.
bool is_half_switched(const KeyFiles& next) {
    return files::is_there(next.certificate) && !files::is_there(next.key);
}

}  // namespace

Result<StateFolder> StateFolder::open(const std::optional<std::string>& flag) {
    auto path = choose(flag);
    if (!path) return unexpected(path.error());
    std::error_code fault;
    if (path->has_parent_path()) std::filesystem::create_directories(path->parent_path(), fault);
    if (auto made = files::make_private_folder(*path); !made) {
        Error error = made.error();
        error.code = "state_folder";
        error.what = "using the state folder " + text::escape(path->string());
        return unexpected(std::move(error));
    }
    return StateFolder(std::filesystem::absolute(*path, fault));
}

KeyFiles StateFolder::next_key_files(KeyRole role) const {
    switch (role) {
        case KeyRole::kServer: return {path_ / "next.key", path_ / "next.crt"};
        case KeyRole::kClient: return {path_ / "identity.next.key", path_ / "identity.next.crt"};
    }
    std::unreachable();
}

std::filesystem::path identity_lock(const std::filesystem::path& folder) {
    return folder / "identity.lock";
}

Result<void> complete_switch(const KeyFiles& present, const KeyFiles& next) {
    if (!is_half_switched(next)) return {};
    const auto identity = load_identity(present.key, next.certificate, KeyLink::kRefuse);
    // A certificate of some other key is what discarding a next key leaves for a moment.
    if (!identity) return {};
    return files::rename(next.certificate, present.certificate);
}

Result<StateFolder::OwnIdentity> obtain_identity(const KeyFiles& files, KeyChoice choice, x509::Time now) {
    const bool has_key = files::is_there(files.key);
    const bool has_certificate = files::is_there(files.certificate);
    if (has_certificate && !has_key) {
        const std::string key = files.key.filename().string();
        const std::string certificate = files.certificate.filename().string();
        return failed("identity_half", "using the identity in " + text::escape(files.key.parent_path().string()),
                      certificate + " is there and " + key + " is not",
                      "bring " + key + " back, or move " + certificate + " away to have both made anew");
    }
    if (has_key && has_certificate) {
        auto identity = load_identity(files.key, files.certificate, KeyLink::kRefuse);
        if (!identity) return unexpected(identity.error());
        return StateFolder::OwnIdentity{std::move(*identity), false};
    }
    // The key is written first, so what a crash leaves behind is a key, and that only wants its certificate again.
    auto identity = has_key ? certify_key(files.key, now, KeyLink::kRefuse) : make_identity(choice, now);
    if (!identity) return unexpected(identity.error());
    if (!has_key) {
        if (auto saved = save_key(*identity, files.key); !saved) return unexpected(saved.error());
    }
    if (auto saved = save_certificate(*identity, files.certificate); !saved) return unexpected(saved.error());
    return StateFolder::OwnIdentity{std::move(*identity), !has_key};
}

Result<StateFolder::OwnIdentity> StateFolder::own_identity(KeyChoice choice, x509::Time now) const {
    const std::array successors{next_key_files(KeyRole::kServer), next_key_files(KeyRole::kClient)};
    // Each file appears whole and the certificate last, so where it is there nothing is being made and no lock is due:
    // a folder that can't be written serves, too.
    std::optional<files::Lock> lock;
    if (!files::is_there(certificate_file()) || std::ranges::any_of(successors, is_half_switched)) {
        auto taken = files::Lock::take(identity_lock(path_));
        if (!taken) return unexpected(taken.error());
        lock.emplace(std::move(*taken));
        for (const KeyFiles& next : successors) {
            if (auto completed = complete_switch(key_files(), next); !completed) return unexpected(completed.error());
        }
    }
    return obtain_identity(key_files(), choice, now);
}

}  // namespace cotter::identity
