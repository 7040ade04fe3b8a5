// Finding, checking and filling the state folder.
#include "identity/state_folder.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/pack.h"
#include "x509/pem.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

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
    if (const auto folders = environment("STATE_DIRECTORY"); folders && ::geteuid() == 0)
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

bool is_there(const std::filesystem::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
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

Result<StateFolder::OwnIdentity> StateFolder::own_identity(KeyChoice choice, x509::Time now) const {
    // Each file appears whole and the certificate last, so where it is there nothing is being made and no lock is due:
    // a folder that can't be written serves, too.
    std::optional<files::Lock> lock;
    if (!is_there(certificate_file())) {
        auto taken = files::Lock::take(path_ / "identity.lock");
        if (!taken) return unexpected(taken.error());
        lock.emplace(std::move(*taken));
    }
    const bool has_key = is_there(key_file());
    const bool has_certificate = is_there(certificate_file());
    if (has_certificate && !has_key) {
        return failed("identity_half", "using the identity in " + text::escape(path_.string()),
                      "identity.crt is there and identity.key is not",
                      "bring identity.key back, or move identity.crt away to have both made anew");
    }
    if (has_key && has_certificate) {
        auto identity = load_identity(key_file(), certificate_file(), KeyLink::kRefuse);
        if (!identity) return unexpected(identity.error());
        return OwnIdentity{std::move(*identity), false};
    }
    // The key is written first, so what a crash leaves behind is a key, and that only wants its certificate again.
    auto identity = has_key ? certify_key(key_file(), now, KeyLink::kRefuse) : make_identity(choice, now);
    if (!identity) return unexpected(identity.error());
    if (!has_key) {
        if (auto saved = save_key(*identity, key_file()); !saved) return unexpected(saved.error());
    }
    if (auto saved = save_certificate(*identity, certificate_file()); !saved) return unexpected(saved.error());
    return OwnIdentity{std::move(*identity), !has_key};
}

}  // namespace cotter::identity
