// Lists of others: what comes over, and that nothing does where not all can.
#include "evidence/peer_import.h"

#include "text/encoding.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::evidence {
namespace {

using ::testing::HasSubstr;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

struct Key {
    Minted minted = mint().leaf("db.example");
    std::string spki = text::base64(minted.certificate().public_key().subject_public_key_info());
    Pin pin = *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    std::string hex = text::hex(pin.octets());
};

TEST(PeerImport, TakesKeysOfGnutlsAsTheyAreRememberedHere) {
    const Key key;
    const auto entries = peers_to_import(
        "# of gnutls-cli --tofu\n\n|g0|DB.example|https|0|" + key.spki + "\n|c0|db.example|5432|0|6|" + key.hex + "\n",
        "known_hosts", kMintNow);
    ASSERT_TRUE(entries) << entries.error().why;
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(entries->front().name.to_string(), "db.example:443");
    EXPECT_EQ(entries->back().name.to_string(), "db.example:5432");
    for (const PeerEntry& entry : *entries) {
        EXPECT_EQ(entry.pin, key.pin) << "so that it can be compared with what is remembered";
        EXPECT_EQ(entry.first_seen, kMintNow);
        EXPECT_EQ(PeerLine::parse(PeerLine::of(entry).text())->entry()->pin, key.pin);
    }
}

TEST(PeerImport, RefusesWhatCannotBeSaidHere) {
    const Key key;
    const std::string good = "|g0|db.example|443|0|" + key.spki + "\n";
    struct Row {
        std::string_view why;
        std::string text;
        std::string says;
    };
    const std::vector<Row> rows{
        {"any host", good + "|g0|*|443|0|" + key.spki + "\n", "any host"},
        {"any port", "|g0|db.example|*|0|" + key.spki + "\n", "more than one host and port"},
        {"an end", good + "|g0|x.example|443|1893456000|" + key.spki + "\n", "has an end"},
        {"SHA-1", good + "|c0|x.example|443|0|3|" + key.hex.substr(0, 40) + "\n", "SHA-1"},
        {"another line", good + "db.example:1 " + key.pin.to_string() + "\n", "|g0|"},
        {"a mark that isn't known", "@later db.example:1 " + key.pin.to_string() + " x\n", "@later"},
        {"a torn line", "db.example:1 " + key.pin.to_string(), "torn"},
    };
    for (const Row& row : rows) {
        const auto entries = peers_to_import(row.text, "theirs", kMintNow);
        ASSERT_FALSE(entries) << row.why;
        EXPECT_THAT(entries.error().why, HasSubstr(row.says)) << row.why;
    }
}

TEST(PeerImport, NothingIsNothing) {
    for (const std::string_view text : {"", "# nobody\n", "\n\n"})
        EXPECT_TRUE(peers_to_import(text, "x", kMintNow)->empty());
}

}  // namespace
}  // namespace cotter::evidence
