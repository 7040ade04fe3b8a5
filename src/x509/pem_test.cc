// PEM and DER files: what is taken, what is refused, and the pins that a file gives.
#include "x509/pem.h"

#include "x509/testing/mint.h"

#include <gtest/gtest.h>

#include <openssl/pem.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cotter::x509 {
namespace {

using testing::mint;
using testing::Minted;

std::string written(const BioPtr& memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string public_key_pem(const Minted& minted) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(memory.get(), minted.key());
    return written(memory);
}

std::string encrypted_key_pem(const Minted& minted) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    const std::string passphrase = "secret";
    PEM_write_bio_PKCS8PrivateKey(memory.get(), minted.key(), EVP_aes_128_cbc(), passphrase.data(),
                                  static_cast<int>(passphrase.size()), nullptr, nullptr);
    return written(memory);
}

std::string traditional_encrypted_key_pem(const Minted& minted) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    const ByteVector passphrase(6, std::byte{'x'});
    PEM_write_bio_PrivateKey_traditional(memory.get(), minted.key(), EVP_aes_128_cbc(), octets(Bytes(passphrase)), 6,
                                         nullptr, nullptr);
    return written(memory);
}

X509ReqPtr request_of(EVP_PKEY* key, EVP_PKEY* signer) {
    X509ReqPtr request(X509_REQ_new());
    X509_REQ_set_pubkey(request.get(), key);
    X509_REQ_sign(request.get(), signer, EVP_sha256());
    return request;
}

std::string request_pem(EVP_PKEY* key, EVP_PKEY* signer) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509_REQ(memory.get(), request_of(key, signer).get());
    return written(memory);
}

std::string trusted_pem(const Minted& minted) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    const unsigned char* at = octets(Bytes(minted.der()));
    const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(minted.der().size())));
    PEM_write_bio_X509_AUX(memory.get(), certificate.get());
    return written(memory);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

class Pem : public ::testing::Test {
  protected:
    static std::size_t count_of(const std::string& text) {
        const auto certificates = certificates_from(as_bytes(text), "test.pem");
        return certificates ? certificates->size() : 0;
    }

    const Minted first_ = mint().leaf("a.example");
    const Minted second_ = mint().leaf("b.example");
};

TEST_F(Pem, A78_ReadsEveryCertificateInOrderWhateverStandsAround) {
    const auto both = certificates_from(as_bytes(first_.pem() + second_.pem()), "test.pem");
    ASSERT_TRUE(both);
    EXPECT_EQ(*both, (std::vector{first_.certificate(), second_.certificate()}));
    EXPECT_EQ(count_of("subject=CN = a.example\n\n" + first_.pem() + "some words\n" + second_.pem() + "the end"), 2U);
    EXPECT_EQ(count_of("\xef\xbb\xbf" + replaced(first_.pem(), "\n", "\r\n")), 1U);
    EXPECT_EQ(count_of(std::string(first_.pem()).substr(0, first_.pem().size() - 1)), 1U);
    EXPECT_EQ(certificates_from(first_.der(), "test.der")->front(), first_.certificate());
}

TEST_F(Pem, A78_RefusesOtherLabelsAndCutBlocks) {
    const std::string good = first_.pem();
    const struct {
        const char* what;
        std::string text;
    } kCases[] = {
        {"nothing", ""},
        {"words", "no certificate here"},
        {"the older label", replaced(good, "BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE")},
        {"the older label at both ends", replaced(good, " CERTIFICATE", " X509 CERTIFICATE")},
        {"a key first", first_.key_pem() + good},
        {"a key after", good + first_.key_pem()},
        {"no end line", good.substr(0, good.size() / 2)},
        {"an end cut short", good.substr(0, good.size() - 5)},
        {"a begin inside a block", good.substr(0, good.size() / 2) + "\n" + good},
        {"another end", replaced(good, "END CERTIFICATE", "END PUBLIC KEY")},
        {"a good one, then a cut one", good + second_.pem().substr(0, 100)},
        {"an empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"},
        {"no base64", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"},
        {"no certificate in it", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"},
        {"bytes after the certificate", "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n"},
    };
    for (const auto& one : kCases) {
        const auto certificates = certificates_from(as_bytes(one.text), "test.pem");
        ASSERT_FALSE(certificates) << one.what;
        EXPECT_EQ(certificates.error().kind, ErrorKind::kMalformedInput) << one.what;
        EXPECT_FALSE(certificates.error().why.empty()) << one.what;
    }
}

TEST_F(Pem, A20_RefusesTrustedCertificates) {
    const std::string trusted = trusted_pem(first_);
    ASSERT_NE(trusted.find("BEGIN TRUSTED CERTIFICATE"), std::string::npos);
    EXPECT_FALSE(certificates_from(as_bytes(trusted), "test.pem"));
    EXPECT_FALSE(certificates_from(as_bytes(first_.pem() + trusted), "test.pem"));
    EXPECT_FALSE(pinnable_from(as_bytes(trusted), "test.pem"));
}

TEST_F(Pem, A78_RefusesEncryptedKeysAndAsksNobody) {
    for (const std::string& text : {encrypted_key_pem(first_), traditional_encrypted_key_pem(first_)}) {
        ASSERT_NE(text.find("ENCRYPTED"), std::string::npos);
        const auto objects = pinnable_from(as_bytes(text), "test.key");
        ASSERT_FALSE(objects);
        EXPECT_NE(objects.error().why.find("encrypted"), std::string::npos) << objects.error().why;
    }
}

TEST_F(Pem, FindsTheSameKeyInCertificatesRequestsAndKeys) {
    const PublicKey expected = first_.certificate().public_key();
    const struct {
        const char* what;
        std::string text;
    } kCases[] = {
        {"public key", public_key_pem(first_)},
        {"private key", first_.key_pem()},
        {"request", request_pem(first_.key(), first_.key())},
        {"certificate", first_.pem()},
    };
    for (const auto& one : kCases) {
        const auto objects = pinnable_from(as_bytes(one.text), "test.pem");
        ASSERT_TRUE(objects) << one.what << ": " << objects.error().why;
        ASSERT_EQ(objects->size(), 1U) << one.what;
        const auto* certificate = std::get_if<Certificate>(&objects->front());
        EXPECT_EQ(certificate != nullptr ? certificate->public_key() : std::get<PublicKey>(objects->front()), expected)
            << one.what;
    }
    EXPECT_EQ(std::get<PublicKey>(pinnable_from(expected.subject_public_key_info(), "test.der")->front()), expected);
}

TEST_F(Pem, RefusesARequestThatItsOwnKeyDidNotSign) {
    EXPECT_FALSE(pinnable_from(as_bytes(request_pem(first_.key(), second_.key())), "test.csr"));
}

TEST_F(Pem, ReadsCrlsOnlyWhereCrlsAreTaken) {
    const Minted authority = mint().authority("ca");
    const std::string crl =
        testing::mint_crl_pem(authority, {}, testing::kMintNow, testing::kMintNow + std::chrono::hours(1));
    EXPECT_EQ(crls_from(as_bytes(crl + crl), "test.crl")->size(), 2U);
    EXPECT_FALSE(crls_from(as_bytes(authority.pem()), "test.crl"));
    EXPECT_FALSE(crls_from({}, "test.crl"));
    EXPECT_FALSE(certificates_from(as_bytes(crl), "test.pem"));
}

TEST_F(Pem, IsWrittenAsItIsRead) {
    EXPECT_EQ(to_pem(first_.certificate()), first_.pem());
}

/// Files in a folder that goes away with the test.
class PinFile : public Pem {
  protected:
    PinFile() {
        std::string pattern = ::testing::TempDir() + "cotter-pem-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~PinFile() override { std::filesystem::remove_all(folder_); }
    PinFile(const PinFile&) = delete;
    PinFile& operator=(const PinFile&) = delete;

    [[nodiscard]] std::string file(const std::string& content) const {
        const std::string path = folder_ + "/file";
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }

    std::string folder_;
};

TEST_F(PinFile, A62_GivesThePinOfItsOneObject) {
    const Certificate certificate = first_.certificate();
    const Pin of_key = *certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    const Pin of_certificate = *certificate.pin(PinTarget::kCertificate, PinForm::kSha256);
    EXPECT_EQ(*pins_from_argument("file:" + file(first_.pem())), std::vector{of_key});
    EXPECT_EQ(*pins_from_argument("cert:file:" + file(first_.pem())), std::vector{of_certificate});
    EXPECT_EQ(*pins_from_argument("file:" + file(public_key_pem(first_))), std::vector{of_key});
    EXPECT_EQ(*pins_from_argument("file:" + file(first_.key_pem())), std::vector{of_key});
    EXPECT_FALSE(pins_from_argument("cert:file:" + file(public_key_pem(first_))));
    EXPECT_FALSE(pins_from_argument("file:" + file(first_.pem() + second_.pem()))) << "two objects";
    EXPECT_FALSE(pins_from_argument("file:" + file(encrypted_key_pem(first_))));
    EXPECT_FALSE(pins_from_argument("file:" + file("")));
    EXPECT_EQ(*pins_from_argument(of_key.to_string() + ";" + of_certificate.to_string()),
              (std::vector{of_key, of_certificate}));
    EXPECT_FALSE(pins_from_argument(""));
}

TEST_F(PinFile, A62_RefusesWhatIsNoRegularFileOfBoundedSize) {
    const std::string fifo = folder_ + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const std::string huge = folder_ + "/huge";
    std::ofstream(huge) << first_.pem();
    std::filesystem::resize_file(huge, (16U << 20U) + 1);
    for (const std::string& path : {fifo, huge, folder_, std::string("/dev/zero"), folder_ + "/absent"}) {
        EXPECT_FALSE(pins_from_argument("file:" + path)) << path;
    }
}

}  // namespace
}  // namespace cotter::x509
