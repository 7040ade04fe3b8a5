#include "observatory/survey_records.h"

#include "observatory/survey_report.h"
#include "registry/testing/store.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <fstream>

namespace cotter::observatory {
namespace {

using registry::testing::Folder;
using x509::testing::kMintNow;
using x509::testing::mint;
using Begin = SurveyRecords::Begin;

class ArchiveTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::unique_ptr<Archive> open() const {
        auto archive = Archive::open(path_);
        EXPECT_TRUE(archive) << archive.error().why;
        return std::move(*archive);
    }
    [[nodiscard]] std::string refusal() const {
        const auto archive = Archive::open(path_);
        return archive ? "" : archive.error().code;
    }

    Folder folder_;
    std::filesystem::path path_ = folder_.path() / "observatory.db";
};

Assessed seen(const Target& target, const x509::testing::Minted& leaf) {
    Assessed result{Look{target, kMintNow, std::chrono::milliseconds(3), "127.0.0.1:443", {}, {}}, std::nullopt};
    result.look.appearance = Appearance{};
    result.look.appearance->peer.presented = {leaf.certificate()};
    return result;
}

TEST_F(ArchiveTest, IsPrivateAndIsRefusedWhereOthersMayReadIt) {
    static_cast<void>(open());
    EXPECT_EQ(std::filesystem::status(path_).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::permissions(path_, std::filesystem::perms(0644));
    EXPECT_EQ(refusal(), "archive_mode");
}

TEST_F(ArchiveTest, RefusesAnotherProgramsDatabaseAndANewerOne) {
    {
        const auto archive = open();
        archive->database().exec("PRAGMA user_version = 99");
    }
    EXPECT_EQ(refusal(), "archive_newer");
    {
        SQLite::Database other((folder_.path() / "other.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("CREATE TABLE theirs (a)");
    }
    path_ = folder_.path() / "other.db";
    std::filesystem::permissions(path_, std::filesystem::perms(0600));
    EXPECT_EQ(refusal(), "archive_foreign");
    path_ = folder_.path() / "text.db";
    std::ofstream(path_) << "this is no database, and long enough that nobody takes it for an empty one\n";
    std::filesystem::permissions(path_, std::filesystem::perms(0600));
    EXPECT_EQ(refusal(), "archive_corrupt");
}

TEST_F(ArchiveTest, KeepsEachCertificateAndChainOnce) {
    const auto archive = open();
    const auto list = *parse_targets("a.example\nb.example\nc.example", "list");
    SurveyRecords records(*archive);
    const auto begun = *records.begin(list, Begin::kNew, kMintNow);
    const auto shared = mint().leaf("a.example").make();
    const auto other = mint().leaf("c.example").make();
    ASSERT_TRUE(records.record(begun.survey, std::vector{seen(list.targets[0], shared), seen(list.targets[1], shared),
                                                         seen(list.targets[2], other)}));
    EXPECT_EQ(archive->database().execAndGet("SELECT count(*) FROM certificates").getInt(), 2);
    EXPECT_EQ(archive->database().execAndGet("SELECT count(*) FROM chains").getInt(), 2);
    const auto chain = archive->chain_of(1);
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->front(), shared.certificate());
}

TEST_F(ArchiveTest, GoesOnWithASurveyThatDidNotEnd) {
    const auto list = *parse_targets("a.example\nb.example smtp\nc.example", "list");
    const auto leaf = mint().leaf("a.example").make();
    {
        const auto archive = open();
        SurveyRecords records(*archive);
        const auto begun = *records.begin(list, Begin::kResumeOrNew, kMintNow);
        EXPECT_FALSE(begun.is_resumed());
        ASSERT_TRUE(records.record(begun.survey, std::vector{seen(list.targets[1], leaf)}));
    }
    const auto archive = open();
    SurveyRecords records(*archive);
    const auto again = *records.begin(list, Begin::kResumeOrNew, kMintNow);
    EXPECT_TRUE(again.is_resumed());
    EXPECT_EQ(again.survey.id, 1);
    ASSERT_EQ(again.left.size(), 2U);
    EXPECT_EQ(again.left[0], list.targets[0]);
    EXPECT_EQ(again.left[1], list.targets[2]);
    EXPECT_EQ(records.begin(list, Begin::kNew, kMintNow)->survey.id, 2) << "if it is asked for";
    ASSERT_TRUE(records.finish(*records.find(2), kMintNow));
    EXPECT_EQ(records.begin(list, Begin::kResumeOrNew, kMintNow)->survey.id, 3) << "what has ended is not gone on with";
    const auto others = *parse_targets("a.example\nb.example smtp", "list");
    EXPECT_EQ(records.begin(others, Begin::kResumeOrNew, kMintNow)->survey.id, 4) << "nor is another list's";
}

TEST_F(ArchiveTest, A152_TextOfPeersIsDataToIt) {
    const auto archive = open();
    const auto list = *parse_targets("a.example", "list");
    SurveyRecords records(*archive);
    const auto begun = *records.begin(list, Begin::kNew, kMintNow);
    auto result = seen(list.targets[0], mint().leaf("a.example").common_name("'); DROP TABLE surveys; --").make());
    result.look.failure = LookFailure{"x', 1); --", "it said ' OR 1=1"};
    ASSERT_TRUE(records.record(begun.survey, std::vector{result}));
    const auto table = report_on(*archive, *records.find(std::nullopt), {.kind = ReportKind::kFailures});
    ASSERT_TRUE(table);
    ASSERT_EQ(table->rows.size(), 1U);
    EXPECT_EQ(table->rows[0][3], "it said ' OR 1=1");
}

TEST_F(ArchiveTest, TellsWhichHostsShareAKeyInWhateverCertificates) {
    const auto archive = open();
    const auto list = *parse_targets("a.example\nb.example\nb.example:8443\nc.example", "list");
    const auto first = mint().leaf("a.example").make();
    const auto second = mint().leaf("b.example").reuse_key(first.shared_key()).make();
    const auto own = mint().leaf("c.example").make();
    SurveyRecords records(*archive);
    const auto begun = *records.begin(list, Begin::kNew, kMintNow);
    ASSERT_TRUE(records.record(begun.survey, std::vector{seen(list.targets[0], first), seen(list.targets[1], second),
                                                         seen(list.targets[2], second), seen(list.targets[3], own)}));
    const auto table = *report_on(*archive, *records.find(std::nullopt), {.kind = ReportKind::kKeys});
    ASSERT_EQ(table.rows.size(), 1U);
    EXPECT_EQ(table.rows[0][2], "2") << "hosts";
    EXPECT_EQ(table.rows[0][3], "2") << "certificates";
}

}  // namespace
}  // namespace cotter::observatory
