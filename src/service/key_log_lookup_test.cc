// What a reading of a key log is worth, and for how long.
#include "service/key_log_lookup.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <chrono>

namespace cotter::service {
namespace {

using namespace std::chrono_literals;
using trust::KeyLogState;
using x509::testing::kMintNow;
using x509::testing::mint;

TEST(KeyLogReading, CountsForSomeSecondsAndIsThenToBeDoneAgain) {
    const x509::testing::Minted leaf = mint().leaf("db.example");
    const HostPort server = *HostPort::parse("db.example:1");
    const auto pin = leaf.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    const stream::SteadyTime then{1h};
    keylog::LogView view;
    view.entries.push_back({keylog::Word::kAdded, *keylog::KeyName::parse("db.example"), *pin, kMintNow});
    const auto state_of = [&](const KeyLogReading& reading, std::chrono::seconds later) {
        return reading.finding(server, leaf.certificate(), {}, then + later).state;
    };
    const KeyLogReading whole(std::move(view), then);
    EXPECT_EQ(state_of(whole, 0s), KeyLogState::kListed);
    EXPECT_EQ(state_of(whole, 14s), KeyLogState::kListed);
    EXPECT_EQ(state_of(whole, 15s), KeyLogState::kNotRead);
    const KeyLogReading unread(keylog::unreadable({ErrorKind::kFailed, "fetch_failed", "fetching", "no route", {}, {}}),
                               then);
    EXPECT_EQ(state_of(unread, 0s), KeyLogState::kUnreadable);
    EXPECT_EQ(state_of(unread, 15s), KeyLogState::kNotRead);
    const KeyLogReading forked(keylog::is_false("key_log_forked", "two histories"), then);
    EXPECT_EQ(state_of(forked, 0s), KeyLogState::kFalse);
    EXPECT_EQ(forked.finding(server, leaf.certificate(), {}, then).detail, "two histories");
}

}  // namespace
}  // namespace cotter::service
