// Reading, replacing and locking files.
#include "files/files.h"

#include "text/escape.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <utility>

namespace cotter::files {
namespace {

class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] bool is_open() const { return value_ >= 0; }
    void close() {
        if (value_ >= 0) ::close(std::exchange(value_, -1));
    }

  private:
    int value_;
};

std::string name_of(const std::filesystem::path& path) {
    return text::escape(path.string());
}

std::string advice_on(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR: return "check the path; what is meant must exist";
        case EACCES:
        case EPERM: return "run this as a user that may, or change the rights of the file";
        case ENOSPC:
        case EDQUOT: return "make room on that disk";
        default: return "look at the file system that it is on";
    }
}

unexpected<Error> cannot(std::string_view verb, const std::filesystem::path& path, int error, std::string next = {}) {
    if (next.empty()) next = advice_on(error);
    auto result = failed("file_" + std::string(verb), std::string(verb) + " " + name_of(path),
                         std::generic_category().message(error), std::move(next));
    return result;
}

/// `expected`: how many bytes there should be, so that a secret is not left behind in a buffer that was outgrown.
Result<ByteVector> read_all(int descriptor, const std::filesystem::path& path, std::size_t most,
                            std::size_t expected = 0) {
    ByteVector content;
    constexpr std::size_t kPiece = 64U << 10U;
    content.reserve(std::min(expected, most) + 2 * kPiece);
    for (;;) {
        const std::size_t size = content.size();
        content.resize(size + kPiece);
        const ssize_t count = ::read(descriptor, content.data() + size, kPiece);
        if (count < 0 && errno == EINTR) {
            content.resize(size);
            continue;
        }
        if (count < 0) return cannot("read", path, errno);
        content.resize(size + static_cast<std::size_t>(count));
        if (count == 0) return content;
        if (content.size() > most) {
            return malformed("file_too_large", "read " + name_of(path),
                             "it has more than " + std::to_string(most) + " bytes", "check that it is the right file");
        }
    }
}

Result<ByteVector> read_regular(const std::filesystem::path& path, int extra_flags, std::size_t most, bool is_private) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | extra_flags));
    if (!file.is_open()) {
        if (errno == ELOOP && is_private) {
            return failed("file_link", "read " + name_of(path), "it is a symbolic link, and a secret is not followed",
                          "put the file itself there");
        }
        return cannot("read", path, errno);
    }
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return cannot("read", path, errno);
    if (!S_ISREG(status.st_mode)) {
        return malformed("file_not_regular", "read " + name_of(path), "it is not a regular file",
                         "give the path of a file, or - for standard input");
    }
    if (is_private && status.st_uid != ::geteuid() && status.st_uid != 0) {
        return failed("file_owner", "read " + name_of(path), "it belongs to another user",
                      "chown " + std::to_string(::geteuid()) + " " + name_of(path));
    }
    if (is_private && (status.st_mode & 077U) != 0) {
        return failed("file_mode", "read " + name_of(path), "others can read or write it",
                      "chmod 600 " + name_of(path));
    }
    return read_all(file.get(), path, most, static_cast<std::size_t>(status.st_size));
}

bool write_all(int descriptor, Bytes content) {
    while (!content.empty()) {
        const ssize_t count = ::write(descriptor, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        content = content.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

bool sync_folder(const std::filesystem::path& folder) {
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.is_open() && ::fsync(opened.get()) == 0;
}

Result<void> write_file(const std::filesystem::path& path, Bytes content, Replace replace, bool is_private) {
    const std::filesystem::path folder = folder_of(path);
    std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
    const mode_t before = ::umask(077);
    Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    const int error = errno;
    ::umask(before);
    if (!file.is_open()) return cannot("write", path, error, "check that the folder exists and is yours");
    const bool has_mode = is_private || ::fchmod(file.get(), 0666U & ~before) == 0;
    const bool is_written = has_mode && write_all(file.get(), content) && ::fsync(file.get()) == 0;
    int failure = is_written ? 0 : errno;
    file.close();
    if (is_written) {
        // link() never replaces; rename() always does.
        const int outcome = replace == Replace::kNever ? ::link(temporary.c_str(), path.c_str())
                                                       : ::rename(temporary.c_str(), path.c_str());
        failure = outcome == 0 ? 0 : errno;
    }
    if (failure != 0 || replace == Replace::kNever) ::unlink(temporary.c_str());
    if (failure == EEXIST) {
        return failed("file_exists", "write " + name_of(path), "it exists and is not replaced",
                      "move it away first if it is no longer needed");
    }
    if (failure != 0) return cannot("write", path, failure);
    if (!sync_folder(folder)) return cannot("write", path, errno);
    return {};
}

}  // namespace

Result<ByteVector> read(const std::filesystem::path& path, std::size_t most) {
    if (path == "-") return read_all(STDIN_FILENO, path, most);
    return read_regular(path, 0, most, false);
}

Result<ByteVector> read_private(const std::filesystem::path& path, std::size_t most) {
    return read_regular(path, O_NOFOLLOW, most, true);
}

Result<void> write_private(const std::filesystem::path& path, Bytes content, Replace replace) {
    return write_file(path, content, replace, true);
}

Result<void> write_public(const std::filesystem::path& path, Bytes content, Replace replace) {
    return write_file(path, content, replace, false);
}

bool is_there(const std::filesystem::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0 || !sync_folder(folder_of(to))) return cannot("write", to, errno);
    return {};
}

Result<void> remove(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot("remove", path, errno);
    if (!sync_folder(folder_of(path))) return cannot("remove", path, errno);
    return {};
}

Result<void> make_private_folder(const std::filesystem::path& path) {
    const auto unusable = [&](std::string why, std::string next) {
        return failed("folder", "using the folder " + name_of(path), std::move(why), std::move(next));
    };
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return unusable(std::generic_category().message(errno), advice_on(errno));
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return unusable("it is not a folder", "name another");
    if (status.st_uid != ::geteuid())
        return unusable("it belongs to another user", "run this as its owner, or name another");
    if ((status.st_mode & 077U) != 0) return unusable("others can look into it", "chmod 700 " + name_of(path));
    return {};
}

Result<void> make_public_folders(const std::filesystem::path& path) {
    std::filesystem::path made;
    for (const auto& part : path.lexically_normal()) {
        made /= part;
        if (made.empty() || made == "/") continue;
        if (::mkdir(made.c_str(), 0777) == 0) {
            if (!sync_folder(folder_of(made))) return cannot("write", made, errno);
            continue;
        }
        const int error = errno;
        std::error_code fault;
        if (!std::filesystem::is_directory(made, fault)) return cannot("write", made, error);
    }
    return {};
}

Result<void> shred(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status{};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return cannot("shred", path, file.is_open() ? EINVAL : errno);
    const ByteVector zeros(static_cast<std::size_t>(status.st_size));
    if (!write_all(file.get(), zeros) || ::fsync(file.get()) != 0) return cannot("shred", path, errno);
    if (::unlink(path.c_str()) != 0) return cannot("shred", path, errno);
    if (!sync_folder(path.parent_path())) return cannot("shred", path, errno);
    return {};
}

Result<Lock> Lock::take(const std::filesystem::path& lock_file) {
    constexpr std::chrono::seconds kMostWait{10};
    constexpr std::chrono::milliseconds kRetry{20};
    Descriptor file(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return cannot("lock", lock_file, errno, "check that the folder exists and is yours");
    const auto until = std::chrono::steady_clock::now() + kMostWait;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return cannot("lock", lock_file, errno);
        if (std::chrono::steady_clock::now() >= until) {
            return failed("file_locked", "lock " + name_of(lock_file), "another cotter has held it for ten seconds",
                          "look for a cotter that hangs (fuser " + name_of(lock_file) + ")");
        }
        std::this_thread::sleep_for(kRetry);
    }
    const int kept = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 0);
    if (kept < 0) return cannot("lock", lock_file, errno);
    return Lock(kept);
}

Lock::Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Lock& Lock::operator=(Lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

Lock::~Lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace cotter::files
