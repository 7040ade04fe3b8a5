// What is packed in other objects: PKCS#7, PKCS#12 and keys under a passphrase, sound and hostile.
#include "x509/unpack.h"

#include "x509/certificate.h"
#include "x509/pem.h"
#include "x509/testing/der_parts.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>

namespace cotter::x509 {
namespace {

using testing::mint;
using testing::Minted;
using testing::MintKey;

template <class Object, class Write>
ByteVector der_of(Object* object, Write write) {
    unsigned char* out = nullptr;
    const int size = write(object, &out);
    if (size <= 0) std::abort();
    const Bytes bytes = as_bytes(out, static_cast<std::size_t>(size));
    ByteVector der(bytes.begin(), bytes.end());
    OPENSSL_free(out);
    return der;
}

using CertificatesPtr =
    std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * one) { sk_X509_pop_free(one, X509_free); })>;

X509* x509_of(const Minted& minted) {
    const unsigned char* at = octets(Bytes(minted.der()));
    return d2i_X509(nullptr, &at, static_cast<long>(minted.der().size()));
}

CertificatesPtr stack_of(const std::vector<Minted>& minted) {
    CertificatesPtr stack(sk_X509_new_null());
    for (const Minted& one : minted) sk_X509_push(stack.get(), x509_of(one));
    return stack;
}

struct Pkcs12Wishes {
    const char* passphrase = "secret";
    int key_encryption = NID_aes_256_cbc;
    int certificate_encryption = NID_aes_256_cbc;
    int iterations = 2048;
    int mac_iterations = 1;
};

ByteVector pkcs12(const Minted& leaf, const std::vector<Minted>& others, const Pkcs12Wishes& wishes = {}) {
    const auto stack = stack_of(others);
    const X509Ptr certificate(x509_of(leaf));
    PKCS12* const file =
        PKCS12_create(wishes.passphrase, "a name", leaf.key(), certificate.get(), stack.get(), wishes.key_encryption,
                      wishes.certificate_encryption, wishes.iterations, wishes.mac_iterations, 0);
    if (file == nullptr) std::abort();
    ByteVector der = der_of(file, i2d_PKCS12);
    PKCS12_free(file);
    return der;
}

ByteVector pkcs7(const std::vector<Minted>& certificates, const Minted* signer = nullptr) {
    const auto stack = stack_of(certificates);
    const BioPtr content(BIO_new_mem_buf("content", 7));
    const X509Ptr signing(signer != nullptr ? x509_of(*signer) : nullptr);
    PKCS7* const object = PKCS7_sign(signing.get(), signer != nullptr ? signer->key() : nullptr, stack.get(),
                                     content.get(), PKCS7_BINARY);
    if (object == nullptr) std::abort();
    ByteVector der = der_of(object, i2d_PKCS7);
    PKCS7_free(object);
    return der;
}

ByteVector encrypted_key(const Minted& minted, std::string_view passphrase, int iterations = 2048) {
    PKCS8_PRIV_KEY_INFO* const plain = EVP_PKEY2PKCS8(minted.key());
    X509_SIG* const encrypted = PKCS8_encrypt(-1, EVP_aes_128_cbc(), passphrase.data(),
                                              static_cast<int>(passphrase.size()), nullptr, 0, iterations, plain);
    ByteVector der = der_of(encrypted, i2d_X509_SIG);
    X509_SIG_free(encrypted);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return der;
}

class Unpack : public ::testing::Test {
  protected:
    Result<std::vector<PemBlock>> unpack(Bytes file, std::string passphrase = "secret") {
        auto blocks = pem_blocks(file, "test");
        if (!blocks) return unexpected(blocks.error());
        return unpacked(std::move(*blocks), "test", [this, passphrase]() -> Result<Passphrase> {
            ++asked_;
            return Passphrase(as_bytes(passphrase));
        });
    }

    static std::vector<std::string> labels(const std::vector<PemBlock>& blocks) {
        std::vector<std::string> result;
        for (const PemBlock& block : blocks) result.push_back(block.label);
        return result;
    }

    int asked_ = 0;
    const Minted ca_ = mint().authority("ca");
    const Minted leaf_ = mint().leaf("a.example").signed_by(ca_);
    const Minted other_ = mint().leaf("b.example");
};

TEST_F(Unpack, GivesThePkcs7CertificatesInOrderByTheirExactBytes) {
    for (const Minted* signer : {static_cast<const Minted*>(nullptr), &other_}) {
        const auto blocks = unpack(pkcs7({leaf_, ca_}, signer));
        ASSERT_TRUE(blocks) << blocks.error().why;
        std::vector<ByteVector> ders;
        for (const PemBlock& block : *blocks) ders.push_back(block.der);
        std::vector<ByteVector> expected{leaf_.der(), ca_.der()};
        if (signer != nullptr) expected.push_back(other_.der());
        std::ranges::sort(ders);
        std::ranges::sort(expected);
        EXPECT_EQ(ders, expected);
    }
    EXPECT_EQ(asked_, 0);
    const auto pem = unpack(as_bytes(pem_text("PKCS7", pkcs7({leaf_}))));
    ASSERT_TRUE(pem) << pem.error().why;
    EXPECT_EQ(pem->front().der, leaf_.der());
}

TEST_F(Unpack, RefusesOtherPkcs7) {
    PKCS7* const data = PKCS7_new();
    PKCS7_set_type(data, NID_pkcs7_data);
    const ByteVector plain = der_of(data, i2d_PKCS7);
    PKCS7_free(data);
    EXPECT_FALSE(unpack(plain));
    EXPECT_FALSE(unpack(pkcs7({}, nullptr)));
}

TEST_F(Unpack, GivesAPkcs12sOwnCertificateFirstThenTheOthersThenItsKey) {
    constexpr struct {
        const char* what;
        Pkcs12Wishes wishes;
        int asked;
    } kRows[] = {
        {"AES", {}, 1},
        {"3DES, as Windows writes it",
         {"secret", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC},
         1},
        {"certificates not encrypted", {"secret", NID_aes_256_cbc, -1}, 1},
        {"nothing encrypted", {"secret", -1, -1}, 1},
        {"an empty passphrase", {""}, 0},
        {"no passphrase", {nullptr}, 0},
        {"no MAC", {"secret", NID_aes_256_cbc, NID_aes_256_cbc, 2048, -1}, 1},
        {"no MAC, nothing encrypted", {"secret", -1, -1, 2048, -1}, 0},
    };
    for (const auto& row : kRows) {
        asked_ = 0;
        const auto blocks = unpack(pkcs12(leaf_, {ca_, other_}, row.wishes));
        ASSERT_TRUE(blocks) << row.what << ": " << blocks.error().why;
        EXPECT_EQ(labels(*blocks),
                  (std::vector<std::string>{"CERTIFICATE", "CERTIFICATE", "CERTIFICATE", "PRIVATE KEY"}))
            << row.what;
        EXPECT_EQ((*blocks)[0].der, leaf_.der()) << row.what;
        EXPECT_EQ(asked_, row.asked) << row.what;
        const auto objects = pinnable_from(*blocks, "test");
        ASSERT_TRUE(objects) << row.what;
        EXPECT_EQ(std::get<PublicKey>((*objects)[3]), leaf_.certificate().public_key()) << row.what;
    }
}

TEST_F(Unpack, OpensAKeyUnderAPassphraseAndAsksOnceForAll) {
    const std::string pem = pem_text("ENCRYPTED PRIVATE KEY", encrypted_key(leaf_, "secret")) +
                            pem_text("ENCRYPTED PRIVATE KEY", encrypted_key(other_, "secret")) + ca_.pem();
    const auto blocks = unpack(as_bytes(pem));
    ASSERT_TRUE(blocks) << blocks.error().why;
    EXPECT_EQ(labels(*blocks), (std::vector<std::string>{"PRIVATE KEY", "PRIVATE KEY", "CERTIFICATE"}));
    EXPECT_EQ(asked_, 1);
    EXPECT_TRUE(unpack(encrypted_key(leaf_, "secret")));
}

TEST_F(Unpack, LeavesPlainObjectsAloneAndAsksNobody) {
    const auto blocks = unpack(as_bytes(leaf_.pem() + leaf_.key_pem()));
    ASSERT_TRUE(blocks);
    EXPECT_EQ(labels(*blocks), (std::vector<std::string>{"CERTIFICATE", "PRIVATE KEY"}));
    EXPECT_EQ(asked_, 0);
}

TEST_F(Unpack, SaysThatAPassphraseIsWrong) {
    const Pkcs12Wishes without_mac{"secret", NID_aes_256_cbc, NID_aes_256_cbc, 2048, -1};
    for (const ByteVector& file : {pkcs12(leaf_, {}), pkcs12(leaf_, {}, without_mac), encrypted_key(leaf_, "secret")}) {
        const auto blocks = unpack(file, "another");
        ASSERT_FALSE(blocks);
        EXPECT_EQ(blocks.error().code, "wrong_passphrase") << blocks.error().why;
        EXPECT_EQ(blocks.error().kind, ErrorKind::kFailed);
    }
}

TEST_F(Unpack, SaysWhyNobodyCouldBeAsked) {
    auto blocks = pem_blocks(pkcs12(leaf_, {}), "test");
    const auto result = unpacked(std::move(*blocks), "test", []() -> Result<Passphrase> {
        return failed("no_passphrase", "asking", "nobody there");
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "no_passphrase");
}

TEST_F(Unpack, A191_DoesNotDoAsMuchWorkAsAFileAsksFor) {
    constexpr int kMany = 0x10000;
    const ByteVector many = testing::octets_of({0x02, 0x03, 0x01, 0x00, 0x00});
    const ByteVector too_many = testing::octets_of({0x02, 0x03, 0x7f, 0xff, 0xff});
    const struct {
        const char* what;
        ByteVector file;
    } kRows[] = {
        {"a key", encrypted_key(leaf_, "secret", kMany)},
        {"a MAC", pkcs12(leaf_, {}, {"secret", -1, -1, 2048, kMany})},
        {"a bag", pkcs12(leaf_, {}, {"secret", NID_aes_256_cbc, -1, kMany, -1})},
        {"a bag of old", pkcs12(leaf_, {}, {"secret", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, -1, kMany, -1})},
        {"a safe", pkcs12(leaf_, {}, {"secret", -1, NID_aes_256_cbc, kMany, -1})},
    };
    for (const auto& row : kRows) {
        EXPECT_TRUE(unpack(row.file)) << row.what;
        ByteVector changed = row.file;
        const auto number = std::ranges::search(changed, many);
        ASSERT_FALSE(number.empty()) << row.what;
        std::ranges::copy(too_many, number.begin());
        const auto refused = unpack(changed);
        ASSERT_FALSE(refused) << row.what;
        EXPECT_NE(refused.error().why.find("more often"), std::string::npos) << row.what << ": " << refused.error().why;
    }
}

TEST_F(Unpack, A191_CutAndChangedFilesAreRefusedReadably) {
    const ByteVector files[] = {pkcs12(leaf_, {ca_}, {"secret", -1, -1, 2048, -1}), pkcs12(leaf_, {ca_}),
                                pkcs7({leaf_, ca_}), encrypted_key(leaf_, "secret")};
    for (const ByteVector& file : files) {
        for (std::size_t size = 1; size < file.size(); size += 37) EXPECT_FALSE(unpack(Bytes(file).first(size)));
        for (std::size_t at = 0; at < file.size(); at += 19) {
            ByteVector changed = file;
            changed[at] ^= std::byte{0x21};
            const auto blocks = unpack(changed);
            EXPECT_TRUE(blocks || !blocks.error().why.empty());
        }
    }
}

/// PFX { 3, ContentInfo { data } } without content: what CVE-2024-0727 was about.
TEST_F(Unpack, A191_ContentThatIsMissingIsRefused) {
    using testing::joined;
    using testing::tlv;
    const ByteVector three = testing::octets_of({0x02, 0x01, 0x03});
    const ByteVector data = testing::octets_of({0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01});
    const ByteVector signed_data =
        testing::octets_of({0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02});
    const ByteVector encrypted = testing::octets_of({0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06});
    for (const ByteVector& type : {data, signed_data, encrypted}) {
        const ByteVector bare = tlv(der::Tag::kSequence, type);
        EXPECT_FALSE(unpack(tlv(der::Tag::kSequence, joined({three, bare}))));
        // The same one level deeper: a safe without content.
        const ByteVector safes = tlv(der::Tag::kOctetString, tlv(der::Tag::kSequence, bare));
        const ByteVector outer = tlv(der::Tag::kSequence, joined({data, tlv(der::context(0, true), safes)}));
        EXPECT_FALSE(unpack(tlv(der::Tag::kSequence, joined({three, outer}))));
    }
}

TEST_F(Unpack, A191_WhatPinsServersAndClientsTakeOpensNone) {
    for (const ByteVector& file : {pkcs12(leaf_, {}, {nullptr}), pkcs7({leaf_}), encrypted_key(leaf_, "secret")}) {
        EXPECT_FALSE(pinnable_from(file, "test"));
        EXPECT_FALSE(certificates_from(file, "test"));
    }
}

}  // namespace
}  // namespace cotter::x509
