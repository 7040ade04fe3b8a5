// Which dates are told, and when: a function of the dates and of now.
#include "service/expiry.h"

#include "text/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

x509::Time at(std::string_view text) {
    return *text::parse_rfc3339(text);
}

TEST(Expiry, IsNearToTheSecond) {
    struct Row {
        std::string_view now;
        Nearness nearness;
    };
    const Row rows[] = {
        {"2026-05-01T23:59:59Z", Nearness::kFar},          {"2026-05-02T00:00:00Z", Nearness::kWithin30Days},
        {"2026-05-24T23:59:59Z", Nearness::kWithin30Days}, {"2026-05-25T00:00:00Z", Nearness::kWithin7Days},
        {"2026-05-30T23:59:59Z", Nearness::kWithin7Days},  {"2026-05-31T00:00:00Z", Nearness::kWithin1Day},
        {"2026-05-31T23:59:59Z", Nearness::kWithin1Day},   {"2026-06-01T00:00:00Z", Nearness::kPast},
        {"2036-06-01T00:00:00Z", Nearness::kPast},
    };
    for (const Row& row : rows)
        EXPECT_EQ(nearness_of(at("2026-06-01T00:00:00Z"), at(row.now)), row.nearness) << row.now;
}

TEST(Expiry, EachStageIsToldOnce) {
    const Expiry certificate{"this server's certificate", at("2026-06-01T00:00:00Z")};
    struct Row {
        std::string_view why;
        std::string_view now;
        bool is_told;
    };
    const Row rows[] = {
        {"far", "2026-04-01T00:00:00Z", false},
        {"30 days", "2026-05-02T00:00:00Z", true},
        {"told", "2026-05-02T00:01:00Z", false},
        {"still", "2026-05-24T23:59:00Z", false},
        {"7 days", "2026-05-25T00:00:00Z", true},
        {"told", "2026-05-26T00:00:00Z", false},
        {"the clock was put back", "2026-05-03T00:00:00Z", false},
        {"told", "2026-05-26T00:00:00Z", false},
        {"1 day", "2026-05-31T12:00:00Z", true},
        {"told", "2026-05-31T13:00:00Z", false},
        {"past", "2026-06-01T00:00:00Z", true},
        {"told", "2026-07-01T00:00:00Z", false},
    };
    ToldExpiries told;
    for (const Row& row : rows) {
        EXPECT_EQ(!expiries_to_tell({certificate}, at(row.now), told).empty(), row.is_told)
            << row.why << " at " << row.now;
    }
}

TEST(Expiry, WhoStartsLateIsToldTheStageThatItIsIn) {
    ToldExpiries told;
    const Expiry soon{"a", at("2026-06-01T00:00:00Z")};
    EXPECT_THAT(expiries_to_tell({soon}, at("2026-05-31T12:00:00Z"), told), ElementsAre(soon));
    EXPECT_THAT(expiries_to_tell({soon}, at("2026-05-31T12:00:01Z"), told), IsEmpty());
}

TEST(Expiry, APolicysDatesCountWhereTheyRefuse) {
    const auto pin = *Pin::parse("sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=");
    trust::ServerPolicy policy;
    policy.pins.assign(2, trust::PolicyPin{pin, trust::PinRole::kPrimary, {}, {}, {}});
    policy.pins.front().expires = at("2026-06-02T00:00:00Z");
    policy.expires = at("2026-06-01T00:00:00Z");
    const Expiry whole{"the policy for db:1", at("2026-06-01T00:00:00Z"), ExpiryKind::kPolicy};
    const Expiry one{"the pin " + pin.abbreviated() + " of the policy for db:1", at("2026-06-02T00:00:00Z"),
                     ExpiryKind::kPin};
    EXPECT_THAT(expiries_of("db:1", policy, {}), ElementsAre(whole, one));
    policy.on_expiry = trust::OnExpiry::kChain;
    EXPECT_THAT(expiries_of("db:1", policy, {}), ElementsAre(one));
    policy.mode = trust::Mode::kOff;
    EXPECT_THAT(expiries_of("db:1", policy, {}), IsEmpty());
}

TEST(Expiry, AnotherDateOfTheSameThingIsAnother) {
    ToldExpiries told;
    const Expiry first{"the CRL", at("2026-06-01T00:00:00Z")};
    const Expiry next{"the CRL", at("2026-06-02T00:00:00Z")};
    const Expiry other{"the client alice", at("2026-06-01T12:00:00Z")};
    const auto now = at("2026-05-31T12:00:00Z");
    EXPECT_THAT(expiries_to_tell({first, first}, now, told), ElementsAre(first)) << "two that say the same are one";
    EXPECT_THAT(expiries_to_tell({next, other, first}, now, told), ElementsAre(other, next)) << "soonest first";
    EXPECT_THAT(expiries_to_tell({}, now, told), IsEmpty());
    EXPECT_THAT(expiries_to_tell({first}, now, told), ElementsAre(first)) << "what came again is told again";
}

}  // namespace
}  // namespace cotter::service
