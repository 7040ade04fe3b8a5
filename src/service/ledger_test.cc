// What the threads count, what an event looks like, and the octets of the join exchange.
#include "service/ledger.h"
#include "service/join_exchange.h"
#include "service/log.h"
#include "x509/openssl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <thread>

namespace cotter::service {
namespace {

constexpr x509::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 5 / 4}};

TEST(Ledger, GivesWhatChangedAndKeepsWhatIsOpen) {
    Ledger ledger(1);
    EXPECT_FALSE(ledger.opened("alice", "", "192.0.2.1:5000", kNow));
    EXPECT_FALSE(ledger.opened("alice", "", "192.0.2.1:5001", kNow));
    ledger.moved("alice", 10, 20);
    ledger.moved("alice", 1, 2);
    ledger.refused("bob");
    auto rows = ledger.take_rows();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].client, "alice");
    EXPECT_EQ(rows[0].open_streams, 2U);
    EXPECT_EQ(rows[0].bytes_in, 11U);
    EXPECT_EQ(rows[0].bytes_out, 22U);
    EXPECT_EQ(rows[0].last_address, "192.0.2.1:5001");
    EXPECT_EQ(rows[0].last_seen, kNow);
    EXPECT_EQ(rows[1].refused, 1U);
    EXPECT_EQ(rows[1].open_streams, 0U);
    EXPECT_TRUE(ledger.take_rows().empty());

    ledger.closed("alice");
    ledger.ended("alice", "");
    rows = ledger.take_rows();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].closed, 1U);
    EXPECT_EQ(rows[0].bytes_in, 0U);
    EXPECT_EQ(rows[0].open_streams, 1U);
    ledger.ended("alice", "");
    ledger.ended("alice", "");  // one too many counts nothing below zero
    EXPECT_EQ(ledger.take_rows().at(0).open_streams, 0U);
}

TEST(Ledger, CountsNoStreamBeyondTheCaps) {
    Ledger ledger(1);
    const auto open = [&](const std::string& service, const StreamCaps& caps) {
        return ledger.opened("alice", service, "192.0.2.1:5000", kNow, caps).has_value();
    };
    EXPECT_FALSE(open("db", {.at_all = 2, .at_service = 1}));
    EXPECT_TRUE(open("db", {.at_all = 2, .at_service = 1})) << "the service's";
    EXPECT_FALSE(open("cache", {.at_all = 2, .at_service = 1}));
    EXPECT_TRUE(open("web", {.at_all = 2, .at_service = 1})) << "the client's";
    EXPECT_FALSE(ledger.opened("bob", "db", "192.0.2.1:5000", kNow, {.at_all = 1, .at_service = 1})) << "another's";
    EXPECT_EQ(ledger.open_streams("alice", "db").at_all, 2U);
    EXPECT_EQ(ledger.open_streams("alice", "db").at_service, 1U);
    EXPECT_EQ(ledger.open_streams("alice", "web").at_service, 0U);
    ledger.ended("alice", "db");
    EXPECT_FALSE(open("db", {.at_all = 2, .at_service = 1}));
}

TEST(Ledger, EndsAsManyStreamsAsAreTooMany) {
    Ledger ledger(1);
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(ledger.opened("alice", "db", "192.0.2.1:5000", kNow));
    int ended = 0;
    for (int i = 0; i < 4; ++i) ended += ledger.ended_beyond("alice", "db", {.at_all = 3, .at_service = {}}) ? 1 : 0;
    EXPECT_EQ(ended, 1);
    for (int i = 0; i < 3; ++i) ended += ledger.ended_beyond("alice", "db", {.at_all = {}, .at_service = 1}) ? 1 : 0;
    EXPECT_EQ(ended, 3);
    EXPECT_FALSE(ledger.ended_beyond("alice", "db", {}));
    EXPECT_EQ(ledger.open_streams("alice", "db").at_all, 1U);
}

TEST(Ledger, A44_AVersionIsAppliedOnceEveryThreadHasIt) {
    Ledger ledger(2);
    ledger.applied(0, 7);
    EXPECT_EQ(ledger.applied_by_all(), 0U);
    std::thread other([&] { ledger.applied(1, 7); });
    ledger.await_applied(7, std::chrono::seconds(20));
    EXPECT_EQ(ledger.applied_by_all(), 7U);
    other.join();
    ledger.applied(0, 8);
    ledger.await_applied(8, std::chrono::milliseconds(1));
    EXPECT_EQ(ledger.applied_by_all(), 7U);
}

constexpr std::string_view kHostile[] = {
    "two\nlines",
    "carriage\rreturn",
    "\x1b[31mred",
    "quote\"inside",
    "back\\slash",
    "a=b c",
    "nul\0inside",
    "\xff\xfe not UTF-8",
    "\xe2\x80\xae turned round",
    "\xe2\x80\xa8 separator",
    "\x7f",
    " ",
    "}{\"event\":\"forged\"}",
};

TEST(Event, A149_OneEventIsOneLineWhateverItHolds) {
    for (const std::string_view text : kHostile) {
        Event event("refused");
        event.with("subject", text).with("bytes", 7U);
        for (const std::string& line : {event.as_text("T"), event.as_json("T")}) {
            for (const char c : line) {
                EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << line;
            }
            EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos);
            EXPECT_EQ(line.find("\xe2\x80\xa8"), std::string::npos);
        }
    }
}

TEST(Event, A149_JsonAlwaysParsesAndHoldsOneField) {
    for (const std::string_view text : kHostile) {
        Event event("refused", LogLevel::kWarning);
        event.with("subject", text).with("bytes", 7U).with("none", "");
        const auto parsed = nlohmann::json::parse(event.as_json("2026-05-04T00:00:00Z"));
        EXPECT_EQ(parsed.size(), 5U) << text;
        EXPECT_EQ(parsed.at("event"), "refused");
        EXPECT_EQ(parsed.at("level"), "warning");
        EXPECT_EQ(parsed.at("bytes"), 7);
        EXPECT_FALSE(parsed.at("subject").get<std::string>().empty());
    }
}

TEST(Event, A149_NoValueLooksLikeAnotherField) {
    Event event("refused");
    event.with("subject", "x client=root").with("reason", "say \"client=root\"").with("pin", "sha256/AA==");
    EXPECT_EQ(event.as_text("T"),
              "T info refused subject=\"x client=root\" reason=\"say \\\"client=root\\\"\" pin=\"sha256/AA==\"");
}

ByteVector bytes_of(std::string_view text) {
    const Bytes bytes = x509::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

TEST(JoinExchange, ARequestCarriesItsSecret) {
    std::array<std::byte, 16> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::byte>(i);
    const ByteVector request = join_request(registry::InvitationSecret(octets));
    ASSERT_EQ(request.size(), kJoinRequestSize);
    const auto secret = secret_of_request(request);
    ASSERT_TRUE(secret);
    EXPECT_TRUE(std::ranges::equal(secret->octets(), octets));
}

TEST(JoinExchange, WhatIsNoRequestHasNoSecret) {
    ByteVector request(kJoinRequestSize, std::byte{1});
    EXPECT_TRUE(secret_of_request(request));
    request.push_back(std::byte{1});
    EXPECT_FALSE(secret_of_request(request)) << "one octet too many";
    request.resize(kJoinRequestSize - 1);
    EXPECT_FALSE(secret_of_request(request)) << "one octet too few";
    EXPECT_FALSE(secret_of_request({}));
    EXPECT_FALSE(secret_of_request(ByteVector(kJoinRequestSize, std::byte{2}))) << "another type";
}

TEST(JoinExchange, AnAnswerComesBackAsItWas) {
    const auto name = registry::ClientName::parse("alice");
    ASSERT_TRUE(name);
    for (const JoinAnswer& answer : {JoinAnswer{}, JoinAnswer{*name, std::nullopt}, JoinAnswer{*name, kNow}}) {
        const ByteVector bytes = to_bytes(answer);
        EXPECT_LE(bytes.size(), kMostJoinAnswer);
        const auto back = parse_join_answer(bytes);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->admitted_as.has_value(), answer.admitted_as.has_value());
        if (answer.admitted_as) {
            EXPECT_EQ(back->admitted_as->text(), "alice");
        }
        EXPECT_EQ(back->until, answer.until);
    }
}

TEST(JoinExchange, WhatIsNoAnswerIsAnError) {
    for (const std::string_view text :
         {"", "1", "1 ", "1 alice", "1 alice ", "1 a/b -", "1  -", "1 alice tomorrow", "1 alice - ", "2 alice -", "00",
          "0 ", "1 alice 2026-13-01T00:00:00Z", "1 alice -\n"}) {
        const auto answer = parse_join_answer(bytes_of(text));
        ASSERT_FALSE(answer) << text;
        EXPECT_EQ(answer.error().code, "join_bad_answer");
    }
}

}  // namespace
}  // namespace cotter::service
