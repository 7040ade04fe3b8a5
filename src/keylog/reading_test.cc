// What a key log shows, and everything that makes one worth nothing: shrunk, forked, unsigned, another's, damaged.
#include "keylog/finding.h"
#include "keylog/memory.h"
#include "keylog/monitor.h"
#include "keylog/publisher.h"

#include "files/testing/scratch_folder.h"
#include "keylog/layout.h"
#include "x509/openssl.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace cotter::keylog {
namespace {

using files::testing::content_of;
using files::testing::ScratchFolder;
using ::testing::HasSubstr;
using trust::KeyLogState;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

Pin pin_of(const Minted& minted) {
    return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

Pin numbered_pin(int number) {
    ByteVector digest(32, std::byte{0x5a});
    digest[0] = static_cast<std::byte>(number);
    digest[1] = static_cast<std::byte>(number >> 8);
    return Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, digest).value();
}

const HostPort kServer = *HostPort::parse("db.example:7000");

/// An owner with a state folder and a log's folder; and a client who follows it.
class KeyLogTest : public ::testing::Test {
  protected:
    static identity::StateFolder state(const ScratchFolder& scratch, std::string_view name = "state") {
        return *identity::StateFolder::open((scratch / name).string());
    }
    [[nodiscard]] Reading<Publisher> publisher(std::string_view log = "log") const {
        return Publisher::open(state(owner_), owner_ / log);
    }
    static KeyEntry entry(Word word, const Pin& pin, std::string_view name = "db.example:7000") {
        return {word, *KeyName::parse(name), pin, kMintNow};
    }
    void publish(const std::vector<KeyEntry>& entries) const {
        auto opened = publisher();
        ASSERT_TRUE(opened) << opened.error().message;
        const auto appended = opened->append(entries);
        ASSERT_TRUE(appended) << appended.error().message;
    }
    void publish_numbered(int first, int count) const {
        std::vector<KeyEntry> entries;
        for (int i = first; i < first + count; ++i) entries.push_back(entry(Word::kAdded, numbered_pin(i)));
        publish(entries);
    }
    [[nodiscard]] audit::Verifier key() const { return publisher()->key(); }
    [[nodiscard]] Memory memory() const { return {state(client_), *audit::Verifier::parse(key_)}; }
    [[nodiscard]] Reading<LogView> follow_log() const {
        return follow(*Source::at(Location::folder(owner_ / "log")), memory());
    }
    [[nodiscard]] std::string fault() const {
        const auto view = follow_log();
        return view ? "none" : view.error().code;
    }
    void SetUp() override {
        auto opened = publisher();
        ASSERT_TRUE(opened);
        key_ = opened->key().to_string();
    }
    void keep_copy(std::string_view name) const {
        std::filesystem::copy(owner_ / "log", owner_ / name, std::filesystem::copy_options::recursive);
    }
    void bring_back(std::string_view name) const {
        std::filesystem::remove_all(owner_ / "log");
        std::filesystem::copy(owner_ / name, owner_ / "log", std::filesystem::copy_options::recursive);
    }
    /// The owner's state forgets what was published: as somebody who has stolen the log's key would begin.
    void forget_what_was_published() const {
        for (const auto& file : std::filesystem::directory_iterator(owner_ / "state")) {
            if (file.path().extension() == ".seen") std::filesystem::remove(file.path());
        }
    }

    ScratchFolder owner_;
    ScratchFolder client_;
    std::string key_;
    Minted db_ = mint().leaf("db.example");
};

TEST_F(KeyLogTest, GivesBackWhatWasPublishedOverAllSizesThatMakeAnotherShape) {
    int size = 0;
    for (const int more : {1, 1, 1, 252, 1, 1, 254, 1, 1}) {
        publish_numbered(size, more);
        size += more;
        const auto view = follow_log();
        ASSERT_TRUE(view) << size << ": " << view.error().message;
        ASSERT_EQ(view->entries.size(), static_cast<std::size_t>(size));
        EXPECT_EQ(view->entries.back().pin, numbered_pin(size - 1));
    }
    // What is whole is not kept in parts.
    EXPECT_FALSE(std::filesystem::exists(owner_ / "log/tile/0/000.p"));
    EXPECT_FALSE(std::filesystem::exists(owner_ / "log/tile/entries/000.p"));
    EXPECT_TRUE(std::filesystem::exists(owner_ / "log/tile/entries/001"));
    EXPECT_TRUE(std::filesystem::exists(owner_ / "log/tile/1/000.p/2"));
}

TEST_F(KeyLogTest, AReaderWithTheCheckpointOfBeforeTakesTheWholeBundleWhereThePartIsGone) {
    publish_numbered(0, 255);
    const std::string before = content_of(owner_ / "log/checkpoint");
    publish_numbered(255, 10);
    owner_.write("log/checkpoint", before);
    const auto view = follow_log();
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->entries.size(), 255U);
}

TEST_F(KeyLogTest, IsRefusedWhereItShrinks) {
    publish_numbered(0, 2);
    keep_copy("old");
    publish_numbered(2, 1);
    ASSERT_EQ(fault(), "none");
    bring_back("old");
    EXPECT_EQ(fault(), "key_log_shrunk");
    EXPECT_EQ(follow_log().error().kind, LogFault::Kind::kFalse);
}

TEST_F(KeyLogTest, IsRefusedWhereItsKeyHasSignedAnotherHistory) {
    publish_numbered(0, 2);
    keep_copy("old");
    publish_numbered(2, 1);
    ASSERT_EQ(fault(), "none");
    for (const int more : {1, 2, 300}) {
        bring_back("old");
        forget_what_was_published();
        publish_numbered(100, more);
        const auto view = follow_log();
        ASSERT_FALSE(view);
        EXPECT_EQ(view.error().code, "key_log_forked") << more;
        EXPECT_THAT(view.error().message, HasSubstr("both checkpoints are kept"));
    }
    int kept = 0;
    for (const auto& file : std::filesystem::directory_iterator(client_ / "state"))
        kept += file.path().extension() == ".contradiction" || file.path().extension() == ".seen" ? 1 : 0;
    EXPECT_EQ(kept, 2);
}

TEST_F(KeyLogTest, IsRefusedWhereItIsNotWhatItsKeySigned) {
    publish_numbered(0, 3);
    const std::string checkpoint = content_of(owner_ / "log/checkpoint");
    const std::string bundle = content_of(owner_ / "log/tile/entries/000.p/3");
    const auto swapped = [](std::string text, std::string_view from, std::string_view to) {
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    owner_.write("log/tile/entries/000.p/3", swapped(bundle, "added", "retir"));
    EXPECT_EQ(fault(), "key_log_damaged");
    owner_.write("log/tile/entries/000.p/3", bundle.substr(0, bundle.size() - 1));
    EXPECT_EQ(fault(), "key_log_unreadable");
    owner_.write("log/tile/entries/000.p/3", bundle);
    owner_.write("log/checkpoint", swapped(checkpoint, "\n3\n", "\n2\n"));
    EXPECT_EQ(fault(), "key_log_signature");
    owner_.write("log/checkpoint", checkpoint.substr(0, checkpoint.rfind("\u2014")));
    EXPECT_EQ(fault(), "key_log_unreadable");
    owner_.write("log/checkpoint", "<html>");
    EXPECT_EQ(fault(), "key_log_unreadable");
    std::filesystem::remove(owner_ / "log/checkpoint");
    EXPECT_EQ(fault(), "key_log_unreadable");
    owner_.write("log/checkpoint", checkpoint);
    EXPECT_EQ(fault(), "none");
}

TEST_F(KeyLogTest, OfAnotherKeyIsNoLogOfThisOne) {
    publish_numbered(0, 1);
    const ScratchFolder stranger;
    auto theirs = Publisher::open(state(stranger), stranger / "log");
    ASSERT_TRUE(theirs);
    ASSERT_TRUE(theirs->append(std::vector{entry(Word::kAdded, pin_of(db_))}));
    const auto view = follow(*Source::at(Location::folder(stranger / "log")), memory());
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error().code, "key_log_origin");
}

TEST_F(KeyLogTest, WhatIsRememberedIsPrivateAndOfThisKey) {
    publish_numbered(0, 1);
    ASSERT_EQ(fault(), "none");
    std::filesystem::path seen;
    for (const auto& file : std::filesystem::directory_iterator(client_ / "state"))
        if (file.path().extension() == ".seen") seen = file.path();
    EXPECT_EQ(files::testing::mode_of(seen), 0600U);
    client_.write("state/" + seen.filename().string(), content_of(seen), 0644);
    EXPECT_EQ(fault(), "key_log_unreadable");
    client_.write("state/" + seen.filename().string(), "cotter-keys/1\n0\n");
    EXPECT_EQ(fault(), "key_log_unreadable");
}

TEST_F(KeyLogTest, IsNotPublishedToWhereItsFolderIsNotWhatWasPublished) {
    publish_numbered(0, 2);
    keep_copy("old");
    publish_numbered(2, 2);
    EXPECT_EQ(publisher("elsewhere").error().code, "key_log_gone");
    const std::string tile = content_of(owner_ / "log/tile/0/000.p/4");
    owner_.write("log/tile/0/000.p/4", tile.substr(0, 32) + std::string(96, 'x'));
    EXPECT_EQ(publisher().error().code, "key_log_damaged");
    owner_.write("log/tile/0/000.p/4", tile);
    ASSERT_TRUE(publisher());
    bring_back("old");
    EXPECT_EQ(publisher().error().code, "key_log_shrunk");
}

TEST_F(KeyLogTest, APublicationThatWasCutShortLeavesTheLogOfBefore) {
    publish_numbered(0, 2);
    const std::string before = content_of(owner_ / "log/checkpoint");
    publish_numbered(2, 1);
    // Tiles were written, the checkpoint was not.
    owner_.write("log/checkpoint", before);
    forget_what_was_published();
    ASSERT_EQ(fault(), "none");
    publish_numbered(50, 1);
    const auto view = follow_log();
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->entries.back().pin, numbered_pin(50));
}

TEST_F(KeyLogTest, TwoWhoPublishAtOnceBothGetIn) {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) threads.emplace_back([this, i] { publish_numbered(i, 1); });
    for (std::thread& thread : threads) thread.join();
    const auto view = follow_log();
    ASSERT_TRUE(view);
    EXPECT_EQ(view->entries.size(), 4U);
}

TEST_F(KeyLogTest, TheLastWordOnAKeyCountsAndNoneIsTakenBackwards) {
    const Pin own = pin_of(db_);
    const Pin other = numbered_pin(1);
    struct Row {
        std::string_view why;
        std::vector<KeyEntry> entries;
        std::vector<Pin> remembered;
        KeyLogState state;
    };
    const auto added = [&](const Pin& pin, std::string_view name = "db.example:7000") {
        return entry(Word::kAdded, pin, name);
    };
    const auto retired = [&](const Pin& pin, std::string_view name = "db.example:7000") {
        return entry(Word::kRetired, pin, name);
    };
    const std::vector<Row> rows{
        {"an empty log", {}, {}, KeyLogState::kAbsent},
        {"another key", {added(other)}, {}, KeyLogState::kAbsent},
        {"the key", {added(own)}, {}, KeyLogState::kListed},
        {"the key, at every port", {added(own, "db.example")}, {}, KeyLogState::kListed},
        {"the key at another port", {added(own, "db.example:7001")}, {}, KeyLogState::kAbsent},
        {"the key of another host", {added(own, "other.example")}, {}, KeyLogState::kAbsent},
        {"taken back", {added(own), retired(own)}, {}, KeyLogState::kRetired},
        {"taken back at every port", {added(own), retired(own, "db.example")}, {}, KeyLogState::kRetired},
        {"taken back elsewhere", {added(own), retired(own, "other.example")}, {}, KeyLogState::kListed},
        {"taken up again", {added(own), retired(own), added(own)}, {}, KeyLogState::kListed},
        {"after the one that is remembered", {added(other), added(own)}, {other}, KeyLogState::kListed},
        {"before the one that is remembered", {added(own), added(other)}, {other}, KeyLogState::kSuperseded},
        {"before one of those remembered",
         {added(own), added(other)},
         {numbered_pin(9), other},
         KeyLogState::kSuperseded},
        {"before one that was taken back", {added(own), added(other), retired(other)}, {other}, KeyLogState::kListed},
        {"remembered, but never logged", {added(own)}, {other}, KeyLogState::kListed},
    };
    for (const Row& row : rows) {
        const auto finding = look_up(row.entries, kServer, db_.certificate(), row.remembered);
        EXPECT_EQ(finding.state, row.state) << row.why;
        EXPECT_EQ(finding.key.has_value(), row.state != KeyLogState::kAbsent) << row.why;
    }
}

TEST_F(KeyLogTest, AnOwnerIsToldOfEachNewWordAndOfAForeignKeyUntilHeKnowsIt) {
    const KeyName name = *KeyName::parse("db.example:7000");
    const Pin own = numbered_pin(1);
    const Pin foreign = numbered_pin(2);
    std::vector<KeyEntry> entries{entry(Word::kAdded, own), entry(Word::kAdded, foreign, "other.example")};
    Watched watched = watch(entries, 0, name, {own});
    ASSERT_EQ(watched.news.size(), 1U);
    EXPECT_FALSE(watched.news.front().is_foreign);
    EXPECT_EQ(watched.told, 2U);
    entries.push_back(entry(Word::kAdded, foreign, "db.example"));
    entries.push_back(entry(Word::kRetired, own));
    for (int look = 0; look < 2; ++look) {
        watched = watch(entries, watched.told, name, {own});
        ASSERT_EQ(watched.news.size(), 2U);
        EXPECT_TRUE(watched.news.front().is_foreign);
        EXPECT_FALSE(watched.news.back().is_foreign);
        EXPECT_EQ(watched.told, 2U);
    }
    watched = watch(entries, watched.told, name, {own, foreign});
    EXPECT_EQ(watched.news.size(), 2U);
    EXPECT_EQ(watched.told, 4U);
    EXPECT_TRUE(watch(entries, watched.told, name, {own}).news.empty());
}

TEST_F(KeyLogTest, SaysNothingTwiceButWhatSomebodyInsistsOn) {
    const KeyName name = *KeyName::parse("db.example:7000");
    const Pin first = numbered_pin(1);
    const Pin second = numbered_pin(2);
    const std::vector<KeyEntry> entries{entry(Word::kAdded, first), entry(Word::kAdded, second)};
    const auto is_due = [&](Word word, const Pin& pin, Insist insist) {
        return due_entry(entries, word, name, pin, insist, kMintNow).has_value();
    };
    EXPECT_FALSE(is_due(Word::kAdded, first, Insist::kMissing));
    EXPECT_TRUE(is_due(Word::kAdded, first, Insist::kNewest));
    EXPECT_FALSE(is_due(Word::kAdded, second, Insist::kNewest));
    EXPECT_TRUE(is_due(Word::kRetired, first, Insist::kMissing));
    EXPECT_TRUE(is_due(Word::kAdded, numbered_pin(3), Insist::kMissing));
}

}  // namespace
}  // namespace cotter::keylog
