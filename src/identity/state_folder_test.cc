// The state folder: where it is, who may look into it, and an identity that is made once and never overwritten.
#include "identity/state_folder.h"

#include "files/testing/scratch_folder.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace cotter::identity {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using ::testing::HasSubstr;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

constexpr std::array kVariables{"COTTER_STATE", "XDG_STATE_HOME", "STATE_DIRECTORY", "HOME"};

class StateFolderTest : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : kVariables) ::unsetenv(name);
    }
    [[nodiscard]] StateFolder opened() const {
        auto folder = StateFolder::open((scratch_ / "state").string());
        if (!folder) throw std::runtime_error(folder.error().why);
        return *folder;
    }
    [[nodiscard]] std::vector<std::string> names_in_state() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(scratch_ / "state"))
            names.push_back(entry.path().filename().string());
        std::ranges::sort(names);
        return names;
    }
    ScratchFolder scratch_;
};

TEST_F(StateFolderTest, IsWhereSomebodySaidBeforeWhereItIsAssumed) {
    const auto place = [&](std::string_view name) { return (scratch_ / name).string(); };
    ::setenv("HOME", place("home").c_str(), 1);
    EXPECT_EQ(StateFolder::open(std::nullopt)->path(), scratch_ / "home/.local/state/cotter");
    ::setenv("STATE_DIRECTORY", (place("systemd") + ":" + place("second")).c_str(), 1);
    EXPECT_EQ(StateFolder::open(std::nullopt)->path(), scratch_ / "systemd");
    ::setenv("XDG_STATE_HOME", place("xdg").c_str(), 1);
    EXPECT_EQ(StateFolder::open(std::nullopt)->path(), scratch_ / "xdg/cotter");
    ::setenv("COTTER_STATE", place("own").c_str(), 1);
    EXPECT_EQ(StateFolder::open(std::nullopt)->path(), scratch_ / "own");
    EXPECT_EQ(StateFolder::open(place("flag"))->path(), scratch_ / "flag");
}

TEST_F(StateFolderTest, IsNowhereIfNobodySays) {
    const auto folder = StateFolder::open(std::nullopt);
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code, "no_state_folder");
    EXPECT_EQ(folder.error().next, "say --state DIR");
}

TEST_F(StateFolderTest, NamesItsFiles) {
    const StateFolder folder = opened();
    EXPECT_EQ(folder.key_file(), scratch_ / "state/identity.key");
    EXPECT_EQ(folder.certificate_file(), scratch_ / "state/identity.crt");
    EXPECT_EQ(folder.known_peers_file(), scratch_ / "state/known_peers");
    EXPECT_EQ(folder.registry_url(), "sqlite:" + (scratch_ / "state/registry.db").string());
}

TEST_F(StateFolderTest, A129_IsMadeForUsAlone) {
    const mode_t before = ::umask(0);
    static_cast<void>(opened());
    ::umask(before);
    EXPECT_EQ(mode_of(scratch_ / "state"), 0700U);
}

TEST_F(StateFolderTest, A129_RefusesAFolderThatOthersCanEnter) {
    static_cast<void>(opened());
    for (const mode_t mode : {mode_t{0755}, mode_t{0710}, mode_t{0701}, mode_t{0770}, mode_t{0777}}) {
        ASSERT_EQ(::chmod((scratch_ / "state").c_str(), mode), 0);
        const auto folder = StateFolder::open((scratch_ / "state").string());
        ASSERT_FALSE(folder) << std::oct << mode;
        EXPECT_EQ(folder.error().next, "chmod 700 " + (scratch_ / "state").string());
    }
}

TEST_F(StateFolderTest, A129_RefusesAFolderOfAnotherUserAndWhatIsNoFolder) {
    const auto file = scratch_.write("file", "");
    const auto not_a_folder = StateFolder::open(file.string());
    ASSERT_FALSE(not_a_folder);
    EXPECT_EQ(not_a_folder.error().why, "it is not a folder");
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give folders away";
    static_cast<void>(opened());
    constexpr uid_t kNobody = 65534;
    ASSERT_EQ(::chown((scratch_ / "state").c_str(), kNobody, kNobody), 0);
    const auto folder = StateFolder::open((scratch_ / "state").string());
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().why, "it belongs to another user");
}

TEST_F(StateFolderTest, MakesAnIdentityOnce) {
    const StateFolder folder = opened();
    const auto made = folder.own_identity(KeyChoice::kP256, kMintNow);
    ASSERT_TRUE(made) << made.error().why;
    EXPECT_TRUE(made->made_now);
    const std::string key = content_of(folder.key_file());
    EXPECT_TRUE(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = folder.own_identity(KeyChoice::kRsa3072, kMintNow + std::chrono::days(9));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->made_now);
    EXPECT_EQ(again->identity.pin(), made->identity.pin());
    EXPECT_EQ(again->identity.certificate(), made->identity.certificate());
    EXPECT_EQ(content_of(folder.key_file()), key);
}

TEST_F(StateFolderTest, A185_KeepsTheKeyFromOthersWhateverTheUmask) {
    const StateFolder folder = opened();
    const mode_t before = ::umask(0);
    ASSERT_TRUE(folder.own_identity(KeyChoice::kP256, kMintNow));
    ::umask(before);
    EXPECT_EQ(mode_of(folder.key_file()), 0600U);
    EXPECT_EQ(mode_of(folder.certificate_file()), 0600U);
    ASSERT_EQ(::chmod(folder.key_file().c_str(), 0640), 0);
    const auto lax = folder.own_identity(KeyChoice::kP256, kMintNow);
    ASSERT_FALSE(lax);
    EXPECT_EQ(lax.error().code, "file_mode");
}

TEST_F(StateFolderTest, A189_LeavesNoTemporaryFileAndFollowsNoPlantedLink) {
    const StateFolder folder = opened();
    ASSERT_TRUE(folder.own_identity(KeyChoice::kP256, kMintNow));
    EXPECT_EQ(names_in_state(), (std::vector<std::string>{"identity.crt", "identity.key", "identity.lock"}));

    // A link in the key's place, dangling or not, is neither read nor written through.
    const Minted planted = mint().leaf("planted.example");
    const auto target = scratch_.write("planted.key", planted.key_pem());
    std::filesystem::remove(folder.key_file());
    std::filesystem::create_symlink(target, folder.key_file());
    for (const bool has_certificate : {true, false}) {
        if (!has_certificate) std::filesystem::remove(folder.certificate_file());
        const auto refused = folder.own_identity(KeyChoice::kP256, kMintNow);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "file_link");
    }
    std::filesystem::remove(target);
    EXPECT_FALSE(folder.own_identity(KeyChoice::kP256, kMintNow));
    EXPECT_FALSE(std::filesystem::exists(target));
    EXPECT_FALSE(std::filesystem::exists(folder.certificate_file()));
}

TEST_F(StateFolderTest, GivesAKeyWithoutCertificateANewOne) {
    const StateFolder folder = opened();
    const auto made = folder.own_identity(KeyChoice::kEd25519, kMintNow);
    ASSERT_TRUE(made);
    std::filesystem::remove(folder.certificate_file());
    const auto mended = folder.own_identity(KeyChoice::kP256, kMintNow);
    ASSERT_TRUE(mended) << mended.error().why;
    EXPECT_FALSE(mended->made_now);
    EXPECT_EQ(mended->identity.pin(), made->identity.pin());
    EXPECT_TRUE(std::filesystem::exists(folder.certificate_file()));
}

TEST_F(StateFolderTest, MakesNoKeyForACertificateWithoutOne) {
    const StateFolder folder = opened();
    ASSERT_TRUE(folder.own_identity(KeyChoice::kP256, kMintNow));
    std::filesystem::remove(folder.key_file());
    const std::string certificate = content_of(folder.certificate_file());
    const auto half = folder.own_identity(KeyChoice::kP256, kMintNow);
    ASSERT_FALSE(half);
    EXPECT_EQ(half.error().code, "identity_half");
    EXPECT_FALSE(std::filesystem::exists(folder.key_file()));
    EXPECT_EQ(content_of(folder.certificate_file()), certificate);
}

TEST_F(StateFolderTest, A186_OverwritesNothingOfAPairThatDoesNotMatch) {
    const StateFolder folder = opened();
    ASSERT_TRUE(folder.own_identity(KeyChoice::kP256, kMintNow));
    const Minted other = mint().leaf("other.example");
    scratch_.write("state/identity.key", other.key_pem());
    const std::string certificate = content_of(folder.certificate_file());
    const auto mixed = folder.own_identity(KeyChoice::kP256, kMintNow);
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().code, "identity_mismatch");
    EXPECT_EQ(content_of(folder.key_file()), other.key_pem());
    EXPECT_EQ(content_of(folder.certificate_file()), certificate);
}

TEST_F(StateFolderTest, MakesOneIdentityForManyAtOnce) {
    const StateFolder folder = opened();
    constexpr std::size_t kMany = 8;
    std::array<std::optional<StateFolder::OwnIdentity>, kMany> got;
    {
        std::vector<std::jthread> threads;
        for (auto& place : got) {
            threads.emplace_back([&folder, &place] {
                if (auto own = folder.own_identity(KeyChoice::kP256, kMintNow)) place = std::move(*own);
            });
        }
    }
    std::size_t made = 0;
    for (const auto& own : got) {
        ASSERT_TRUE(own);
        made += own->made_now ? 1U : 0U;
        EXPECT_EQ(own->identity.pin(), got.front()->identity.pin());
    }
    EXPECT_EQ(made, 1U);
}

constexpr int kFoundOne = 3;
constexpr int kFoundNone = 4;

/// Run by the next test in a process that a set-user-ID bit has raised. It ends at once: what a leak checker looks at
/// is closed to such a process.
TEST(RaisedProcess, DISABLED_LooksForItsStateFolder) {
    const auto folder = StateFolder::open(std::nullopt);
    ::_exit(!folder && folder.error().code == "no_state_folder" ? kFoundNone : kFoundOne);
}

TEST_F(StateFolderTest, A193_BelievesNoEnvironmentInARaisedProcess) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make a set-user-ID program of another user";
    const auto program = scratch_ / "raised_test";
    std::filesystem::copy_file("/proc/self/exe", program);
    constexpr uid_t kNobody = 65534;
    ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
    ASSERT_EQ(::chown(program.c_str(), kNobody, kNobody), 0);
    const auto exit_code = [&](mode_t mode) {
        if (::chmod(program.c_str(), mode) != 0) return -1;
        const pid_t child = ::fork();
        if (child == 0) {
            const std::string state = "COTTER_STATE=" + (scratch_ / "state").string();
            const std::string home = "HOME=" + scratch_.path().string();
            const std::array<const char*, 3> environment{state.c_str(), home.c_str(), nullptr};
            ::execle(program.c_str(), "raised_test", "--gtest_filter=RaisedProcess.*",
                     "--gtest_also_run_disabled_tests", nullptr, environment.data());
            ::_exit(127);
        }
        int status = 0;
        if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
        return WEXITSTATUS(status);
    };
    EXPECT_EQ(exit_code(0755), kFoundOne) << "not raised";
    std::filesystem::remove_all(scratch_ / "state");
    EXPECT_EQ(exit_code(04755), kFoundNone) << "raised";
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "state"));
}

}  // namespace
}  // namespace cotter::identity
