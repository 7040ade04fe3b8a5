// Signed notes and checkpoints against published ones, and everything that makes one worth nothing.
#include "audit/note.h"
#include "audit/checkpoint.h"

#include "text/encoding.h"
#include "x509/openssl.h"

#include <gtest/gtest.h>

#include <memory>

namespace cotter::audit {
namespace {

// The key pair and note of golang.org/x/mod/sumdb/note's documentation and tests.
constexpr std::string_view kPublishedKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kPublishedSeed = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
constexpr std::string_view kPublishedText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kPublishedSignature =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

// A tree head of the Go checksum database, and its key, which the go command has built in.
constexpr std::string_view kSumdbKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
constexpr std::string_view kSumdbHead =
    "go.sum database tree\n31700353\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n\n"
    "— sum.golang.org "
    "Az3grnmrIUEDFqHzAElIQCPNoRFRAAdFo47fooyWKMHb89k11GJh5zHIfNCOBmwn/C3YI8oW9/C8DJ87F61QqspBYwM=\n";

std::string published_note() {
    return std::string(kPublishedText) + "\n" + std::string(kPublishedSignature);
}

x509::EvpKeyPtr key_of(std::string_view seed) {
    const auto octets = text::octets_of_base64(seed).value();
    return x509::EvpKeyPtr(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, x509::octets(Bytes(octets)), octets.size()));
}

x509::EvpKeyPtr fresh_key() {
    return x509::EvpKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

Verifier verifier_of(EVP_PKEY* key, std::string name) {
    return Verifier::from(std::move(name), ed25519_public_key(key).value());
}

const Checkpoint kHead{"cotter-audit/0011", 5, empty_root()};

TEST(Note, ChecksThePublishedOne) {
    const auto key = Verifier::parse(kPublishedKey).value();
    EXPECT_EQ(key.name(), "PeterNeumann");
    EXPECT_EQ(key.to_string(), kPublishedKey);
    const auto note = Note::parse(published_note()).value();
    EXPECT_EQ(note.text, kPublishedText);
    EXPECT_TRUE(key.has_signed(note));
}

TEST(Note, SignsAsThePublishedOneIsSigned) {
    const auto key = key_of(kPublishedSeed);
    EXPECT_EQ(verifier_of(key.get(), "PeterNeumann").to_string(), kPublishedKey);
    EXPECT_EQ(sign_note(kPublishedText, "PeterNeumann", key.get()).value(), published_note());
}

TEST(Note, IsNotSignedOnceAnOctetIsAnother) {
    const auto key = Verifier::parse(kPublishedKey).value();
    const std::string whole = published_note();
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const auto note = Note::parse(changed);
        EXPECT_FALSE(note && key.has_signed(*note)) << i;
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto note = Note::parse(whole.substr(0, size));
        EXPECT_FALSE(note && key.has_signed(*note)) << size;
    }
}

TEST(Note, AKeyIsReadWholeOrNotAtAll) {
    for (std::size_t i = 0; i < kPublishedKey.size(); ++i) {
        EXPECT_FALSE(Verifier::parse(kPublishedKey.substr(0, i))) << i;
        EXPECT_FALSE(Verifier::parse(kPublishedKey.substr(i + 1))) << i;
        std::string changed(kPublishedKey);
        changed[i] = static_cast<char>(changed[i] + 1);
        EXPECT_FALSE(Verifier::parse(changed)) << changed;
    }
}

TEST(Note, OneWrongSignatureOfAKnownKeyRefusesTheNote) {
    const auto key = Verifier::parse(kPublishedKey).value();
    std::string wrong(kPublishedSignature);
    wrong.replace(wrong.find("/ZJku"), 5, "/ZJkv");
    const std::string foreign = "— somebody.else x08go/ZJkuBS9UG/\n";
    const auto signed_by = [&](const std::string& lines) {
        return key.has_signed(Note::parse(std::string(kPublishedText) + "\n" + lines).value());
    };
    const std::string right(kPublishedSignature);
    EXPECT_TRUE(signed_by(foreign + right));
    EXPECT_TRUE(signed_by(right + right));
    EXPECT_FALSE(signed_by(foreign));
    EXPECT_FALSE(signed_by(right + wrong));
    EXPECT_FALSE(signed_by(wrong + right));
}

TEST(Note, RefusesWhatIsNone) {
    const std::string signature(kPublishedSignature);
    for (const std::string& wrong : {
             std::string(),
             std::string("text\n"),
             "text\n" + signature,
             std::string("text\n\n"),
             "text\n\n" + signature.substr(0, signature.size() - 1),
             "te\x01xt\n\n" + signature,
             "te\rxt\n\n" + signature,
             "te\xffxt\n\n" + signature,
             std::string("text\n\n- name AAAAAAA=\n"),
             std::string("text\n\n— name AAAA\n"),
             std::string("text\n\n— name\n"),
             std::string("text\n\n— a+b AAAAAAA=\n"),
             std::string("text\n\n—  AAAAAAA=\n"),
             "text\n\n" + signature + "trailing\n",
             std::string(70'000, 'a') + "\n\n" + signature,
         }) {
        const auto note = Note::parse(wrong);
        ASSERT_FALSE(note) << wrong.substr(0, 100);
        EXPECT_EQ(note.error().code, "note");
    }
    std::string many = "text\n\n";
    for (int i = 0; i < 65; ++i) many += signature;
    EXPECT_FALSE(Note::parse(many));
}

TEST(Note, IsSignedWithEd25519Alone) {
    const x509::EvpKeyPtr key(EVP_EC_gen("P-256"));
    const auto note = sign_note("text\n", "name", key.get());
    ASSERT_FALSE(note);
    EXPECT_EQ(note.error().code, "signing_key");
}

TEST(Checkpoint, ReadsAPublishedOne) {
    const auto head = SignedCheckpoint::parse(kSumdbHead).value();
    EXPECT_EQ(head.head.origin, "go.sum database tree");
    EXPECT_EQ(head.head.size, 31'700'353U);
    EXPECT_EQ(text::base64(head.head.root), "qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=");
    EXPECT_TRUE(Verifier::parse(kSumdbKey).value().has_signed(head.note));
}

TEST(Checkpoint, IsWhatWasSigned) {
    const auto key = fresh_key();
    const auto made = sign(kHead, key.get()).value();
    const auto read = SignedCheckpoint::parse(made.text).value();
    EXPECT_EQ(read.head, kHead);
    EXPECT_TRUE(read.is_by(verifier_of(key.get(), kHead.origin)));
    EXPECT_FALSE(read.is_by(verifier_of(fresh_key().get(), kHead.origin)));
}

TEST(Checkpoint, OfAnotherLogIsNotTakenForThisOnesThoughTheKeySignsForBoth) {
    const auto key = fresh_key();
    const Checkpoint other{"cotter-audit/0022", 9, kHead.root};
    // The other log's head, with this log's name in front of the signature: that name is not signed.
    const std::string relabelled = sign_note(other.text(), kHead.origin, key.get()).value();
    const auto read = SignedCheckpoint::parse(relabelled).value();
    const auto verifier = verifier_of(key.get(), kHead.origin);
    EXPECT_TRUE(verifier.has_signed(read.note));
    EXPECT_FALSE(read.is_by(verifier));
}

TEST(Checkpoint, RefusesATextThatIsNone) {
    const auto key = fresh_key();
    const std::string root = text::base64(kHead.root);
    for (const std::string& wrong : std::vector<std::string>{
             "origin\n5\n", "origin\n05\n" + root + "\n", "origin\n-5\n" + root + "\n", "origin\n5 \n" + root + "\n",
             "origin\n5\nAAAA\n", "origin\n18446744073709551616\n" + root + "\n", "\n5\n" + root + "\n",
             "origin\n5\n" + root + "\n\nmore\n", "origin\n"}) {
        const auto read = SignedCheckpoint::parse(sign_note(wrong, "origin", key.get()).value());
        ASSERT_FALSE(read) << wrong;
        EXPECT_EQ(read.error().code, "checkpoint") << wrong;
    }
    EXPECT_TRUE(SignedCheckpoint::parse(sign_note("origin\n5\n" + root + "\nmore\n", "origin", key.get()).value()));
}

}  // namespace
}  // namespace cotter::audit
