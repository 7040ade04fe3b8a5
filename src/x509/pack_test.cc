// What is packed opens again, with the passphrase and with no other, and is protected as it should be.
#include "x509/pack.h"

#include "x509/openssl.h"
#include "x509/pem_block.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/pkcs12.h>

namespace cotter::x509 {
namespace {

using ::testing::HasSubstr;
using testing::mint;
using testing::Minted;
using testing::MintKey;

AskPassphrase says(std::string_view words) {
    return [text = std::string(words)]() -> Result<Passphrase> { return Passphrase(as_bytes(text)); };
}

AskPassphrase is_never_asked() {
    return []() -> Result<Passphrase> { return failed("asked", "asking", "nobody should be asked"); };
}

std::string text_of(const Packed& packed) {
    return {static_cast<const char*>(static_cast<const void*>(packed.content().data())), packed.content().size()};
}

Result<std::vector<PemBlock>> opened(const Packed& packed, const AskPassphrase& ask) {
    auto blocks = pem_blocks(packed.content(), "packed");
    if (!blocks) return unexpected(blocks.error());
    return unpacked(std::move(*blocks), "packed", ask);
}

bool is_key(const PemBlock& block, const Minted& minted) {
    const Bytes der = block.der;
    const unsigned char* at = octets(der);
    const EvpKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
    return key && EVP_PKEY_eq(key.get(), minted.key()) == 1;
}

class Packing : public ::testing::TestWithParam<MintKey> {
  protected:
    Minted ca_ = mint().authority("ca").make();
    Minted minted_ = mint().leaf("alice").key(GetParam()).signed_by(ca_).make();
    Passphrase passphrase_{as_bytes(std::string_view("correct horse"))};
};

TEST_P(Packing, WritesAPlainKey) {
    const auto packed = key_pem(minted_.key());
    ASSERT_TRUE(packed);
    EXPECT_EQ(text_of(*packed), minted_.key_pem());
}

TEST_P(Packing, EncryptsAKey) {
    const auto packed = encrypted_key_pem(minted_.key(), passphrase_);
    ASSERT_TRUE(packed) << packed.error().why;
    EXPECT_THAT(text_of(*packed), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
    const auto blocks = opened(*packed, says("correct horse"));
    ASSERT_TRUE(blocks) << blocks.error().why;
    ASSERT_EQ(blocks->size(), 1U);
    EXPECT_TRUE(is_key(blocks->front(), minted_));
    for (const std::string_view wrong : {"", "correct hors", "correct horse "})
        EXPECT_FALSE(opened(*packed, says(wrong))) << wrong;
}

TEST_P(Packing, FillsAPkcs12File) {
    const auto packed = pkcs12(minted_.key(), {minted_.certificate(), ca_.certificate()}, "alice", passphrase_);
    ASSERT_TRUE(packed) << packed.error().why;
    const auto blocks = opened(*packed, says("correct horse"));
    ASSERT_TRUE(blocks) << blocks.error().why;
    ASSERT_EQ(blocks->size(), 3U);
    EXPECT_EQ(blocks->at(0).der, minted_.der());
    EXPECT_EQ(blocks->at(1).der, ca_.der());
    EXPECT_TRUE(is_key(blocks->at(2), minted_));
    const auto wrong = opened(*packed, says("correct hors"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, "wrong_passphrase");
    EXPECT_FALSE(opened(*packed, is_never_asked()));
}

INSTANTIATE_TEST_SUITE_P(Keys, Packing, ::testing::Values(MintKey::kP256, MintKey::kEd25519, MintKey::kRsa2048),
                         [](const auto& kind) { return std::to_string(static_cast<int>(kind.param)); });

/// The identifier is in the file; the content of its DER, since what is encrypted can't be looked into.
bool has_oid(const Packed& packed, std::string_view name) {
    const std::unique_ptr<ASN1_OBJECT, FreeBy<ASN1_OBJECT_free>> object(OBJ_txt2obj(std::string(name).c_str(), 0));
    const Bytes wanted = as_bytes(OBJ_get0_data(object.get()), OBJ_length(object.get()));
    ByteVector der(packed.content().begin(), packed.content().end());
    if (auto blocks = pem_blocks(packed.content(), "packed"); blocks) der = blocks->front().der;
    return !std::ranges::search(der, wanted).empty();
}

TEST(Packing, IsOfStrongAlgorithmsAlone) {
    const Minted minted = mint().leaf("alice").make();
    const Passphrase passphrase(as_bytes(std::string_view("correct horse")));
    const auto key = encrypted_key_pem(minted.key(), passphrase);
    const auto file = pkcs12(minted.key(), {minted.certificate()}, "alice", passphrase);
    ASSERT_TRUE(key && file);
    EXPECT_TRUE(has_oid(*key, "id-scrypt"));
    EXPECT_TRUE(has_oid(*key, "AES-256-CBC"));
    EXPECT_TRUE(has_oid(*file, "PBKDF2"));
    EXPECT_TRUE(has_oid(*file, "hmacWithSHA256"));
    EXPECT_TRUE(has_oid(*file, "AES-256-CBC"));
    EXPECT_TRUE(has_oid(*file, "SHA256"));
    for (const std::string_view weak :
         {"SHA1", "hmacWithSHA1", "RC2-40-CBC", "PBE-SHA1-3DES", "PBE-SHA1-RC2-40", "DES-EDE3-CBC"})
        EXPECT_FALSE(has_oid(*file, weak)) << weak;
}

TEST(Packing, IsDifferentEachTime) {
    const Minted minted = mint().leaf("alice").make();
    const Passphrase passphrase(as_bytes(std::string_view("correct horse")));
    const auto one = encrypted_key_pem(minted.key(), passphrase);
    const auto other = encrypted_key_pem(minted.key(), passphrase);
    ASSERT_TRUE(one && other);
    EXPECT_NE(text_of(*one), text_of(*other));
}

}  // namespace
}  // namespace cotter::x509
