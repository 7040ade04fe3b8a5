// Reports on disk: each failure once in a while, few, and in the end given up.
#include "service/report_queue.h"

#include "files/testing/scratch_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>

namespace cotter::service {
namespace {

namespace fs = std::filesystem;
using files::testing::ScratchFolder;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Added = ReportQueue::Added;

constexpr std::chrono::sys_seconds kFailedAt{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
const std::string kTarget = "https://collector.example/";

class ReportQueueTest : public ::testing::Test {
  protected:
    Added add(const ReportQueue& queue, const std::string& failure, std::chrono::sys_seconds now = kFailedAt,
              const std::string& body = "{}", const std::string& target = kTarget) {
        const auto added = queue.add(
            failure, target, {*HostPort::parse("db.example:5432"), *HostPort::parse("192.0.2.7:5432")}, body, now);
        EXPECT_TRUE(added) << added.error().why;
        return *added;
    }

    std::vector<WaitingReport> due(const ReportQueue& queue, std::chrono::sys_seconds now = kFailedAt,
                                   const std::string& target = kTarget) {
        const auto reports = queue.due(target, now);
        EXPECT_TRUE(reports) << reports.error().why;
        return *reports;
    }

    ScratchFolder scratch_;
    fs::path folder_ = scratch_.path() / "reports";
};

TEST_F(ReportQueueTest, WhatIsAddedIsDueAndComesBackAsItWas) {
    const ReportQueue queue(folder_);
    EXPECT_EQ(add(queue, "one", kFailedAt, R"({"hostname":"a\nb"})"), Added::kQueued);
    const auto reports = due(queue);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].body, R"({"hostname":"a\nb"})");
    ASSERT_EQ(reports[0].servers.size(), 2U);
    EXPECT_EQ(reports[0].servers[0].to_string(), "db.example:5432");
    EXPECT_EQ(reports[0].servers[1].to_string(), "192.0.2.7:5432");
    EXPECT_EQ(reports[0].attempts, 0U);
}

TEST_F(ReportQueueTest, TheFolderAndItsFilesArePrivate) {
    const ReportQueue queue(folder_);
    add(queue, "one");
    struct stat status{};
    ASSERT_EQ(::stat(folder_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    for (const auto& entry : fs::directory_iterator(folder_)) {
        ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0077U, 0U) << entry.path();
    }
}

TEST_F(ReportQueueTest, TheSameFailureIsReportedOnceInAPeriod) {
    const ReportQueue queue(folder_);
    EXPECT_EQ(add(queue, "one"), Added::kQueued);
    EXPECT_EQ(add(queue, "one"), Added::kRepeated) << "while it waits";
    EXPECT_EQ(add(queue, "another"), Added::kQueued);
    EXPECT_EQ(add(queue, "one", kFailedAt, "{}", "syslog"), Added::kQueued) << "to another target";
    for (const WaitingReport& report : due(queue)) ASSERT_TRUE(queue.finish(report, kFailedAt));
    EXPECT_TRUE(due(queue, kFailedAt + hours(1)).empty());
    EXPECT_EQ(add(queue, "one", kFailedAt + minutes(59)), Added::kRepeated);
    EXPECT_EQ(add(queue, "one", kFailedAt + minutes(61)), Added::kQueued);
}

TEST_F(ReportQueueTest, WhatWaitsStaysOneHoweverLongItWaits) {
    const ReportQueue queue(folder_);
    add(queue, "one");
    EXPECT_EQ(add(queue, "one", kFailedAt + hours(30)), Added::kRepeated);
}

TEST_F(ReportQueueTest, AClockThatWasSetBackSilencesNothingForLong) {
    const ReportQueue queue(folder_);
    add(queue, "one", kFailedAt + hours(1000));
    ASSERT_TRUE(queue.finish(due(queue, kFailedAt + hours(1000)).at(0), kFailedAt + hours(1000)));
    EXPECT_EQ(add(queue, "one", kFailedAt), Added::kQueued);
}

TEST_F(ReportQueueTest, WhatOneHasTakenAnotherDoesNotTake) {
    const ReportQueue queue(folder_);
    add(queue, "one");
    EXPECT_EQ(due(queue).size(), 1U);
    EXPECT_TRUE(due(ReportQueue(folder_)).empty());
    EXPECT_EQ(due(queue, kFailedAt + minutes(2)).size(), 1U) << "whoever took it may have ended";
}

TEST_F(ReportQueueTest, AFailedDeliveryIsTriedLaterAndLaterStill) {
    const ReportQueue queue(folder_);
    add(queue, "one");
    auto now = kFailedAt;
    seconds last{0};
    for (int attempt = 0; attempt < 12; ++attempt) {
        const auto reports = due(queue, now);
        ASSERT_EQ(reports.size(), 1U);
        EXPECT_EQ(reports[0].attempts, static_cast<unsigned>(attempt));
        ASSERT_TRUE(queue.postpone(reports[0], now));
        seconds wait{0};
        while (due(queue, now + wait).empty()) wait += seconds(30);
        EXPECT_GE(wait, last);
        EXPECT_LE(wait, hours(6));
        last = wait;
        now += wait;
        now += minutes(2);  // what was just taken by looking comes free again
    }
    EXPECT_EQ(last, hours(6));
}

TEST_F(ReportQueueTest, WhatHasWaitedTooLongIsGivenUp) {
    const ReportQueue queue(folder_);
    add(queue, "one");
    EXPECT_TRUE(due(queue, kFailedAt + hours(24 * 7 + 1)).empty());
    EXPECT_EQ(add(queue, "one", kFailedAt + hours(24 * 7 + 1)), Added::kQueued);
}

TEST_F(ReportQueueTest, CountOctetsAndRateAreBounded) {
    const ReportQueue few(folder_, {.most_waiting = 2});
    EXPECT_EQ(add(few, "1"), Added::kQueued);
    EXPECT_EQ(add(few, "2"), Added::kQueued);
    EXPECT_EQ(add(few, "3"), Added::kTooMany);
    const ReportQueue small(scratch_.path() / "small", {.most_bytes = 1000});
    EXPECT_EQ(add(small, "1", kFailedAt, std::string(600, 'x')), Added::kQueued);
    EXPECT_EQ(add(small, "2", kFailedAt, std::string(600, 'x')), Added::kTooMany);
    const ReportQueue slow(scratch_.path() / "slow", {.most_in_period = 2});
    for (const char* failure : {"1", "2"}) {
        EXPECT_EQ(add(slow, failure), Added::kQueued);
        for (const WaitingReport& report : due(slow)) ASSERT_TRUE(slow.finish(report, kFailedAt));
    }
    EXPECT_EQ(add(slow, "3"), Added::kTooMany);
    EXPECT_EQ(add(slow, "3", kFailedAt + hours(2)), Added::kQueued);
}

TEST_F(ReportQueueTest, AFileThatIsNoReportIsThrownAway) {
    const ReportQueue queue(folder_);
    add(queue, "one");
    for (const char* name : {"torn.json", "torn.done"}) {
        std::ofstream(folder_ / name) << R"({"target":"htt)";
        fs::permissions(folder_ / name, fs::perms::owner_read | fs::perms::owner_write);
    }
    EXPECT_EQ(due(queue).size(), 1U);
    EXPECT_FALSE(fs::exists(folder_ / "torn.json"));
    EXPECT_FALSE(fs::exists(folder_ / "torn.done"));
}

TEST_F(ReportQueueTest, AFolderThatCantBeMadeIsAnError) {
    EXPECT_FALSE(
        ReportQueue(scratch_.path() / "no" / "such").add("one", kTarget, {*HostPort::parse("a:1")}, "{}", kFailedAt));
}

}  // namespace
}  // namespace cotter::service
