// Files as cotter reads and replaces them: bounded reads of regular files, private atomic writes, locks.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <filesystem>
#include <string>

namespace cotter::files {

inline constexpr std::size_t kMostBytes = 16U << 20U;

/// Whole content of a regular file, opened once (O_NONBLOCK, then fstat), or of standard input for "-". FIFOs, devices,
/// directories and more than `most` bytes are refused (INVARIANT A62).
[[nodiscard]] Result<ByteVector> read(const std::filesystem::path& path, std::size_t most = kMostBytes);

/// The same for a file that only we may read or write: our own (or root's), no group or other permission bits, not a
/// link. Else an Error with the chmod to run (INVARIANTS A129, A185).
[[nodiscard]] Result<ByteVector> read_private(const std::filesystem::path& path, std::size_t most = kMostBytes);

enum class Replace : std::uint8_t { kNever, kExisting };

/// Writes content to path, mode 0600, through a temporary file in the same folder, fsync, rename, fsync of the folder.
/// kNever: an existing file is an Error and stays (INVARIANTS A130, A185, A189).
[[nodiscard]] Result<void> write_private(const std::filesystem::path& path, Bytes content, Replace replace);

/// The same with the mode that new files get (0666 less the umask), for what is no secret.
[[nodiscard]] Result<void> write_public(const std::filesystem::path& path, Bytes content, Replace replace);

/// Whether anything has that name, a link to nowhere among it.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

/// Gives a file the name of another in the same folder, whose place it takes, and syncs the folder.
[[nodiscard]] Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to);

/// Removes a file and syncs the folder; one that isn't there is no Error.
[[nodiscard]] Result<void> remove(const std::filesystem::path& path);

/// Makes the folder, 0700, where it isn't there (those above it are not made). One that is there must be a folder of
/// our own that nobody else can look into; else an Error with the chmod to run (INVARIANT A129).
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& path);

/// Makes the folder and those above it that aren't there, with the mode that new folders get (0777 less the umask), and
/// syncs what each was made in: for what is no secret.
[[nodiscard]] Result<void> make_public_folders(const std::filesystem::path& path);

/// Overwrites the file, syncs it and takes it away. What a disk or file system has kept elsewhere (copies, snapshots,
/// worn blocks) is out of reach.
[[nodiscard]] Result<void> shred(const std::filesystem::path& path);

/// An exclusive lock (flock on a file beside the thing that is changed), released by the destructor.
class Lock {
  public:
    [[nodiscard]] static Result<Lock> take(const std::filesystem::path& lock_file);  ///< waits at most 10 s
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&& other) noexcept;
    ~Lock();

  private:
    explicit Lock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace cotter::files
