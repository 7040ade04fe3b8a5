// Files on a real file system: what is read, how secrets are replaced, and what a failure leaves behind.
#include "files/files.h"

#include "files/testing/scratch_folder.h"
#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <csignal>
#include <future>
#include <set>
#include <string>

namespace cotter::files {
namespace {

using testing::content_of;
using testing::mode_of;
using testing::ScratchFolder;
using text::testing::filled;
using text::testing::octets_of;

std::string code_of(const auto& result) {
    return result ? std::string() : result.error().code;
}

std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
}

TEST(Files, A62_ReadsRegularFilesUpToTheirMostOnly) {
    const ScratchFolder folder;
    const std::string content("\0a\nb\xff", 5);
    const auto file = folder.write("file", content, 0644);
    EXPECT_EQ(*read(file), ByteVector(octets_of(content).begin(), octets_of(content).end()));
    EXPECT_TRUE(read(folder.write("empty", ""))->empty());
    EXPECT_EQ(read(file, 5)->size(), 5U);
    EXPECT_EQ(code_of(read(file, 4)), "file_too_large");
    const auto large = folder.write("large", std::string((16U << 20U) + 1, 'x'));
    EXPECT_EQ(code_of(read(large)), "file_too_large");
    std::filesystem::resize_file(large, 16U << 20U);
    EXPECT_EQ(read(large)->size(), 16U << 20U);
    const auto link = folder / "link";
    std::filesystem::create_symlink(file, link);
    EXPECT_EQ(read(link)->size(), 5U);
    EXPECT_EQ(code_of(read(folder / "absent")), "file_read");
    EXPECT_EQ(code_of(read("")), "file_read");
}

TEST(Files, A62_WaitsForNoFifoDeviceOrFolder) {
    const ScratchFolder folder;
    const auto fifo = folder / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    for (const std::filesystem::path& path :
         {fifo, folder.path(), std::filesystem::path("/dev/zero"), std::filesystem::path("/dev/null")}) {
        EXPECT_EQ(code_of(read(path)), "file_not_regular") << path;
        EXPECT_EQ(read(path).error().kind, ErrorKind::kMalformedInput);
        EXPECT_FALSE(read_private(path)) << path;
    }
    const auto to_fifo = folder / "to-fifo";
    std::filesystem::create_symlink(fifo, to_fifo);
    EXPECT_EQ(code_of(read(to_fifo)), "file_not_regular");
}

TEST(Files, NameThemselvesSafelyInErrors) {
    const ScratchFolder folder;
    const auto fault = read(folder / "a\x1b[31m\nb");
    ASSERT_FALSE(fault);
    EXPECT_NE(fault.error().what.find("a\\x1b[31m\\x0ab"), std::string::npos) << fault.error().what;
}

TEST(PrivateFiles, A185_AreReadOnlyIfNobodyElseMayReadOrWriteThem) {
    const ScratchFolder folder;
    for (const mode_t mode : {0600U, 0400U, 0700U}) {
        EXPECT_TRUE(read_private(folder.write("key", "secret", mode))) << mode;
    }
    for (const mode_t bit : {040U, 020U, 010U, 04U, 02U, 01U}) {
        const auto key = folder.write("key", "secret", 0600U | bit);
        const auto secret = read_private(key);
        ASSERT_FALSE(secret) << bit;
        EXPECT_EQ(secret.error().code, "file_mode");
        EXPECT_EQ(secret.error().next, "chmod 600 " + key.string());
    }
    const auto key = folder.write("key", "secret");
    const auto link = folder / "link";
    std::filesystem::create_symlink(key, link);
    EXPECT_EQ(code_of(read_private(link)), "file_link");
    EXPECT_EQ(code_of(read_private(folder / "absent")), "file_read");
}

TEST(PrivateFiles, A185_AreOnesOwn) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const ScratchFolder folder;
    const auto key = folder.write("key", "secret");
    ASSERT_EQ(::chown(key.c_str(), 12345, 12345), 0);
    EXPECT_EQ(code_of(read_private(key)), "file_owner");
}

TEST(PrivateFiles, A185_A189_AreWritten0600UnderNoNameThatCouldBeForeseen) {
    const ScratchFolder folder;
    const mode_t before = ::umask(0);  // the laxest
    const auto key = folder / "key";
    EXPECT_TRUE(write_private(key, octets_of("first"), Replace::kNever));
    EXPECT_EQ(mode_of(key), 0600U);
    EXPECT_EQ(content_of(key), "first");
    EXPECT_EQ(code_of(write_private(key, octets_of("second"), Replace::kNever)), "file_exists");
    EXPECT_EQ(content_of(key), "first");
    EXPECT_TRUE(write_private(key, octets_of("third"), Replace::kExisting));
    EXPECT_EQ(content_of(key), "third");
    folder.write("lax", "old", 0666);
    EXPECT_TRUE(write_private(folder / "lax", octets_of("new"), Replace::kExisting));
    EXPECT_EQ(mode_of(folder / "lax"), 0600U);
    EXPECT_EQ(::umask(before), 0U) << "the caller's umask is put back";
    EXPECT_EQ(names_in(folder.path()), (std::set<std::string>{"key", "lax"})) << "no temporary file stays";
}

TEST(PrivateFiles, A189_ReplaceALinkAndNotWhatItLeadsTo) {
    const ScratchFolder folder;
    const auto victim = folder.write("victim", "theirs", 0644);
    const auto link = folder / "link";
    std::filesystem::create_symlink(victim, link);
    EXPECT_EQ(code_of(write_private(link, octets_of("ours"), Replace::kNever)), "file_exists");
    EXPECT_TRUE(write_private(link, octets_of("ours"), Replace::kExisting));
    EXPECT_FALSE(std::filesystem::is_symlink(link));
    EXPECT_EQ(content_of(link), "ours");
    EXPECT_EQ(content_of(victim), "theirs");
    EXPECT_EQ(mode_of(victim), 0644U);
    const auto dangling = folder / "dangling";
    std::filesystem::create_symlink(folder / "nowhere", dangling);
    EXPECT_EQ(code_of(write_private(dangling, octets_of("ours"), Replace::kNever)), "file_exists");
    EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
}

/// Lets files of this process grow to that size and no further, as a full disk would.
class FullDisk {
  public:
    explicit FullDisk(rlim_t octets) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{octets, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        static_cast<void>(std::signal(SIGXFSZ, handler_));
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST(PrivateFiles, A130_StayWholeWhenTheDiskIsFull) {
    const ScratchFolder folder;
    const auto key = folder.write("key", "old and whole");
    for (const Replace replace : {Replace::kExisting, Replace::kNever}) {
        const auto path = replace == Replace::kExisting ? key : folder / "other";
        const auto written = [&] {
            const FullDisk disk(1000);
            return write_private(path, filled(100000, 'n'), replace);
        }();
        EXPECT_EQ(code_of(written), "file_write");
    }
    EXPECT_EQ(content_of(key), "old and whole");
    EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"key"}) << "no torn file stays";
}

TEST(PrivateFiles, A130_SayWhereTheyCannotBeWritten) {
    const ScratchFolder folder;
    EXPECT_EQ(code_of(write_private(folder / "absent/key", octets_of("x"), Replace::kExisting)), "file_write");
    std::filesystem::create_directory(folder / "taken");
    EXPECT_FALSE(write_private(folder / "taken", octets_of("x"), Replace::kExisting));
    EXPECT_FALSE(write_private(folder / "taken", octets_of("x"), Replace::kNever));
    EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"taken"});
}

TEST(PublicFolders, AreMadeWithThoseAboveThemAndMayBeThere) {
    const ScratchFolder folder;
    for (int again = 0; again < 2; ++again) {
        ASSERT_TRUE(make_public_folders(folder / "a/b/../c"));
        EXPECT_EQ(names_in(folder / "a"), std::set<std::string>{"c"});
    }
    EXPECT_EQ(mode_of(folder / "a/c") & 0700U, 0700U);
    folder.write("file", "");
    EXPECT_EQ(code_of(make_public_folders(folder / "file/under")), "file_write");
    std::filesystem::create_directory_symlink(folder / "a", folder / "link");
    EXPECT_TRUE(make_public_folders(folder / "link/d"));
    EXPECT_EQ(names_in(folder / "a"), (std::set<std::string>{"c", "d"}));
}

TEST(Lock, IsHeldByOneAtATime) {
    const ScratchFolder folder;
    const auto path = folder / "lock";
    const auto is_free = [&] {
        const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        const bool taken = ::flock(file, LOCK_EX | LOCK_NB) == 0;
        ::close(file);
        return taken;
    };
    {
        auto lock = Lock::take(path);
        ASSERT_TRUE(lock);
        EXPECT_EQ(mode_of(path), 0600U);
        EXPECT_FALSE(is_free());
        Lock moved = std::move(*lock);
        EXPECT_FALSE(is_free()) << "the one that it was moved to holds it";
        auto waiting = std::async(std::launch::async, [&] { return Lock::take(path).has_value(); });
        {
            const Lock released = std::move(moved);
        }
        EXPECT_TRUE(waiting.get());
    }
    EXPECT_TRUE(is_free());
}

TEST(Lock, A189_FollowsNoLink) {
    const ScratchFolder folder;
    std::filesystem::create_symlink(folder / "elsewhere", folder / "lock");
    EXPECT_EQ(code_of(Lock::take(folder / "lock")), "file_lock");
    EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
    EXPECT_EQ(code_of(Lock::take(folder / "absent/lock")), "file_lock");
}

}  // namespace
}  // namespace cotter::files
