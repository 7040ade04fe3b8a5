// policy.toml written: whatever an entry says is read back.
#include "formats/cotter.h"

#include "formats/policy_file.h"
#include "formats/testing/entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace cotter::formats {
namespace {

using testing::entry;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNow;
using testing::kPinA;
using testing::kPinB;
using ::testing::Not;
using testing::pin;

std::string written(const trust::PolicyEntry& entry) {
    const auto result = export_policy(Format::kCotter, {entry}, kNow);
    EXPECT_TRUE(result) << result.error().why;
    return result ? result->text : "";
}

TEST(CotterFormat, WritesAnEntryAsAPersonWould) {
    trust::PolicyEntry one = entry("db.example.com", {kPinA, kPinB});
    one.policy.pins[1].role = trust::PinRole::kBackup;
    one.policy.pins[1].label = "spring key";
    EXPECT_EQ(written(one), "version = 1\n\n[[host]]\nname = \"db.example.com\"\ntrust = \"pins\"\npins = [\n  \"" +
                                kPinA + "\",\n]\n\n[[host.pin]]\npin = \"" + kPinB +
                                "\"\nrole = \"backup\"\nlabel = \"spring key\"\n");
}

/// One of each value of every key, drawn afresh: what a reader of policy.toml takes.
trust::PolicyEntry random_entry(std::mt19937& random, int number) {
    const auto draw = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
    const std::string name = "h" + std::to_string(number) + ".example.com";
    const bool is_wildcard = draw(4) == 0;
    const bool below = !is_wildcard && draw(2) == 0;
    trust::PolicyEntry result{
        *trust::HostPattern::parse((is_wildcard ? "*." : "") + name,
                                   draw(2) == 0 ? std::nullopt : std::optional<std::uint16_t>(draw(65535) + 1), below),
        {}};
    trust::ServerPolicy& policy = result.policy;
    constexpr trust::TrustMode kModes[] = {trust::TrustMode::kPins,      trust::TrustMode::kChainAndPins,
                                           trust::TrustMode::kChain,     trust::TrustMode::kStrict,
                                           trust::TrustMode::kAcceptNew, trust::TrustMode::kDane};
    policy.trust = kModes[draw(6)];
    policy.match = static_cast<trust::Match>(draw(3));
    policy.mode = static_cast<trust::Mode>(draw(3));
    policy.on_expiry = static_cast<trust::OnExpiry>(draw(2));
    if (draw(2) == 0 || policy.mode == trust::Mode::kReport)
        policy.expires = trust::Time(std::chrono::seconds(random()));
    constexpr PinForm kForms[] = {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512};
    const auto random_pin = [&] {
        const PinForm form = kForms[draw(3)];
        ByteVector octets(digest_size(form));
        for (std::byte& octet : octets) octet = static_cast<std::byte>(draw(256));
        return *Pin::from_octets(static_cast<PinTarget>(draw(3)), form, octets);
    };
    const std::string labels[] = {
        "", "spring", "\"quoted\" \\ \"\"\"", "line\nbreak\r\x01\x7f", "naïve – \u202e right", "]]> </pin> # [[host]]"};
    if (trust::looks_at_pins(policy.trust)) {
        for (unsigned i = draw(5); i-- > 0;) {
            trust::PolicyPin one{random_pin(), static_cast<trust::PinRole>(draw(3)), labels[draw(6)], std::nullopt, {}};
            if (draw(2) == 0) one = {one.pin, trust::PinRole::kPrimary, {}, std::nullopt, {}};
            if (draw(3) == 0 || one.role == trust::PinRole::kProxy)
                one.expires = trust::Time(std::chrono::seconds(random()));
            if (one.role == trust::PinRole::kProxy) one.approved_by = labels[1 + draw(5)];
            policy.pins.push_back(std::move(one));
        }
    }
    const auto ours = std::ranges::count_if(
        policy.pins, [](const trust::PolicyPin& one) { return one.role != trust::PinRole::kProxy; });
    policy.require_backup = ours > 1 && draw(2) == 0;
    for (unsigned i = draw(3); i-- > 0;) policy.deny.insert(random_pin());
    return result;
}

TEST(CotterFormat, WhatIsWrittenIsReadBackEqual) {
    std::mt19937 random(20261124);
    for (int round = 0; round < 500; ++round) {
        std::vector<trust::PolicyEntry> entries;
        for (int i = round % 4; i >= 0; --i) entries.push_back(random_entry(random, i));
        const auto text = export_policy(Format::kCotter, entries, kNow);
        ASSERT_TRUE(text) << text.error().why;
        EXPECT_THAT(text->lost, IsEmpty());
        const auto again = import_policy(Format::kCotter, text->text, {.source = "-", .now = kNow});
        ASSERT_TRUE(again) << again.error().why << "\n" << text->text;
        EXPECT_THAT(testing::told(again->entries), testing::told(entries)) << text->text;
        EXPECT_EQ(export_policy(Format::kCotter, again->entries, kNow)->text, text->text);
    }
}

TEST(CotterFormat, A68_LabelsStayInsideTheirQuotes) {
    trust::PolicyEntry one = entry("a.example", {kPinA});
    one.policy.pins[0].label = "\"\ntrust = \"chain\"\n[[host]]\x1b[31m\u202e";
    const std::string text = written(one);
    EXPECT_THAT(text, HasSubstr("label = \"\\\"\\u000atrust = \\\"chain\\\"\\u000a[[host]]\\u001b[31m\\u202e\"\n"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    const auto again = parse_policy(text, "-", {});
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(again->entries().front().policy.pins[0].label, one.policy.pins[0].label);
}

TEST(CotterFormat, A11_WhatNoPolicyFileMaySayIsNotWritten) {
    trust::PolicyEntry endless_report = entry("a.example", {kPinA});
    endless_report.policy.mode = trust::Mode::kReport;
    trust::PolicyEntry proxy = entry("a.example", {kPinA});
    proxy.policy.pins[0].role = trust::PinRole::kProxy;
    trust::PolicyEntry unused = entry("a.example", {kPinA});
    unused.policy.trust = trust::TrustMode::kChain;
    const std::pair<std::vector<trust::PolicyEntry>, std::string> cases[] = {
        {{endless_report}, "report_without_end"},
        {{proxy}, "proxy_not_approved"},
        {{unused}, "pins_unused"},
        {{entry("a.example", {kPinA}), entry("a.example", {kPinB})}, "duplicate_host"}};
    for (const auto& [entries, code] : cases) {
        const auto result = export_policy(Format::kCotter, entries, kNow);
        ASSERT_FALSE(result) << code;
        EXPECT_EQ(result.error().code, code);
    }
}

TEST(CotterFormat, A67_RequireBackupIsCarriedOver) {
    const std::string text = "version = 1\n[[host]]\nname = \"a.example\"\nrequire_backup = true\npins = [\"" + kPinA +
                             "\", \"" + kPinB + "\"]\n";
    const auto imported = import_policy(Format::kCotter, text, {.source = "-", .now = kNow});
    ASSERT_TRUE(imported);
    EXPECT_THAT(written(imported->entries.front()), HasSubstr("require_backup = true\n"));
}

}  // namespace
}  // namespace cotter::formats
