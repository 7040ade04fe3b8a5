// The next key takes the present one's place; whatever was done last before a crash, one whole identity is there, and
// doing it again ends well.
#include "identity/succession.h"

#include "files/files.h"
#include "files/testing/scratch_folder.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <map>

namespace cotter::identity {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using x509::testing::kMintNow;

class SuccessionTest : public ::testing::Test {
  protected:
    [[nodiscard]] StateFolder folder() const {
        auto opened = StateFolder::open((scratch_ / "state").string());
        if (!opened) throw std::runtime_error(opened.error().why);
        return *opened;
    }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return scratch_ / "state" / name; }
    [[nodiscard]] Pin own_pin() const {
        const auto own = folder().own_identity(KeyChoice::kP256, kMintNow);
        if (!own) throw std::runtime_error(own.error().why);
        return own->identity.pin();
    }
    [[nodiscard]] Succession succession(KeyRole role = KeyRole::kServer) const { return {folder(), role}; }
    [[nodiscard]] Pin make_next() const {
        const auto made = succession().make(KeyChoice::kP256, kMintNow);
        if (!made) throw std::runtime_error(made.error().why);
        return made->identity.pin();
    }
    /// Every file but locks, with its content.
    [[nodiscard]] std::map<std::string, std::string> all_files() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(scratch_ / "state")) {
            if (entry.path().extension() != ".lock") found[entry.path().filename().string()] = content_of(entry.path());
        }
        return found;
    }
    void restore(const std::map<std::string, std::string>& wanted) const {
        for (const auto& [name, content] : all_files()) std::filesystem::remove(path(name));
        for (const auto& [name, content] : wanted) {
            const Bytes bytes{reinterpret_cast<const std::byte*>(content.data()), content.size()};
            ASSERT_TRUE(files::write_private(path(name), bytes, files::Replace::kNever));
        }
    }

    ScratchFolder scratch_;
};

TEST_F(SuccessionTest, A185_TheNextKeyIsMadeOnceAndAsPrivateAsThePresentOne) {
    static_cast<void>(own_pin());
    EXPECT_FALSE(succession().is_begun());
    EXPECT_FALSE(*succession().next());
    const Pin next = make_next();
    EXPECT_EQ(make_next(), next) << "a second call made another key";
    EXPECT_EQ(mode_of(path("next.key")), 0600U);
    EXPECT_NE(next, own_pin());
    ASSERT_TRUE(*succession().next());
    EXPECT_EQ((*succession().next())->pin(), next);
    std::filesystem::permissions(path("next.key"), std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    EXPECT_FALSE(succession().next()) << "a key that others can read is refused";
}

TEST_F(SuccessionTest, ServerAndClientHaveFilesOfTheirOwn) {
    static_cast<void>(own_pin());
    ASSERT_TRUE(succession(KeyRole::kClient).make(KeyChoice::kP256, kMintNow));
    EXPECT_TRUE(std::filesystem::exists(path("identity.next.key")));
    EXPECT_FALSE(succession(KeyRole::kServer).is_begun());
}

TEST_F(SuccessionTest, SwitchesAndKeepsThePreviousKey) {
    const Pin present = own_pin();
    const std::string key = content_of(path("identity.key"));
    const Pin next = make_next();
    EXPECT_TRUE(*succession().switch_over(next));
    EXPECT_EQ(own_pin(), next);
    EXPECT_EQ(content_of(path("previous.key")), key);
    EXPECT_EQ(mode_of(path("previous.key")), 0600U);
    EXPECT_EQ(load_identity(path("previous.key"), path("previous.crt"))->pin(), present);
    EXPECT_FALSE(succession().is_begun());
    EXPECT_FALSE(*succession().switch_over(next)) << "it was done before";
    EXPECT_EQ(load_identity(path("previous.key"), path("previous.crt"))->pin(), present)
        << "done again, it lost the old key";
    ASSERT_TRUE(succession().discard_previous());
    EXPECT_FALSE(std::filesystem::exists(path("previous.key")));
}

TEST_F(SuccessionTest, SwitchesToNothingButTheKeyThatWasAnnounced) {
    const Pin present = own_pin();
    const Pin next = make_next();
    ASSERT_TRUE(succession().discard_next());
    EXPECT_EQ(succession().switch_over(next).error().code, "no_next_key");
    const Pin other = make_next();
    ASSERT_NE(other, next);
    EXPECT_EQ(succession().switch_over(next).error().code, "other_next_key");
    EXPECT_EQ(own_pin(), present);
}

TEST_F(SuccessionTest, A186_AfterACrashAtAnyStepTheIdentityIsWholeAndTheSwitchCanBeDoneAgain) {
    const Pin present = own_pin();
    const auto before_next = all_files();
    const Pin next = make_next();
    const auto prepared = all_files();
    ASSERT_TRUE(*succession().switch_over(next));
    const auto after = all_files();

    // What each step of the switch leaves behind, in order.
    std::vector<std::map<std::string, std::string>> states{prepared};
    const auto step = [&](auto change) {
        auto state = states.back();
        change(state);
        states.push_back(std::move(state));
    };
    step([&](auto& state) { state["previous.key"] = before_next.at("identity.key"); });
    step([&](auto& state) { state["previous.crt"] = before_next.at("identity.crt"); });
    step([&](auto& state) {
        state["identity.key"] = state.at("next.key");
        state.erase("next.key");
    });
    step([&](auto& state) {
        state["identity.crt"] = state.at("next.crt");
        state.erase("next.crt");
    });
    ASSERT_EQ(states.back(), after);
    for (std::size_t i = 0; i < states.size(); ++i) {
        restore(states[i]);
        const Pin found = own_pin();
        EXPECT_EQ(found, i < 3 ? present : next) << i;
        restore(states[i]);
        const auto again = succession().switch_over(next);
        ASSERT_TRUE(again) << i << ": " << again.error().why;
        EXPECT_EQ(*again, i < 3) << i;
        EXPECT_EQ(all_files(), after) << i;
    }
}

TEST_F(SuccessionTest, AfterACrashInTheMakingOrTheDiscardingBothCanBeDoneAgain) {
    const Pin present = own_pin();
    const Pin next = make_next();
    const auto prepared = all_files();
    auto half_made = prepared;
    half_made.erase("next.crt");
    restore(half_made);
    EXPECT_EQ(own_pin(), present);
    EXPECT_TRUE(succession().is_begun());
    EXPECT_FALSE(*succession().next());
    EXPECT_EQ(make_next(), next) << "the key that was written is the key";

    auto half_discarded = prepared;
    half_discarded.erase("next.key");
    restore(half_discarded);
    EXPECT_EQ(own_pin(), present);
    EXPECT_FALSE(*succession().next());
    ASSERT_TRUE(succession().discard_next());
    EXPECT_FALSE(succession().is_begun());
    restore(half_discarded);
    EXPECT_NE(make_next(), next) << "a discarded key came back";
    EXPECT_EQ(own_pin(), present);
}

TEST_F(SuccessionTest, FilesThatAPersonHasNamedGiveWayToThoseBesideThem) {
    const ScratchFolder elsewhere;
    const KeyFiles named{elsewhere / "alice.key", elsewhere / "alice.crt"};
    static_cast<void>(own_pin());
    std::filesystem::copy(path("identity.key"), named.key);
    std::filesystem::copy(path("identity.crt"), named.certificate);
    std::filesystem::permissions(named.certificate, std::filesystem::perms{0644});
    const Succession succession(named);
    EXPECT_TRUE(succession.complete());
    EXPECT_FALSE(files::is_there(elsewhere / "alice.key.lock")) << "there was nothing to complete";
    const auto next = succession.make(KeyChoice::kP256, kMintNow);
    ASSERT_TRUE(next) << next.error().why;
    EXPECT_EQ(succession.key_file(), elsewhere / "alice.key.next");
    ASSERT_TRUE(succession.switch_over(next->identity.pin()));
    EXPECT_EQ(load_identity(named.key, named.certificate)->pin(), next->identity.pin());
    EXPECT_EQ(mode_of(elsewhere / "alice.key.previous"), 0600U);
    EXPECT_TRUE(succession.has_previous());
    ASSERT_TRUE(succession.discard_previous());
    EXPECT_FALSE(succession.has_previous());
    EXPECT_FALSE(succession.is_begun());
}

TEST_F(SuccessionTest, ASwitchThatWasCutShortIsCompleted) {
    const ScratchFolder elsewhere;
    const KeyFiles named{elsewhere / "alice.key", elsewhere / "alice.crt"};
    static_cast<void>(own_pin());
    std::filesystem::copy(path("identity.key"), named.key);
    std::filesystem::copy(path("identity.crt"), named.certificate);
    const Succession succession(named);
    const auto next = succession.make(KeyChoice::kP256, kMintNow);
    ASSERT_TRUE(next);
    std::filesystem::rename(succession.key_file(), named.key);
    EXPECT_FALSE(load_identity(named.key, named.certificate));
    ASSERT_TRUE(succession.complete());
    EXPECT_EQ(load_identity(named.key, named.certificate)->pin(), next->identity.pin());
}

}  // namespace
}  // namespace cotter::identity
