// What a format can say it says so that its reader reads the same policy again: random policies of each.
#include "formats/testing/format_cases.h"

#include <algorithm>
#include <random>

namespace cotter::formats {
namespace {

using testing::told;

/// What the random policies of a format may say.
struct Ability {
    Format format;
    std::vector<trust::TrustMode> trust;
    std::vector<trust::Match> matches;
    std::vector<std::pair<PinTarget, PinForm>> kinds;
    bool one_entry = false;
    bool names = true;
    bool addresses = false;
    bool subdomains = false;
    bool ports = false;
    bool ends = false;
    bool reports = false;
    bool labels = false;
    bool deny = false;
    std::size_t least_pins = 1;
};

constexpr auto kPinsAlone = trust::TrustMode::kPins;
constexpr auto kChain = trust::TrustMode::kChainAndPins;
const std::pair kSpki256{PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256};

std::vector<Ability> abilities() {
    using trust::Match;
    const std::pair spki384{PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384};
    const std::pair spki512{PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512};
    const std::pair certificate{PinTarget::kCertificate, PinForm::kSha256};
    return {
        {.format = Format::kAndroid,
         .trust = {kChain},
         .matches = {Match::kAny},
         .kinds = {kSpki256},
         .addresses = true,
         .subdomains = true,
         .ends = true,
         .reports = true},
        {.format = Format::kTrustKit,
         .trust = {kChain},
         .matches = {Match::kAny},
         .kinds = {kSpki256},
         .subdomains = true,
         .ends = true,
         .reports = true,
         .least_pins = 2},
        {.format = Format::kApple, .trust = {kChain}, .matches = {Match::kLeaf, Match::kIssuer}, .kinds = {kSpki256}},
        {.format = Format::kChromium,
         .trust = {kChain},
         .matches = {Match::kAny},
         .kinds = {kSpki256},
         .subdomains = true,
         .labels = true,
         .deny = true},
        {.format = Format::kEnvoy,
         .trust = {kPinsAlone, kChain},
         .matches = {Match::kLeaf},
         .kinds = {kSpki256, certificate},
         .one_entry = true},
        {.format = Format::kNats, .trust = {kChain}, .matches = {Match::kLeaf}, .kinds = {kSpki256}, .one_entry = true},
        {.format = Format::kGhostunnel,
         .trust = {kPinsAlone},
         .matches = {Match::kLeaf},
         .kinds = {kSpki256, spki384, spki512},
         .one_entry = true},
        {.format = Format::kStubby,
         .trust = {kPinsAlone},
         .matches = {Match::kAny},
         .kinds = {kSpki256},
         .names = false,
         .addresses = true,
         .ports = true},
        {.format = Format::kOpenvpn,
         .trust = {kPinsAlone},
         .matches = {Match::kLeaf},
         .kinds = {certificate},
         .one_entry = true},
        {.format = Format::kKubeadm,
         .trust = {kPinsAlone},
         .matches = {Match::kIssuer},
         .kinds = {kSpki256},
         .one_entry = true},
    };
}

class RandomPolicy {
  public:
    RandomPolicy(const Ability& ability, unsigned seed) : ability_(ability), random_(seed) {}

    std::vector<trust::PolicyEntry> make() {
        const unsigned count = ability_.one_entry ? 1 : 1 + below(4);
        // Chromium has one end for the whole list; the day is one for all here.
        end_ = std::chrono::sys_days(std::chrono::year{2027} / 1 / 1) + std::chrono::days(below(3000));
        std::vector<trust::PolicyEntry> entries;
        for (unsigned i = 0; i < count; ++i) entries.push_back(entry(i));
        return entries;
    }

  private:
    unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }
    template <class T>
    const T& one_of(const std::vector<T>& values) {
        return values[below(values.size())];
    }
    bool coin() { return below(2) == 0; }

    trust::HostPattern host(unsigned number) {
        std::optional<std::uint16_t> port;
        if (ability_.ports) port = static_cast<std::uint16_t>(1 + below(65535));
        if (ability_.addresses && (!ability_.names || coin())) {
            const std::string last = std::to_string(number + 1);
            return *trust::HostPattern::parse(coin() ? "192.0.2." + last : "2001:db8::" + last, port, false);
        }
        const std::string label(1 + below(20), static_cast<char>('a' + below(26)));
        const std::vector<std::string> suffixes{".example", ".x_y.example", ".xn--bcher-kva.example",
                                                ".a.b.c.d.example"};
        return *trust::HostPattern::parse(label + std::to_string(number) + one_of(suffixes), port,
                                          ability_.subdomains && coin());
    }

    Pin pin() {
        const auto [target, form] = one_of(ability_.kinds);
        ByteVector octets(digest_size(form));
        for (std::byte& octet : octets) octet = static_cast<std::byte>(below(256));
        return *Pin::from_octets(target, form, octets);
    }

    trust::PolicyEntry entry(unsigned number) {
        trust::PolicyEntry result{host(number), {}};
        trust::ServerPolicy& policy = result.policy;
        policy.trust = one_of(ability_.trust);
        policy.match = one_of(ability_.matches);
        const std::size_t pins = ability_.least_pins + below(4);
        for (std::size_t i = 0; i < pins; ++i) {
            const std::string label =
                ability_.labels ? "Key_of_" + std::to_string(number) + "_" + std::to_string(i) : "";
            policy.pins.push_back({pin(), trust::PinRole::kPrimary, label, std::nullopt, {}});
        }
        if (ability_.deny && coin()) policy.deny.insert(pin());
        if ((ability_.ends && coin()) || ability_.format == Format::kChromium) {
            policy.expires = end_;
            policy.on_expiry = trust::OnExpiry::kChain;
            if (ability_.reports && coin()) policy.mode = trust::Mode::kReport;
        }
        // Envoy writes keys before certificates.
        std::ranges::sort(policy.pins, {}, [](const trust::PolicyPin& one) { return one.pin.target(); });
        return result;
    }

    const Ability& ability_;
    std::mt19937 random_;
    trust::Time end_;
};

std::vector<std::string> sorted(std::vector<std::string> texts) {
    std::ranges::sort(texts);
    return texts;
}

TEST(RoundTrip, WhatAFormatCanSayIsReadAgainAsItWas) {
    constexpr unsigned kTries = 200;
    for (const Ability& ability : abilities()) {
        for (unsigned seed = 0; seed < kTries; ++seed) {
            const auto entries = RandomPolicy(ability, seed).make();
            const auto exported = export_policy(ability.format, entries, testing::kNow);
            ASSERT_TRUE(exported) << text_of(ability.format) << " " << seed << ": " << exported.error().why;
            ImportContext context = testing::context_for("");
            if (ability.one_entry) context.host = entries.front().host;
            const auto imported = import_policy(ability.format, exported->text, context);
            ASSERT_TRUE(imported) << text_of(ability.format) << " " << seed << ": " << imported.error().why << "\n"
                                  << exported->text;
            ASSERT_EQ(sorted(told(imported->entries)), sorted(told(entries)))
                << text_of(ability.format) << " " << seed << "\n"
                << exported->text;
            const auto again = export_policy(ability.format, imported->entries, testing::kNow);
            ASSERT_TRUE(again);
            EXPECT_EQ(sorted(told(import_policy(ability.format, again->text, context)->entries)),
                      sorted(told(entries)));
        }
    }
}

}  // namespace
}  // namespace cotter::formats
