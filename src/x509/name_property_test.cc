// Matching of hosts with names, against an oracle that goes label by label, on random names.
#include "x509/name_match.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

namespace cotter::x509 {
namespace {

using testing::mint;
using testing::Mint;
using Labels = std::vector<std::string>;

constexpr unsigned kSeed = 20261124;
constexpr int kRounds = 3000;

Labels labels_of(const std::string& name) {
    Labels labels(1);
    for (const char c : name) {
        if (c == '.') {
            labels.emplace_back();
        } else {
            labels.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return labels;
}

std::string joined(const Labels& labels) {
    std::string name;
    for (const std::string& label : labels) name += (name.empty() ? "" : ".") + label;
    return name;
}

/// What a name of a certificate covers, said as slowly as possible. `host` is in lower case, without a dot at its end.
bool oracle(const std::string& in_certificate, const std::string& host) {
    static const std::set<std::string> kPublicSuffixes{"example", "uk", "co.uk", "com", "github.io", "io"};
    const Labels name = labels_of(in_certificate);
    const Labels asked = labels_of(host);
    if (name.size() != asked.size()) return false;
    for (std::size_t i = 1; i < name.size(); ++i) {
        if (name[i] != asked[i] || name[i].find('*') != std::string::npos) return false;
    }
    if (name[0] == asked[0]) return true;
    const Labels parent(name.begin() + 1, name.end());
    return name[0] == "*" && parent.size() >= 2 && !kPublicSuffixes.contains(joined(parent));
}

class Names : public ::testing::Test {
  protected:
    template <std::size_t Size>
    const char* any(const std::array<const char*, Size>& of) {
        return of.at(std::uniform_int_distribution<std::size_t>(0, Size - 1)(random_));
    }

    std::string random_name(bool is_of_certificate) {
        static constexpr std::array kHost{"a", "b", "ab", "xn--a", "_a"};
        static constexpr std::array kFirst{"*", "*", "a", "A", "b", "a*", "*b", "xn--*", "", "**", "xn--A", "_a"};
        static constexpr std::array kFurther{"a", "A", "b", "B", "ab", "a", "b", "*"};
        static constexpr std::array kEnds{"example", "co.uk", "com", "github.io"};
        static constexpr std::array kTheirEnds{"example", "EXAMPLE", "co.uk", "Co.Uk", "com", "com.", "github.io"};
        const int count = std::uniform_int_distribution<int>(0, 2)(random_);
        std::string name;
        for (int i = 0; i < count; ++i) {
            name += is_of_certificate ? i == 0 ? any(kFirst) : any(kFurther) : any(kHost);
            name += '.';
        }
        return name + (is_of_certificate ? any(kTheirEnds) : any(kEnds));
    }

    std::mt19937 random_{kSeed};
    const std::shared_ptr<EVP_PKEY> key_ = mint().make().shared_key();
};

TEST_F(Names, A84_AreMatchedAsLabelByLabel) {
    int matches = 0;
    for (int round = 0; round < kRounds; ++round) {
        Labels names;
        Mint minted = mint().reuse_key(key_);
        for (int i = std::uniform_int_distribution<int>(1, 4)(random_); i > 0; --i) {
            names.push_back(random_name(true));
            minted.san_dns(names.back());
        }
        const std::string host = random_name(false);
        const bool expected = std::ranges::any_of(names, [&](const std::string& name) { return oracle(name, host); });
        matches += expected ? 1 : 0;
        EXPECT_EQ(names_host(minted.make().certificate(), HostName::parse(host).value()), expected)
            << host << " among " << ::testing::PrintToString(names);
    }
    EXPECT_GT(matches, kRounds / 20) << "or nothing was shown";
    EXPECT_LT(matches, kRounds / 2);
}

TEST_F(Names, A83_OfAddressesAreMatchedByTheirOctets) {
    static constexpr std::array kLiterals{"192.0.2.1",   "192.0.2.2",   "::ffff:192.0.2.1",
                                          "2001:db8::1", "2001:db8::2", "::1"};
    for (const char* host : kLiterals) {
        for (const char* address : kLiterals) {
            const Certificate certificate =
                mint().reuse_key(key_).san_dns(host).san_uri(host).san_ip(address).make().certificate();
            EXPECT_EQ(names_host(certificate, HostName::parse(host).value()), std::string_view(host) == address)
                << host << " " << address;
        }
    }
}

}  // namespace
}  // namespace cotter::x509
