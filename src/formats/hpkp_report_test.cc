// Reports of RFC 7469, section 3.
#include "formats/hpkp_report.h"

#include "formats/testing/entries.h"
#include "pin/testing/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace cotter::formats {
namespace {

using testing::entry;
using testing::kDigestA;
using testing::kNow;
using testing::kPinA;

HpkpReport sample() {
    trust::Verdict verdict;
    const auto certificate = x509::Certificate::parse(pin::testing::kGolden.certificate);
    verdict.presented = {*certificate};
    verdict.reasons = {{trust::ReasonCode::kPinMismatch, "no pin of it is among those expected"}};
    trust::PolicyEntry one = entry("example.test", {kPinA, "cert-sha256/" + kDigestA});
    one.policy.expires = kNow + std::chrono::hours(24);
    return report_of(verdict, {one.host.base(), 8443}, &one.host, one.policy, kNow, "k3f9");
}

TEST(HpkpReport, HasTheKeysOfTheRfcAndOurs) {
    const auto json = nlohmann::json::parse(to_json(sample()));
    EXPECT_EQ(json["date-time"], "2026-11-24T12:00:00Z");
    EXPECT_EQ(json["hostname"], "example.test");
    EXPECT_EQ(json["port"], 8443);
    EXPECT_EQ(json["effective-expiration-date"], "2026-11-25T12:00:00Z");
    EXPECT_EQ(json["include-subdomains"], false);
    EXPECT_EQ(json["noted-hostname"], "example.test");
    ASSERT_EQ(json["served-certificate-chain"].size(), 1U);
    EXPECT_TRUE(
        json["served-certificate-chain"][0].get<std::string>().starts_with("-----BEGIN CERTIFICATE-----\nMIIBmzCC"));
    EXPECT_EQ(json["validated-certificate-chain"], nlohmann::json::array());
    EXPECT_EQ(json["known-pins"], (nlohmann::json{"pin-sha256=\"" + kDigestA + "\"", "cert-sha256/" + kDigestA}));
    EXPECT_EQ(json["verdict"], "refused");
    EXPECT_EQ(json["trust"], "pins");
    EXPECT_EQ(json["reasons"][0]["code"], "pin_mismatch");
    EXPECT_EQ(json["connection"], "k3f9");
}

TEST(HpkpReport, WithoutAnEntryTheHostAskedForIsTheOneNoted) {
    const HpkpReport report = report_of({}, *HostPort::parse("a.example:1"), nullptr, {}, kNow);
    EXPECT_EQ(report.noted_hostname, "a.example");
    EXPECT_FALSE(report.include_subdomains);
    EXPECT_EQ(nlohmann::json::parse(to_json(report))["effective-expiration-date"], nullptr);
}

TEST(HpkpReport, WhatIsPrintedIsReadBack) {
    std::mt19937 random(7469);
    const std::string texts[] = {"", "a.example", "\"quoted\\\"", "line\nbreak", "naïve \u202e", "]]>"};
    for (int round = 0; round < 200; ++round) {
        const auto draw = [&] { return texts[random() % 6]; };
        HpkpReport report = sample();
        report.at = trust::Time(std::chrono::seconds(random()));
        report.hostname = draw();
        report.port = static_cast<std::uint16_t>(random());
        if (random() % 2 == 0) report.expires.reset();
        report.include_subdomains = random() % 2 == 0;
        report.noted_hostname = draw();
        report.served = {draw(), draw()};
        report.validated.assign(random() % 3, draw());
        report.known_pins.push_back(draw());
        report.verdict = draw();
        report.reasons.emplace_back(draw(), draw());
        report.connection = draw();
        const std::string text = to_json(report);
        EXPECT_EQ(text.find('\n'), std::string::npos);
        const auto again = parse_hpkp_report(text);
        ASSERT_TRUE(again) << again.error().why << "\n" << text;
        EXPECT_EQ(*again, report);
    }
}

TEST(HpkpReport, A57_RefusesWhatIsNoReport) {
    const auto without = [](const std::string& key, nlohmann::json value) {
        auto json = nlohmann::json::parse(to_json(sample()));
        json.erase(key);
        if (!value.is_discarded()) json[key] = std::move(value);
        return json.dump();
    };
    const auto missing = nlohmann::json(nlohmann::json::value_t::discarded);
    std::vector<std::string> cases{"", "{", "[]", "null", "\"x\"", "{}", std::string(100000, '[')};
    for (const std::string key :
         {"date-time", "hostname", "port", "effective-expiration-date", "include-subdomains", "noted-hostname",
          "served-certificate-chain", "validated-certificate-chain", "known-pins"}) {
        cases.push_back(without(key, missing));
        cases.push_back(without(key, nlohmann::json{{"another", "type"}}));
    }
    cases.push_back(without("port", 65536));
    cases.push_back(without("port", -1));
    cases.push_back(without("port", 1.5));
    cases.push_back(without("date-time", "yesterday"));
    cases.push_back(without("date-time", "99999-01-01T00:00:00Z"));
    cases.push_back(without("known-pins", {1}));
    cases.push_back(without("reasons", {1}));
    cases.push_back(without("reasons", "x"));
    for (const std::string& text : cases) {
        const auto report = parse_hpkp_report(text);
        ASSERT_FALSE(report) << text.substr(0, 200);
        EXPECT_EQ(report.error().code, "bad_report");
    }
}

TEST(HpkpReport, A68_ANameOfAnotherAlphabetStaysInsideItsQuotes) {
    HpkpReport report = sample();
    report.hostname = "\xff\"}, {\"verdict\":\"trusted";
    const auto json = nlohmann::json::parse(to_json(report));
    EXPECT_EQ(json["verdict"], "refused");
}

}  // namespace
}  // namespace cotter::formats
