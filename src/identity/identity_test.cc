// Making and loading identities: what is made, what is refused, and that no error tells the key.
#include "identity/identity.h"

#include "files/testing/scratch_folder.h"
#include "x509/path.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <algorithm>

namespace cotter::identity {
namespace {

using files::testing::ScratchFolder;
using ::testing::HasSubstr;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

std::string text_of(const x509::BioPtr& memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string encrypted_pkcs8(EVP_PKEY* key) {
    const x509::BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(memory.get(), key, EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
    return text_of(memory);
}

/// SEC1 or PKCS#1; encrypted in the old way if there is a cipher.
std::string traditional(EVP_PKEY* key, const EVP_CIPHER* cipher) {
    const x509::BioPtr memory(BIO_new(BIO_s_mem()));
    const std::string passphrase = "secret";
    PEM_write_bio_PrivateKey_traditional(memory.get(), key, cipher, x509::octets(x509::as_bytes(passphrase)),
                                         cipher == nullptr ? 0 : 6, nullptr, nullptr);
    return text_of(memory);
}

std::string all_text(const Error& error) {
    return error.code + "|" + error.what + "|" + error.why + "|" + error.next;
}

class IdentityFiles : public ::testing::Test {
  protected:
    [[nodiscard]] Result<Identity> load(std::string_view key_text, mode_t mode = 0600) const {
        return load_identity(folder_.write("the.key", key_text, mode), folder_.write("the.crt", minted_.pem(), 0644));
    }
    ScratchFolder folder_;
    Minted minted_ = mint().leaf("db.example").make();
};

TEST(Identity, IsMadeOfEachKindOfKey) {
    struct Row {
        std::string_view word;
        std::string_view description;
    };
    for (const Row& row : {Row{"p256", "EC P-256"}, Row{"ed25519", "Ed25519"}, Row{"rsa3072", "RSA 3072"}}) {
        SCOPED_TRACE(row.word);
        const auto choice = key_choice_from(row.word);
        ASSERT_TRUE(choice);
        const auto identity = make_identity(*choice, kMintNow);
        ASSERT_TRUE(identity) << all_text(identity.error());
        const x509::Certificate& certificate = identity->certificate();
        EXPECT_EQ(certificate.public_key().description(), row.description);
        EXPECT_EQ(certificate.version(), 3);
        EXPECT_FALSE(certificate.is_ca());
        EXPECT_EQ(certificate.subject_text(), "CN=cotter");
        EXPECT_EQ(certificate.issuer_and_serial().serial.size(), 16U);
        EXPECT_EQ(certificate.not_before(), kMintNow - std::chrono::hours(24));
        EXPECT_EQ(certificate.not_after(), kMintNow + std::chrono::days(3652));
        EXPECT_FALSE(certificate.signature_weakness());
        EXPECT_EQ(identity->pin().to_string().substr(0, 7), "sha256/");
        EXPECT_TRUE(certificate.matches(identity->pin()));
    }
}

TEST(Identity, IsAnotherOneEachTime) {
    const auto one = make_identity(KeyChoice::kP256, kMintNow);
    const auto other = make_identity(KeyChoice::kP256, kMintNow);
    ASSERT_TRUE(one && other);
    EXPECT_NE(one->pin(), other->pin());
    EXPECT_NE(one->certificate().serial_text(), other->certificate().serial_text());
}

TEST(Identity, KnowsNoOtherWordsForKeys) {
    for (const std::string_view word : {"", "P256", "p-256", "rsa", "rsa1024", "dsa", "p256 "})
        EXPECT_FALSE(key_choice_from(word)) << word;
}

TEST_F(IdentityFiles, LoadEveryUnencryptedKindOfKey) {
    for (const MintKey kind : {MintKey::kP256, MintKey::kP384, MintKey::kEd25519, MintKey::kRsa2048}) {
        minted_ = mint().leaf("db.example").key(kind).make();
        const auto loaded = load(minted_.key_pem());
        ASSERT_TRUE(loaded) << all_text(loaded.error());
        EXPECT_EQ(loaded->certificate(), minted_.certificate());
        if (kind == MintKey::kEd25519) continue;  // it has no older form
        EXPECT_TRUE(load(traditional(minted_.key(), nullptr)));
    }
}

TEST_F(IdentityFiles, KeepTheChainInItsOrder) {
    const Minted root = mint().authority("root");
    const Minted middle = mint().authority("middle").signed_by(root);
    minted_ = mint().leaf("db.example").signed_by(middle);
    const auto key = folder_.write("the.key", minted_.key_pem());
    const auto chain = folder_.write("the.crt", minted_.pem() + middle.pem(), 0644);
    const auto loaded = load_identity(key, chain);
    ASSERT_TRUE(loaded) << all_text(loaded.error());
    ASSERT_EQ(loaded->chain().size(), 2U);
    EXPECT_EQ(loaded->chain()[1], middle.certificate());
}

TEST_F(IdentityFiles, A78_PassOverWhatStandsRoundTheKey) {
    std::string crlf;
    for (const char c : minted_.key_pem()) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const std::string bom = "\xef\xbb\xbf";
    for (const std::string& text : {"a note\n" + minted_.key_pem(), minted_.pem() + minted_.key_pem(),
                                    minted_.key_pem() + minted_.pem() + "the end\n", crlf, bom + "\n" + crlf}) {
        const auto loaded = load(text);
        EXPECT_TRUE(loaded) << all_text(loaded.error()) << "\n" << text;
    }
}

TEST_F(IdentityFiles, A78_RefuseWhatIsNotOneKey) {
    const Minted other = mint().leaf("other.example");
    struct Row {
        std::string text;
        std::string why;
    };
    const std::string key = minted_.key_pem();
    for (const Row& row : {Row{"", "holds no private key"}, Row{minted_.pem(), "holds no private key"},
                           Row{key.substr(0, key.size() / 2), "holds no private key"},
                           Row{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"},
                           Row{key + other.key_pem(), "more than one private key"},
                           Row{other.key_pem() + key, "more than one private key"}}) {
        const auto loaded = load(row.text);
        ASSERT_FALSE(loaded) << row.text;
        EXPECT_EQ(loaded.error().code, "identity_key");
        EXPECT_THAT(loaded.error().why, HasSubstr(row.why));
        EXPECT_FALSE(loaded.error().next.empty());
    }
}

TEST_F(IdentityFiles, A78_RefuseAnEncryptedKeyAndAskNobody) {
    for (const std::string& text : {encrypted_pkcs8(minted_.key()), traditional(minted_.key(), EVP_aes_256_cbc()),
                                    minted_.pem() + "\n" + encrypted_pkcs8(minted_.key())}) {
        const auto loaded = load(text);
        ASSERT_FALSE(loaded);
        EXPECT_EQ(loaded.error().why, "it is encrypted with a passphrase");
        EXPECT_THAT(loaded.error().next, HasSubstr("openssl pkey"));
    }
}

TEST_F(IdentityFiles, A157_NoErrorTellsTheKey) {
    const std::string key = minted_.key_pem();
    const std::string torn = key.substr(0, key.size() - 40);
    std::string spoilt = key;
    spoilt.insert(spoilt.find('\n') + 20, "*");
    const Minted other = mint().leaf("other.example");
    for (const std::string& text :
         {torn, spoilt, encrypted_pkcs8(minted_.key()), key + other.key_pem(), other.key_pem()}) {
        for (const mode_t mode : {mode_t{0600}, mode_t{0644}}) {
            const auto loaded = load(text, mode);
            ASSERT_FALSE(loaded);
            const std::string told = all_text(loaded.error());
            std::size_t begin = text.find('\n') + 1;
            for (; begin + 8 < text.size(); ++begin) {
                ASSERT_EQ(told.find(text.substr(begin, 8)), std::string::npos) << told;
                if (text[begin] == '-') break;
            }
        }
    }
}

TEST_F(IdentityFiles, A185_RefuseAKeyThatOthersCanReadOrWrite) {
    for (const mode_t mode : {mode_t{0644}, mode_t{0640}, mode_t{0604}, mode_t{0620}, mode_t{0610}, mode_t{0777}}) {
        const auto loaded = load(minted_.key_pem(), mode);
        ASSERT_FALSE(loaded) << std::oct << mode;
        EXPECT_EQ(loaded.error().code, "file_mode");
        EXPECT_EQ(loaded.error().next, "chmod 600 " + (folder_ / "the.key").string());
    }
    for (const mode_t mode : {mode_t{0600}, mode_t{0400}}) EXPECT_TRUE(load(minted_.key_pem(), mode));
}

TEST_F(IdentityFiles, A185_RefuseAKeyOfAnotherUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    const auto key = folder_.write("the.key", minted_.key_pem());
    constexpr uid_t kNobody = 65534;
    ASSERT_EQ(::chown(key.c_str(), kNobody, kNobody), 0);
    const auto loaded = load_identity(key, folder_.write("the.crt", minted_.pem()));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "file_owner");
}

TEST_F(IdentityFiles, AreFollowedThroughALinkThatAPersonNames) {
    const auto target = folder_.write("archive.key", minted_.key_pem());
    const auto chain = folder_.write("the.crt", minted_.pem());
    const auto link = folder_ / "live.key";
    std::filesystem::create_symlink(target, link);
    EXPECT_TRUE(load_identity(link, chain));
    const auto refused = load_identity(link, chain, KeyLink::kRefuse);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "file_link");

    ASSERT_EQ(::chmod(target.c_str(), 0644), 0);
    const auto lax = load_identity(link, chain);
    ASSERT_FALSE(lax);
    EXPECT_EQ(lax.error().code, "file_mode");
    EXPECT_EQ(lax.error().next, "chmod 600 " + target.string());
}

TEST_F(IdentityFiles, A186_RefuseAKeyAndACertificateThatDontBelongTogether) {
    const Minted other = mint().leaf("db.example");
    const auto loaded = load(other.key_pem());
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "identity_mismatch");
    EXPECT_THAT(loaded.error().what, HasSubstr("the.key"));
    EXPECT_THAT(loaded.error().what, HasSubstr("the.crt"));
    // The right certificate counts only in the first place.
    const auto chain = folder_.write("two.crt", other.pem() + minted_.pem());
    EXPECT_FALSE(load_identity(folder_.write("the.key", minted_.key_pem()), chain));
}

TEST_F(IdentityFiles, RefuseAWeakKey) {
    minted_ = mint().leaf("db.example").key(MintKey::kRsa1024).make();
    const auto loaded = load(minted_.key_pem());
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "identity_weak");
}

TEST_F(IdentityFiles, RefuseWhatIsNotThere) {
    EXPECT_FALSE(load_identity(folder_ / "none.key", folder_.write("the.crt", minted_.pem())));
    EXPECT_FALSE(load_identity(folder_.write("the.key", minted_.key_pem()), folder_ / "none.crt"));
    EXPECT_FALSE(load_identity(folder_.path(), folder_ / "the.crt"));
    EXPECT_FALSE(Identity::from(nullptr, {minted_.certificate()}));
    EXPECT_FALSE(Identity::from(minted_.shared_key(), {}));
}

TEST_F(IdentityFiles, GetANewCertificateForTheSameKey) {
    const auto key = folder_.write("the.key", minted_.key_pem());
    const auto certified = certify_key(key, kMintNow);
    ASSERT_TRUE(certified) << all_text(certified.error());
    EXPECT_EQ(certified->pin(), *minted_.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256));
    EXPECT_EQ(certified->certificate().subject_text(), "CN=cotter");
}

}  // namespace
}  // namespace cotter::identity
