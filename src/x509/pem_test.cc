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
        {"a first block without its beginning", good.substr(40) + good},
        {"base64 that is not canonical", replaced(good, "\n-----END", "=\n-----END")},
        {"a header", replaced(good, "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nName: value\n\n")},
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

TEST_F(Pem, A75_TakesTheKeyOfARequestAsItStandsThere) {
    const Minted compressed = mint().key(testing::MintKey::kP256Compressed);
    const auto objects = pinnable_from(as_bytes(request_pem(compressed.key(), compressed.key())), "test.csr");
    ASSERT_TRUE(objects) << objects.error().why;
    EXPECT_EQ(std::get<PublicKey>(objects->front()), compressed.certificate().public_key());
}

TEST_F(Pem, TellsDerObjectsByTheirShape) {
    const PublicKey expected = first_.certificate().public_key();
    const auto der_of = [](auto write, auto* object) {
        unsigned char* out = nullptr;
        const int size = write(object, &out);
        const Bytes bytes = as_bytes(out, static_cast<std::size_t>(size));
        ByteVector der(bytes.begin(), bytes.end());
        OPENSSL_free(out);
        return der;
    };
    const Minted rsa = mint().key(testing::MintKey::kRsa2048);
    const struct {
        const char* what;
        ByteVector der;
        PublicKey key;
    } kCases[] = {
        {"request", der_of(i2d_X509_REQ, request_of(first_.key(), first_.key()).get()), expected},
        {"EC private key", der_of(i2d_PrivateKey, first_.key()), expected},
        {"RSA private key", der_of(i2d_PrivateKey, rsa.key()), rsa.certificate().public_key()},
        {"RSA public key", der_of(i2d_PublicKey, rsa.key()), rsa.certificate().public_key()},
    };
    for (const auto& one : kCases) {
        const auto objects = pinnable_from(one.der, "test.der");
        ASSERT_TRUE(objects) << one.what << ": " << objects.error().why;
        EXPECT_EQ(std::get<PublicKey>(objects->front()), one.key) << one.what;
        ByteVector trailing = one.der;
        trailing.push_back(std::byte{0});
        EXPECT_FALSE(pinnable_from(trailing, "test.der")) << one.what;
    }
    const Minted authority = mint().authority("ca");
    const auto crl = testing::mint_crl(authority, {});
    EXPECT_EQ(crls_from(crl.der(), "test.crl")->size(), 1U);
    EXPECT_FALSE(certificates_from(crl.der(), "test.crl"));
    EXPECT_FALSE(pinnable_from(crl.der(), "test.crl"));
    EXPECT_FALSE(crls_from(first_.der(), "test.der"));
}

TEST_F(Pem, A78_AsksNobodyForThePassphraseOfADerKeyEither) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    i2d_PKCS8PrivateKey_bio(memory.get(), first_.key(), EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr);
    const auto objects = pinnable_from(as_bytes(written(memory)), "test.key");
    ASSERT_FALSE(objects);
    EXPECT_EQ(objects.error().why, "the private key is encrypted");
}

TEST_F(Pem, TellsTheLineOfTheFault) {
    const auto fault = certificates_from(as_bytes("one\ntwo\n" + first_.pem().substr(0, 100)), "a\nb.pem");
    ASSERT_FALSE(fault);
    ASSERT_TRUE(fault.error().place);
    EXPECT_EQ(fault.error().place->line, std::optional<std::size_t>(3));
    EXPECT_EQ(fault.error().why, "line 3: the block CERTIFICATE has no end");
    EXPECT_EQ(fault.error().what.find('\n'), std::string::npos);
    EXPECT_EQ(fault.error().place->source.find('\n'), std::string::npos);
}

TEST_F(Pem, A78_ReadsAFileOfBlocksInTimeThatGrowsWithItsSizeAlone) {
    // 16 MiB of tiny blocks; looked at once for each block it would take minutes.
    const std::string tiny = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
    std::string many;
    while (many.size() + tiny.size() <= (16U << 20U)) many += tiny;
    const auto refused = certificates_from(as_bytes(many), "test.pem");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().place->line, std::optional<std::size_t>(1));
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

TEST_F(PinFile, A57_CountsInAListWhollyOrNotAtAll) {
    const Pin of_key = *first_.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    const Pin other = *second_.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    const std::string path = file(first_.pem());
    EXPECT_EQ(*pins_from_argument(other.to_string() + ";file:" + path), (std::vector{other, of_key}));
    EXPECT_EQ(*pins_from_argument("file:" + path + ";" + other.to_string()), (std::vector{of_key, other}));
    EXPECT_FALSE(pins_from_argument("file:" + path + ";"));
    EXPECT_FALSE(pins_from_argument(";file:" + path));
    EXPECT_FALSE(pins_from_argument("file:" + path + ";file:" + folder_ + "/absent"));
    const auto bad = pins_from_argument("file:" + path + ";sha256/!");
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().place->offset, std::optional(("file:" + path + ";sha256/").size()));
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
