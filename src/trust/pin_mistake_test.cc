// Recognising what a digest that was given as a pin really is of.
#include "trust/pin_mistake.h"

#include "pin/digest.h"
#include "text/encoding.h"
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using ::testing::HasSubstr;
using ::testing::Not;

Pin hash_of(std::string_view text, PinTarget target = PinTarget::kSubjectPublicKeyInfo) {
    return *Pin::from_octets(target, PinForm::kSha256, sha256(std::as_bytes(std::span(text))));
}

std::string explained(const Pin& pin, const Evidence& evidence) {
    return explain_mismatch({{pin, PinRole::kPrimary, "", std::nullopt, ""}}, evidence, kMintNow);
}

TEST(PinMistake, A59_TheDigestOfAnotherThingIsNamed) {
    const World& w = world();
    const x509::Certificate leaf = w.leaf.certificate();
    const std::string pem = w.leaf.pem();
    const std::string hex = text::hex(sha256(leaf.public_key().subject_public_key_info()));
    const std::string whole_hex = text::hex(sha256(leaf.der()));
    const auto wrongly = [](const Pin& pin, PinTarget target) {
        return *Pin::from_octets(target, pin.form(), pin.octets());
    };
    const Pin key = *leaf.pin(PinTarget::kKey, PinForm::kSha256);
    struct Row {
        std::string_view what;
        Pin pin;
        std::string_view told;
    };
    const std::vector<Row> rows{
        {"certificate as key", wrongly(whole(w.leaf), PinTarget::kSubjectPublicKeyInfo), "the cert digest of the leaf"},
        {"key as certificate", wrongly(spki(w.leaf), PinTarget::kCertificate), "the spki digest of the leaf"},
        {"key form as spki", wrongly(key, PinTarget::kSubjectPublicKeyInfo), "the key digest of the leaf"},
        {"spki as key form", wrongly(spki(w.leaf), PinTarget::kKey), "the spki digest of the leaf"},
        {"an issuer's key", spki(w.middle), "of certificate 1 as presented, which does not count here"},
        {"an issuer's certificate as key", wrongly(whole(w.middle), PinTarget::kSubjectPublicKeyInfo),
         "the cert digest of certificate 1"},
        {"the anchor's key, which was not presented", spki(w.root), "the trust anchor CN=root"},
        {"PEM", hash_of(pem), "the PEM text of the leaf"},
        {"PEM without its newline", hash_of(pem.substr(0, pem.size() - 1)), "the PEM text of the leaf"},
        {"PEM, as a certificate's pin", hash_of(pem, PinTarget::kCertificate), "the PEM text of the leaf"},
        {"base64", hash_of(text::base64(leaf.der())), "the base64 text of the certificate of the leaf"},
        {"base64 with a newline", hash_of(text::base64(leaf.public_key().subject_public_key_info()) + "\n"),
         "the base64 text of the public key of the leaf"},
        {"hex", hash_of(hex), "as hexadecimal text: hashed twice"},
        {"hex with a newline", hash_of(whole_hex + "\n"), "as hexadecimal text: hashed twice"},
        {"a host name", hash_of("db.example"), "the host's name"},
        {"a host name with a newline", hash_of("db.example\n"), "the host's name"},
        {"a file name", hash_of("db.example.pem\n"), "the file name db.example.pem"},
        {"a common file name", hash_of("cert.pem"), "the file name cert.pem"},
        {"a sample", *Pin::parse("sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="),
         "a sample printed in RFC 7469"},
    };
    const Evidence evidence = live({w.leaf, w.middle}, {w.root});
    for (const Row& row : rows) {
        EXPECT_THAT(explained(row.pin, evidence), HasSubstr(std::string(row.told))) << row.what;
        EXPECT_THAT(explained(row.pin, evidence), Not(HasSubstr(row.pin.to_string()))) << "never a pin to paste";
        EXPECT_FALSE(judge(evidence, policy_of(TrustMode::kPins, Match::kLeaf, {row.pin}), kMintNow).lets_pass());
    }
    EXPECT_EQ(explained(spki(w.neighbour), evidence), "") << "another key is no mistake that can be named";
}

TEST(PinMistake, AnEndedPinAndARememberedKeyAreNamed) {
    const World& w = world();
    Evidence evidence = live({w.leaf});
    const PolicyPin ended{spki(w.leaf), PinRole::kBackup, "", kMintNow - std::chrono::hours(1), ""};
    EXPECT_THAT(explain_mismatch({ended}, evidence, kMintNow), HasSubstr("is of the leaf, but ended at 2026-11-23"));
    evidence.continuity = {ContinuityState::kChanged, {spki(w.alone)}, std::nullopt, {}};
    EXPECT_THAT(explained(spki(w.alone), evidence), HasSubstr("the server's key has changed since"));
}

TEST(PinMistake, OtherFormsAreRecognisedToo) {
    const World& w = world();
    const Pin long_one = *w.leaf.certificate().pin(PinTarget::kCertificate, PinForm::kSha512);
    const Pin given = *Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512, long_one.octets());
    EXPECT_THAT(explained(given, live({w.leaf})), HasSubstr("the cert digest of the leaf"));
}

}  // namespace
}  // namespace cotter::trust
