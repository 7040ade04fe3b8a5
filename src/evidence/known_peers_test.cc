// known_peers: what is remembered, what a file that can't be trusted gives, and that nothing is lost in rewriting.
#include "evidence/known_peers.h"

#include "files/testing/scratch_folder.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace cotter::evidence {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using trust::ContinuityState;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

Pin spki(const Minted& minted) {
    return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

HostPort at(std::string_view text) {
    return *HostPort::parse(text);
}

class KnownPeersTest : public ::testing::Test {
  protected:
    [[nodiscard]] ContinuityState state(std::string_view peer, const Minted& leaf) const {
        return peers_.ask(at(peer), leaf.certificate()).state;
    }
    /// One more key, whatever is remembered.
    [[nodiscard]] Result<void> add(std::string_view peer, const Minted& of) const {
        return peers_.update([&](PeerList& list, const NewNames& names) {
            return list.remember(at(peer), {spki(of)}, kMintNow, names, true);
        });
    }
    [[nodiscard]] std::string content() const { return content_of(file_); }
    void write(std::string_view text, mode_t mode = 0600) const { folder_.write("known_peers", text, mode); }
    [[nodiscard]] std::string line(std::string_view peer, const Minted& of) const {
        return std::string(peer) + " " + spki(of).to_string() + " 2026-10-01T00:00:00Z 2026-11-01T00:00:00Z";
    }

    ScratchFolder folder_;
    std::filesystem::path file_ = folder_ / "known_peers";
    KnownPeers peers_{file_};
    Minted db_ = mint().leaf("db.example");
    Minted other_ = mint().leaf("other.example");
};

TEST_F(KnownPeersTest, KnowNobodyAtFirst) {
    EXPECT_EQ(state("db.example:5432", db_), ContinuityState::kUnknown);
    EXPECT_THAT(peers_.pins_of(at("db.example:5432")).value(), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(file_)) << "asking makes no file";
}

TEST_F(KnownPeersTest, RememberAndMatch) {
    ASSERT_TRUE(peers_.remember(at("db.example:5432"), {spki(db_)}, kMintNow));
    EXPECT_EQ(content(), "db.example:5432 " + spki(db_).to_string() + " 2026-11-24T00:00:00Z 2026-11-24T00:00:00Z\n");
    const auto match = peers_.ask(at("db.example:5432"), db_.certificate());
    EXPECT_EQ(match.state, ContinuityState::kMatch);
    EXPECT_THAT(match.remembered, ElementsAre(spki(db_)));
    EXPECT_EQ(match.first_seen, kMintNow);
    EXPECT_THAT(peers_.pins_of(at("db.example:5432")).value(), ElementsAre(spki(db_)));

    ASSERT_TRUE(peers_.remember(at("db.example:5432"), {spki(db_)}, kMintNow + std::chrono::hours(1)));
    EXPECT_EQ(content(), "db.example:5432 " + spki(db_).to_string() + " 2026-11-24T00:00:00Z 2026-11-24T00:00:00Z\n");
}

TEST_F(KnownPeersTest, ASightingMovesLastSeenAndSaysWhatTheCertificateSays) {
    const std::vector<x509::Certificate> presented{db_.certificate()};
    ASSERT_TRUE(peers_.remember(at("db.example:5432"), {spki(db_)}, kMintNow));
    ASSERT_TRUE(peers_.note_seen(at("db.example:5432"), presented, kMintNow + std::chrono::hours(1)));
    const std::string noted = "db.example:5432 " + spki(db_).to_string() +
                              " 2026-11-24T00:00:00Z 2026-11-24T01:00:00Z until=2027-11-24T00:00:00Z\n";
    EXPECT_EQ(content(), noted) << "what wasn't known of the certificate is written down at once";
    ASSERT_TRUE(peers_.note_seen(at("db.example:5432"), presented, kMintNow + std::chrono::hours(24)));
    EXPECT_EQ(content(), noted) << "a busy client doesn't write at each connection";
    ASSERT_TRUE(peers_.note_seen(at("db.example:5432"), presented, kMintNow + std::chrono::hours(25)));
    EXPECT_THAT(content(), HasSubstr(" 2026-11-25T01:00:00Z until="));
    ASSERT_TRUE(peers_.note_seen(at("db.example:5432"), presented, kMintNow - std::chrono::hours(100)));
    EXPECT_THAT(content(), HasSubstr(" 2026-11-25T01:00:00Z until=")) << "a clock put back makes nothing younger";
    ASSERT_TRUE(peers_.note_seen(at("db.example:5432"), {other_.certificate()}, kMintNow + std::chrono::hours(100)));
    ASSERT_TRUE(peers_.note_seen(at("other.example:5432"), presented, kMintNow + std::chrono::hours(100)));
    EXPECT_THAT(content(), HasSubstr(" 2026-11-25T01:00:00Z until=")) << "another key, another host";
}

TEST_F(KnownPeersTest, A66_ThePortIsPartOfWhoAPeerIs) {
    ASSERT_TRUE(peers_.remember(at("db.example:443"), {spki(db_)}, kMintNow));
    EXPECT_EQ(state("db.example:8443", db_), ContinuityState::kUnknown);
    EXPECT_EQ(state("db.example:443", other_), ContinuityState::kChanged);
    EXPECT_EQ(state("db.example:8443", other_), ContinuityState::kUnknown);
}

TEST_F(KnownPeersTest, A85_APeerHasOneNormalForm) {
    ASSERT_TRUE(peers_.remember(at("DB.Example.:5432"), {spki(db_)}, kMintNow));
    EXPECT_EQ(state("db.example:5432", db_), ContinuityState::kMatch);
    ASSERT_TRUE(peers_.remember(at("[2001:DB8:0::1]:5432"), {spki(db_)}, kMintNow));
    EXPECT_EQ(state("[2001:db8::1]:5432", db_), ContinuityState::kMatch);
    write(line("DB.EXAMPLE.:1", db_) + "\n");
    EXPECT_EQ(state("db.example:1", db_), ContinuityState::kMatch);
}

TEST_F(KnownPeersTest, A127_AnyOtherKeyIsAChangeAndTheFileStays) {
    const Minted ed25519 = mint().leaf("db.example").key(MintKey::kEd25519);
    const Minted rsa = mint().leaf("db.example").key(MintKey::kRsa2048);
    ASSERT_TRUE(peers_.remember(at("db.example:5432"), {spki(db_)}, kMintNow));
    const std::string before = content();
    for (const Minted& key : {other_, ed25519, rsa}) {
        const auto changed = peers_.ask(at("db.example:5432"), key.certificate());
        EXPECT_EQ(changed.state, ContinuityState::kChanged);
        EXPECT_THAT(changed.remembered, ElementsAre(spki(db_)));
        EXPECT_EQ(changed.first_seen, kMintNow);
        const auto refused = peers_.remember(at("db.example:5432"), {spki(key)}, kMintNow);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "peer_changed");
        EXPECT_EQ(content(), before);
    }
    ASSERT_TRUE(add("db.example:5432", rsa)) << "added on purpose";
    for (const Minted& key : {db_, rsa}) EXPECT_EQ(state("db.example:5432", key), ContinuityState::kMatch);
    EXPECT_EQ(state("db.example:5432", other_), ContinuityState::kChanged);
    EXPECT_THAT(peers_.ask(at("db.example:5432"), other_.certificate()).remembered, ElementsAre(spki(db_), spki(rsa)));
}

TEST_F(KnownPeersTest, ARevokedKeyIsRefusedAtEveryHost) {
    for (const std::string& text :
         {line("db.example:1", db_) + "\n@revoked " + line("db.example:1", db_) + "\n",
          "@revoked " + line("db.example:1", db_) + "\n" + line("db.example:1", db_) + "\n"}) {
        write(text);
        EXPECT_EQ(state("db.example:1", db_), ContinuityState::kRevoked);
        EXPECT_EQ(state("db.example:2", db_), ContinuityState::kRevoked);
        EXPECT_EQ(state("db.example:2", other_), ContinuityState::kUnknown);
        for (const std::string_view peer : {"db.example:1", "db.example:2"}) {
            const auto refused = add(peer, db_);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().code, "peer_revoked");
        }
        EXPECT_EQ(content(), text);
    }
    // A revoked key is no key that another would have to be like.
    write("@revoked " + line("db.example:1", db_) + "\n");
    EXPECT_THAT(peers_.pins_of(at("db.example:1")).value(), IsEmpty());
    ASSERT_TRUE(peers_.remember(at("db.example:1"), {spki(other_)}, kMintNow));
    EXPECT_EQ(state("db.example:1", other_), ContinuityState::kMatch);
}

TEST_F(KnownPeersTest, A128_AnErrorIsNeitherUnknownNorAMatch) {
    const std::string good = line("db.example:5432", db_) + "\n";
    struct Row {
        std::string_view why;
        std::string text;
        mode_t mode = 0600;
    };
    const std::vector<Row> rows{
        {"others can read it", good, 0644},
        {"others can write it", good, 0620},
        {"A130: its last line is torn", good + line("x.example:1", other_)},
        {"A130: torn in the middle of a line", good + line("x.example:1", other_).substr(0, 40) + "\n"},
        {"A132: a line that nobody knows", good + "what is this\n"},
        {"A132: a mark that is none", good + "@Trusted " + line("x.example:1", db_) + "\n"},
        {"A132: a name that is none", good + line("x..example:1", db_) + "\n"},
        {"A132: no port", good + line("x.example", db_) + "\n"},
        {"A132: a control octet", good + line("x.example:1", db_) + " # \x1b[2J\n"},
        {"A132: a carriage return", good + line("x.example:1", db_) + "\r" + line("y.example:1", other_) + "\n"},
        {"A132: a NUL", good + std::string("\0", 1) + "\n"},
        {"A132: text after the times", good + line("x.example:1", db_) + " and more\n"},
        {"a pin that is none", good + "x.example:1 sha256/AAAA 2026-10-01T00:00:00Z 2026-10-01T00:00:00Z\n"},
        {"a time that is none", good + "x.example:1 " + spki(db_).to_string() + " yesterday 2026-10-01T00:00:00Z\n"},
        {"a time missing", good + "x.example:1 " + spki(db_).to_string() + " 2026-10-01T00:00:00Z\n"},
    };
    for (const Row& row : rows) {
        write(row.text, row.mode);
        for (const std::string_view peer : {"db.example:5432", "new.example:1"}) {
            const auto continuity = peers_.ask(at(peer), db_.certificate());
            EXPECT_EQ(continuity.state, ContinuityState::kError) << row.why;
            EXPECT_THAT(continuity.detail, HasSubstr(file_.string())) << row.why;
        }
        EXPECT_FALSE(peers_.pins_of(at("db.example:5432"))) << row.why;
        EXPECT_FALSE(peers_.remember(at("new.example:1"), {spki(db_)}, kMintNow)) << row.why;
        EXPECT_EQ(content(), row.text) << row.why;
    }
}

TEST_F(KnownPeersTest, ABadLineIsNamed) {
    write("# a note\n\n" + line("db.example:5432", db_) + "\noops\n");
    const auto pins = peers_.pins_of(at("db.example:5432"));
    ASSERT_FALSE(pins);
    EXPECT_THAT(pins.error().why, HasSubstr("line 4"));
    EXPECT_THAT(pins.error().next, HasSubstr("line 4"));
}

TEST_F(KnownPeersTest, A129_AFileThatIsNoFileOfOursIsAnError) {
    const auto elsewhere = folder_.write("elsewhere", line("db.example:5432", db_) + "\n");
    std::filesystem::create_symlink(elsewhere, file_);
    EXPECT_EQ(state("db.example:5432", db_), ContinuityState::kError);
    std::filesystem::remove(elsewhere);
    EXPECT_EQ(state("db.example:5432", db_), ContinuityState::kError) << "a link to nothing is no missing file";
    std::filesystem::remove(file_);
    std::filesystem::create_directory(file_);
    EXPECT_EQ(state("db.example:5432", db_), ContinuityState::kError);
    std::filesystem::remove(file_);
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    write(line("db.example:5432", db_) + "\n");
    constexpr uid_t kNobody = 65534;
    ASSERT_EQ(::chown(file_.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(state("db.example:5432", db_), ContinuityState::kError);
}

TEST_F(KnownPeersTest, A130_AreReplacedWholeAndKeepWhatPeopleWrote) {
    const std::string text = "# ours\n\n" + line("a.example:1", other_) + " # the old one\n" +
                             line("db.example:1", db_) + " # ask Bob\n# the end\n";
    write(text);
    const mode_t before = ::umask(0);
    ASSERT_TRUE(peers_.note_seen(at("db.example:1"), {db_.certificate()}, kMintNow));
    ::umask(before);
    EXPECT_EQ(content(), "# ours\n\n" + line("a.example:1", other_) + " # the old one\ndb.example:1 " +
                             spki(db_).to_string() +
                             " 2026-10-01T00:00:00Z 2026-11-24T00:00:00Z until=2027-11-24T00:00:00Z # ask Bob\n"
                             "# the end\n");
    EXPECT_EQ(mode_of(file_), 0600U);
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
        names.push_back(entry.path().filename().string());
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("known_peers", "known_peers.lock"));
}

TEST_F(KnownPeersTest, A131_ManyAtOnceLoseNoLine) {
    constexpr std::size_t kThreads = 6;
    constexpr std::size_t kEach = 8;
    std::array<std::size_t, kThreads> done{};
    {
        std::vector<std::jthread> threads;
        for (std::size_t thread = 0; thread < kThreads; ++thread) {
            threads.emplace_back([this, thread, &done] {
                for (std::size_t i = 0; i < kEach; ++i) {
                    const std::string peer = "h" + std::to_string(thread) + "-" + std::to_string(i) + ".example:1";
                    done[thread] += KnownPeers(file_).remember(at(peer), {spki(db_)}, kMintNow) ? 1U : 0U;
                }
            });
        }
    }
    for (const std::size_t count : done) EXPECT_EQ(count, kEach);
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
        for (std::size_t i = 0; i < kEach; ++i) {
            const std::string peer = "h" + std::to_string(thread) + "-" + std::to_string(i) + ".example:1";
            EXPECT_EQ(state(peer, db_), ContinuityState::kMatch) << peer;
        }
    }
    const std::string text = content();
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), kThreads * kEach);
}

TEST_F(KnownPeersTest, A132_ANameThatCouldForgeALineNeverGetsThere) {
    for (const std::string_view name : {"db.example\nevil.example:1", "db.example #:1", "db example:1", "#db.example:1",
                                        "@revoked:1", "db.example:1\n"}) {
        EXPECT_FALSE(HostPort::parse(name)) << name;
    }
}

}  // namespace
}  // namespace cotter::evidence
