// A bundle that another implementation made: the repository of tuf-on-ci 0.11, as the conformance suite of The Update
// Framework keeps it (theupdateframework/tuf-conformance, tuf_conformance/static_data/tuf-on-ci-0.11, MIT licence,
// Copyright 2023 Jussi Kukkonen). White space is ours: what is signed is the canonical form.
#include "bundle/testing/owner.h"
#include "bundle/updater.h"

#include <gtest/gtest.h>

namespace cotter::bundle {
namespace {

using testing::MemoryRepository;
using testing::must;

constexpr std::string_view kOnlineKey =
    R"("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu+ebm3VUg6U2b0IIeR6NFZU7uxkL\nR1sVLxV8SEW7G+AMXMasEQf5daxfwVMP1kuEkhGs3mBYLkYXlWDh9BNSxg==\n-----END PUBLIC KEY-----\n")";
constexpr std::string_view kOwnersKey =
    R"("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEohqIdE+yTl4OxpX8ZxNUPrg3SL9H\nBDnhZuceKkxy2oMhUOxhWweZeG3bfM1T4ZLnJimC6CAYVU5+F5jZCoftRw==\n-----END PUBLIC KEY-----\n")";
constexpr std::string_view kDelegatesKey =
    R"("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1wgTb0BVTvCiDlaPmnUfXOLubQMj\nUxjiafwKLMgiRD0fK+XLSKK6fJjrzNkZCIYG78AUmhbRskgJgOatWD+Z9w==\n-----END PUBLIC KEY-----\n")";

constexpr std::string_view kRoot = R"({"signatures":[
{"keyid":"OWNER","sig":"3045022100e691c6fa8f401a7f6cb6f2fbf5d2596bf50755acdc95d53bbac1bb7f5c2d6bfc02206a85c8ea8015a63d9903588b3bbc5bd563e043cf43fc1b9198a9112e15f2df53"}],
"signed":{"_type":"root","consistent_snapshot":true,"expires":"2044-08-10T10:05:04Z","keys":{
"ONLINE":{"keytype":"ecdsa","keyval":{"public":KEY-OF-ONLINE},"scheme":"ecdsa-sha2-nistp256","x-tuf-on-ci-online-uri":"gcpkms:projects/python-tuf-kms/locations/global/keyRings/git-repo-demo/cryptoKeys/online/cryptoKeyVersions/1"},
"OWNER":{"keytype":"ecdsa","keyval":{"public":KEY-OF-OWNER},"scheme":"ecdsa-sha2-nistp256","x-tuf-on-ci-keyowner":"@jku"}},
"roles":{"root":{"keyids":["OWNER"],"threshold":1},
"snapshot":{"keyids":["ONLINE"],"threshold":1,"x-tuf-on-ci-expiry-period":7300,"x-tuf-on-ci-signing-period":60},
"targets":{"keyids":["OWNER"],"threshold":1},
"timestamp":{"keyids":["ONLINE"],"threshold":1,"x-tuf-on-ci-expiry-period":7300,"x-tuf-on-ci-signing-period":1}},
"spec_version":"1.0.31","version":1,"x-tuf-on-ci-expiry-period":7300,"x-tuf-on-ci-signing-period":60}})";

constexpr std::string_view kTimestamp = R"({"signatures":[
{"keyid":"ONLINE","sig":"304402200168ff4eda848db6b7719b721279c9fe1c2573a2dbc2bfcd49e8cfe73033dfd40220782d2445c6d5ab914f7d4bca14ae6016bbb0b76ef7ba571343decff172c65df6"}],
"signed":{"_type":"timestamp","expires":"2044-08-10T10:21:51Z","meta":{"snapshot.json":{"version":2}},"spec_version":"1.0.31","version":2}})";

constexpr std::string_view kSnapshot = R"({"signatures":[
{"keyid":"ONLINE","sig":"304502202009fa4afd2f4fbad523ebafcc5d22deb3428753c384395147f88265d6ec6f900221009298a6361fcdc1f3226b2f7e8aa056eccd4697ad8077d633f1c17b09f724dd8a"}],
"signed":{"_type":"snapshot","expires":"2044-08-10T10:21:51Z","meta":{"delegatedrole.json":{"version":2},"targets.json":{"version":1}},"spec_version":"1.0.31","version":2}})";

constexpr std::string_view kTargets = R"({"signatures":[
{"keyid":"OWNER","sig":"3044022027258898a89d38218fce7212c24659ec771105a3532d38ea4ef0d2fb84d9e7ff02206e086d154e3cba72e9c55941d85c61f74eb425e2e90e308636bb1883287290c0"}],
"signed":{"_type":"targets","delegations":{"keys":{
"DELEGATE":{"keytype":"ecdsa","keyval":{"public":KEY-OF-DELEGATE},"scheme":"ecdsa-sha2-nistp256","x-tuf-on-ci-keyowner":"@-test-user-"},
"OWNER":{"keytype":"ecdsa","keyval":{"public":KEY-OF-OWNER},"scheme":"ecdsa-sha2-nistp256","x-tuf-on-ci-keyowner":"@jku"}},
"roles":[{"keyids":["OWNER","DELEGATE"],"name":"delegatedrole","paths":["delegatedrole/*","delegatedrole/*/*","delegatedrole/*/*/*","delegatedrole/*/*/*/*"],"terminating":true,"threshold":1}]},
"expires":"2044-08-10T10:09:31Z","spec_version":"1.0.31","targets":{},"version":1,"x-tuf-on-ci-expiry-period":7300,"x-tuf-on-ci-signing-period":60}})";

std::string complete(std::string_view text) {
    const std::pair<std::string_view, std::string_view> kWords[] = {
        {"KEY-OF-ONLINE", kOnlineKey},
        {"KEY-OF-OWNER", kOwnersKey},
        {"KEY-OF-DELEGATE", kDelegatesKey},
        {"ONLINE", "a54e905f3e03bb0cccdc954bd40d4d29b5c1a2a95c2777f10f9c63a503c7f777"},
        {"OWNER", "aa61e09f6af7662ac686cf0c6364079f63d3e7a86836684eeced93eace3acd81"},
        {"DELEGATE", "01104111d18f559cd1ca33a2dd91a2100f2812ffe02c9f70a0e5c4d915b453ac"}};
    std::string result(text);
    for (const auto& [word, meant] : kWords) {
        for (std::size_t at = 0; (at = result.find(word, at)) != std::string::npos; at += meant.size())
            result.replace(at, word.size(), meant);
    }
    return result;
}

TEST(ForeignBundle, IsReadAndItsSignaturesHold) {
    MemoryRepository repository;
    repository.files = {{"metadata/timestamp.json", complete(kTimestamp)},
                        {"metadata/2.snapshot.json", complete(kSnapshot)},
                        {"metadata/1.targets.json", complete(kTargets)}};
    const x509::Time then{std::chrono::sys_days(std::chrono::year(2025) / 2 / 9)};
    const auto take_all = [](const std::string&, const std::string&) -> Result<void> { return {}; };
    const Trusted begun = must(begin_with(complete(kRoot)));
    Update whole = update(begun, repository, "", take_all, then);
    EXPECT_FALSE(whole.failure) << whole.failure->why;
    EXPECT_EQ(must(in_use(whole.trusted, then)).versions, (Versions{1, 2, 2, 1}));

    const Update delegated = update(begun, repository, "delegatedrole/artifact", take_all, then);
    ASSERT_TRUE(delegated.failure);
    EXPECT_EQ(delegated.failure->code, "bundle_no_target");
    EXPECT_NE(delegated.failure->why.find("delegated roles"), std::string::npos);
}

}  // namespace
}  // namespace cotter::bundle
