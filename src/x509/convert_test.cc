// Writing objects in another form: which can have which, and that nothing of them changes on the way.
#include "x509/convert.h"

#include "x509/certificate.h"
#include "x509/pem.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <openssl/pem.h>

namespace cotter::x509 {
namespace {

using testing::mint;
using testing::Minted;
using testing::MintKey;

Result<Converted> convert(std::string_view file, Form form) {
    const auto blocks = pem_blocks(as_bytes(file), "test");
    if (!blocks) return unexpected(blocks.error());
    return converted(*blocks, form, "test");
}

std::string text_of(const Converted& result) {
    return {static_cast<const char*>(static_cast<const void*>(result.content.data())), result.content.size()};
}

std::string public_pem(const PublicKey& key) {
    return pem_text("PUBLIC KEY", key.subject_public_key_info());
}

std::string traditional(const Minted& minted) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey_traditional(memory.get(), minted.key(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

class Convert : public ::testing::Test {
  protected:
    const Minted ec_ = mint().leaf("a.example");
    const Minted rsa_ = mint().leaf("b.example").key(MintKey::kRsa2048);
    const Minted edwards_ = mint().leaf("c.example").key(MintKey::kEd25519);
    const PublicKey ec_key_ = ec_.certificate().public_key();
    const PublicKey rsa_key_ = rsa_.certificate().public_key();
    const std::string rsa_public_ = pem_text("RSA PUBLIC KEY", rsa_key_.key_octets());
};

TEST_F(Convert, EachObjectHasTheFormsThatItCanHave) {
    const struct {
        const char* what;
        std::string file;
        Form form;
        std::string result;  ///< empty: refused
        bool is_private;
    } kRows[] = {
        {"certificate to PEM", ec_.pem(), Form::kPem, ec_.pem(), false},
        {"certificate to SPKI", ec_.pem(), Form::kSpki, public_pem(ec_key_), false},
        {"certificate to PKCS#8", ec_.pem(), Form::kPkcs8, "", false},
        {"EC certificate to PKCS#1", ec_.pem(), Form::kPkcs1, "", false},
        {"RSA certificate to PKCS#1", rsa_.pem(), Form::kPkcs1, rsa_public_, false},
        {"EC key to SPKI", ec_.key_pem(), Form::kSpki, public_pem(ec_key_), false},
        {"EC key to PKCS#8", traditional(ec_), Form::kPkcs8, ec_.key_pem(), true},
        {"EC key to PKCS#1", ec_.key_pem(), Form::kPkcs1, "", false},
        {"RSA key to PKCS#1", rsa_.key_pem(), Form::kPkcs1, traditional(rsa_), true},
        {"RSA key to PKCS#8", traditional(rsa_), Form::kPkcs8, rsa_.key_pem(), true},
        {"RSA key to PEM", traditional(rsa_), Form::kPem, traditional(rsa_), true},
        {"Ed25519 key to PKCS#8", edwards_.key_pem(), Form::kPkcs8, edwards_.key_pem(), true},
        {"public key to SPKI", rsa_public_, Form::kSpki, public_pem(rsa_key_), false},
        {"public key to PKCS#1", public_pem(rsa_key_), Form::kPkcs1, rsa_public_, false},
        {"public key to PKCS#8", public_pem(rsa_key_), Form::kPkcs8, "", false},
        {"certificate and key to SPKI: one key", ec_.pem() + ec_.key_pem(), Form::kSpki, public_pem(ec_key_), false},
        {"certificate and key to PKCS#8", rsa_.pem() + traditional(rsa_), Form::kPkcs8, rsa_.key_pem(), true},
        {"two certificates to PEM, without what stands round them", "words\n" + ec_.pem() + "\n" + rsa_.pem(),
         Form::kPem, ec_.pem() + rsa_.pem(), false},
        {"two certificates to DER", ec_.pem() + rsa_.pem(), Form::kDer, "", false},
        {"an unknown object to PEM", pem_text("THING", ec_.der()), Form::kPem, pem_text("THING", ec_.der()), false},
        {"an unknown object to SPKI", pem_text("THING", ec_.der()), Form::kSpki, "", false},
        {"what is no DER", pem_text("CERTIFICATE", as_bytes("words")), Form::kPem, "", false},
        {"what is no key", pem_text("PRIVATE KEY", ec_.der()), Form::kPkcs8, "", false},
        {"nothing", "-----BEGIN nothing", Form::kPem, "", false},
    };
    for (const auto& row : kRows) {
        const auto result = convert(row.file, row.form);
        ASSERT_EQ(result.has_value(), !row.result.empty()) << row.what << (result ? "" : ": " + result.error().why);
        if (!result) {
            EXPECT_EQ(result.error().kind, ErrorKind::kMalformedInput) << row.what;
            continue;
        }
        EXPECT_EQ(text_of(*result), row.result) << row.what;
        EXPECT_EQ(result->is_private, row.is_private) << row.what;
        EXPECT_FALSE(result->is_binary) << row.what;
    }
}

TEST_F(Convert, DerAndPemAreEachOthersInverse) {
    for (const std::string& pem : {ec_.pem(), ec_.key_pem(), traditional(rsa_), rsa_public_, public_pem(ec_key_)}) {
        const auto der = convert(pem, Form::kDer);
        ASSERT_TRUE(der) << der.error().why;
        EXPECT_TRUE(der->is_binary);
        EXPECT_EQ(der->is_private, pem.find("PRIVATE") != std::string::npos);
        const auto blocks = pem_blocks(der->content, "test");
        ASSERT_TRUE(blocks);
        EXPECT_EQ(text_of(*converted(*blocks, Form::kPem, "test")), pem);
    }
}

TEST_F(Convert, APublicKeyKeepsItsBytesHoweverOddTheyAre) {
    const Minted compressed = mint().key(MintKey::kP256Compressed);
    const auto result = convert(compressed.pem(), Form::kSpki);
    ASSERT_TRUE(result);
    EXPECT_EQ(text_of(*result), public_pem(compressed.certificate().public_key()));
}

}  // namespace
}  // namespace cotter::x509
