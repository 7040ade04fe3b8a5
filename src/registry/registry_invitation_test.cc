// What every store must do with invitations: used once, by whomever comes first, in time, and without telling why not.
#include "registry/registry.h"

#include "registry/testing/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <latch>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace cotter::registry {
namespace {

using testing::by_admin;
using ::testing::HasSubstr;
using testing::key_of;
using testing::kNow;
using testing::name_of;

constexpr std::chrono::hours kHour{1};

std::string_view characters(Bytes octets) {
    return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
}

/// Nothing: it is there no more.
std::optional<std::string> content_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    if (!stream) return std::nullopt;
    std::string content(static_cast<std::size_t>(stream.tellg()), '\0');
    stream.seekg(0);
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    return content;
}

class RegistryInvitationTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    [[nodiscard]] std::unique_ptr<Registry> another() const { return testing::open(url_); }

    Result<Invitation> invite(std::string_view name, Time expires = kNow + kHour) {
        return registry_->invite(name_of(name), secret_, expires, std::nullopt, by_admin());
    }

    Result<Client> join(std::uint8_t key, Time now = kNow) {
        return registry_->join(secret_, key_of(key), Change{"203.0.113.9", now});
    }

    /// Expects that joining is refused, for that cause, and that nothing shows it but `why`.
    void expect_refused(const Result<Client>& joined, std::string_view cause) {
        ASSERT_FALSE(joined);
        EXPECT_EQ(joined.error().code, "invitation_invalid");
        EXPECT_EQ(joined.error().what, "using an invitation");
        EXPECT_EQ(joined.error().next, "");
        EXPECT_THAT(joined.error().why, HasSubstr(std::string(cause)));
    }

    testing::Folder folder_;
    std::string url_ = GetParam().url(folder_.path());
    std::unique_ptr<Registry> registry_ = testing::open(url_);
    InvitationSecret secret_ = InvitationSecret::random();
};

TEST_P(RegistryInvitationTest, AdmitsTheKeyThatJoinsUnderTheInvitedName) {
    const Time until = kNow + 24 * kHour;
    const auto invitation = registry_->invite(name_of("web"), secret_, kNow + kHour, until, by_admin());
    ASSERT_TRUE(invitation);
    const auto waiting = registry_->invitations(kNow);
    ASSERT_TRUE(waiting);
    ASSERT_EQ(waiting->size(), 1U);
    EXPECT_EQ(waiting->front().id, invitation->id);
    EXPECT_EQ(waiting->front().name, name_of("web"));
    EXPECT_EQ(waiting->front().client_expires, until);
    EXPECT_EQ(registry_->version(), 0U) << "an invitation changes no client";

    const auto joined = join(1);
    ASSERT_TRUE(joined) << joined.error().why;
    EXPECT_EQ(joined->name, name_of("web"));
    EXPECT_EQ(joined->expires, until);
    ASSERT_EQ(joined->keys.size(), 1U);
    EXPECT_EQ(joined->keys[0].pin, testing::pin_of(1));
    EXPECT_EQ(registry_->version(), 1U);
    EXPECT_TRUE(registry_->invitations(kNow)->empty());
    const auto entries = registry_->audit("web", 10);
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(entries->at(0).action, "join");
    EXPECT_EQ(entries->at(0).actor, "203.0.113.9");
    EXPECT_EQ(entries->at(1).action, "invite");
}

TEST_P(RegistryInvitationTest, A203_ACodeWorksOnceAlsoAfterARestart) {
    ASSERT_TRUE(invite("web"));
    ASSERT_TRUE(join(1));
    expect_refused(join(2), "no such invitation waits");
    registry_.reset();
    registry_ = another();
    expect_refused(join(2), "no such invitation waits");
    ASSERT_TRUE(registry_->remove(name_of("web"), by_admin()));
    expect_refused(join(2), "no such invitation waits");
}

TEST_P(RegistryInvitationTest, A203_OfTwoServersThatTakeOneCodeAtOnceOneAdmits) {
    for (std::uint8_t round = 1; round <= 20; ++round) {
        const InvitationSecret secret = InvitationSecret::random();
        const ClientName name = name_of("web-" + std::to_string(round));
        ASSERT_TRUE(registry_->invite(name, secret, kNow + kHour, std::nullopt, by_admin()));
        const auto rival = another();
        const auto key = static_cast<std::uint8_t>(2 * round);
        const auto rivals_key = static_cast<std::uint8_t>(2 * round + 1);
        std::latch start(2);
        bool rival_joined = false;
        std::string rivals_code;
        std::thread thread([&] {
            start.arrive_and_wait();
            const auto theirs = rival->join(secret, key_of(rivals_key), by_admin());
            rival_joined = theirs.has_value();
            if (!theirs) rivals_code = theirs.error().code;
        });
        start.arrive_and_wait();
        const auto ours = registry_->join(secret, key_of(key), by_admin());
        thread.join();
        ASSERT_NE(ours.has_value(), rival_joined);
        EXPECT_EQ(ours ? rivals_code : ours.error().code, "invitation_invalid");
        const auto client = registry_->find(name);
        ASSERT_TRUE(client);
        ASSERT_EQ(client->keys.size(), 1U);
        EXPECT_EQ(client->keys[0].pin, testing::pin_of(ours ? key : rivals_key));
    }
}

TEST_P(RegistryInvitationTest, A204_ACodeEndsAtItsSecondByTheServersClock) {
    ASSERT_TRUE(invite("web", kNow + kHour));
    expect_refused(join(1, kNow + kHour), "ended at");
    EXPECT_TRUE(registry_->invitations(kNow + kHour)->empty());
    EXPECT_TRUE(join(1, kNow + kHour - std::chrono::seconds(1)));
}

TEST_P(RegistryInvitationTest, A204_NothingIsMadeThatHasEndedAlready) {
    EXPECT_EQ(invite("web", kNow).error().code, "expires_past");
    EXPECT_EQ(registry_->invite(name_of("web"), secret_, kNow + kHour, kNow, by_admin()).error().code, "expires_past");
    ASSERT_TRUE(registry_->invite(name_of("web"), secret_, kNow + 9 * kHour, kNow + kHour, by_admin()));
    expect_refused(join(1, kNow + 2 * kHour), "would have ended already");
}

TEST_P(RegistryInvitationTest, A205_TheSecretIsNowhereInTheStore) {
    ASSERT_TRUE(invite("web"));
    const std::string_view secret = characters(secret_.octets());
    const auto hash = secret_.hash();
    bool holds_hash = false;
    for (const auto& file : std::filesystem::recursive_directory_iterator(GetParam().files(folder_.path()))) {
        if (!file.is_regular_file()) continue;
        const auto content = content_of(file.path());
        if (!content) {
            EXPECT_FALSE(std::filesystem::exists(file.path())) << "PostgreSQL takes some of its own away again";
            continue;
        }
        EXPECT_EQ(content->find(secret), std::string::npos) << file.path();
        holds_hash = holds_hash || content->find(characters(hash)) != std::string::npos;
    }
    EXPECT_TRUE(holds_hash) << "the search looks at the wrong files";
}

TEST_P(RegistryInvitationTest, A206_NoCodeThatFailsSaysWhy) {
    expect_refused(join(1), "no such invitation waits");
    ASSERT_TRUE(invite("web"));
    ASSERT_TRUE(registry_->add(name_of("db"), {key_of(1)}, std::nullopt, "", by_admin()));
    expect_refused(join(1), "belongs to the client db");
    ASSERT_TRUE(registry_->revoke(name_of("db"), "", by_admin()));
    expect_refused(join(1), "revoked with the client db");
    expect_refused(join(3, kNow + 2 * kHour), "ended at");
    EXPECT_TRUE(join(3)) << "a key that can't be admitted doesn't use the code up";
}

TEST_P(RegistryInvitationTest, A214_AnInvitationNeverRebindsAName) {
    ASSERT_TRUE(invite("web"));
    ASSERT_TRUE(registry_->add(name_of("web"), {key_of(1)}, std::nullopt, "", by_admin()));
    expect_refused(join(2), "called web already");
    EXPECT_EQ(registry_->find(name_of("web"))->keys.size(), 1U);
    EXPECT_EQ(registry_->invite(name_of("WEB"), InvitationSecret::random(), kNow + kHour, std::nullopt, by_admin())
                  .error()
                  .code,
              "name_taken");
}

TEST_P(RegistryInvitationTest, AWithdrawnCodeIsNoCode) {
    const auto invitation = invite("web");
    ASSERT_TRUE(invitation);
    ASSERT_TRUE(registry_->withdraw(invitation->id, by_admin()));
    EXPECT_EQ(registry_->withdraw(invitation->id, by_admin()).error().code, "no_such_invitation");
    expect_refused(join(1), "no such invitation waits");
    EXPECT_EQ(registry_->audit("web", 1)->at(0).action, "withdraw");
}

TEST_P(RegistryInvitationTest, AtMostAThousandWait) {
    for (int count = 0; count < 1000; ++count) {
        ASSERT_TRUE(
            registry_->invite(name_of("web"), InvitationSecret::random(), kNow + kHour, std::nullopt, by_admin()));
    }
    EXPECT_EQ(invite("web").error().code, "too_many_invitations");
    const auto later =
        registry_->invite(name_of("web"), secret_, kNow + 3 * kHour, std::nullopt, by_admin(kNow + 2 * kHour));
    EXPECT_TRUE(later) << "those that have ended don't wait";
}

INSTANTIATE_TEST_SUITE_P(Stores, RegistryInvitationTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
