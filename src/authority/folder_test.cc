// The authority's folder: private, never overwritten, and of use only to who has the passphrase.
#include "authority/folder.h"

#include "authority/key_file.h"
#include "files/testing/scratch_folder.h"
#include "x509/openssl.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace cotter::authority {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using identity::KeyChoice;
using ::testing::HasSubstr;
using x509::testing::kMintNow;

constexpr std::chrono::days kYear{365};

Folder::Ask says(std::string_view words) {
    return [text = std::string(words)](const std::string&) -> x509::AskPassphrase {
        return [text]() -> Result<x509::Passphrase> { return x509::Passphrase(x509::as_bytes(text)); };
    };
}
Folder::Ask never() {
    return [](const std::string& file) { return never_ask(file); };
}

class FolderTest : public ::testing::Test {
  protected:
    Authority root_ =
        *Authority::make_root(KeyChoice::kP256, "Example", Authority::Depth::kWithIntermediate, kMintNow, kYear);
    Authority intermediate_ = *root_.make_intermediate(KeyChoice::kP256, kMintNow, kYear);
    ScratchFolder scratch_;
    Folder folder_{scratch_.path()};
    files::Lock lock_ = *folder_.lock();
    x509::Passphrase passphrase_{x509::as_bytes(std::string_view("correct horse"))};
};

TEST_F(FolderTest, A213_KeepsKeysPrivateAndApart) {
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    ASSERT_TRUE(folder_.save_intermediate(intermediate_, nullptr));
    EXPECT_EQ(folder_.path(), scratch_.path() / "ca");
    EXPECT_EQ(mode_of(folder_.path()), 0700U);
    EXPECT_EQ(mode_of(folder_.root_key_file()), 0600U);
    EXPECT_EQ(mode_of(folder_.intermediate_key_file()), 0600U);
    EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "identity.key"));
}

TEST_F(FolderTest, WhoeverIsNearestToClientsCertifiesThem) {
    EXPECT_EQ(folder_.open(never()).error().code, "no_authority");
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    EXPECT_EQ(folder_.open(never())->certificate(), root_.certificate());
    ASSERT_TRUE(folder_.save_intermediate(intermediate_, nullptr));
    const auto opened = folder_.open(never());
    ASSERT_TRUE(opened) << opened.error().why;
    EXPECT_EQ(opened->chain(), intermediate_.chain());
}

TEST_F(FolderTest, NeverReplacesAKey) {
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    ASSERT_TRUE(folder_.save_intermediate(intermediate_, nullptr));
    const std::string root = content_of(folder_.root_key_file());
    const std::string below = content_of(folder_.intermediate_key_file());
    EXPECT_EQ(folder_.save_root(root_, nullptr).error().code, "file_exists");
    EXPECT_EQ(folder_.save_intermediate(intermediate_, nullptr).error().code, "file_exists");
    EXPECT_EQ(content_of(folder_.root_key_file()), root);
    EXPECT_EQ(content_of(folder_.intermediate_key_file()), below);
}

TEST_F(FolderTest, AnEncryptedKeyOpensByItsPassphraseAlone) {
    ASSERT_TRUE(folder_.save_root(root_, &passphrase_));
    EXPECT_THAT(content_of(folder_.root_key_file()), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
    EXPECT_TRUE(folder_.open(says("correct horse")));
    EXPECT_EQ(folder_.open(says("wrong horse")).error().code, "wrong_passphrase");
    EXPECT_EQ(folder_.open(never()).error().code, "key_encrypted");
}

TEST_F(FolderTest, AKeyThatWasMovedAwayIsSaidToBe) {
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    ASSERT_TRUE(folder_.save_intermediate(intermediate_, nullptr));
    const auto elsewhere = scratch_.path() / "far away.key";
    std::filesystem::rename(folder_.root_key_file(), elsewhere);
    EXPECT_TRUE(folder_.open(never())) << "clients are certified all the same";
    EXPECT_EQ(folder_.open_root(std::nullopt, never()).error().code, "no_root_key");
    EXPECT_TRUE(folder_.open_root(elsewhere, never()));
    EXPECT_EQ(folder_.open_root(folder_.intermediate_key_file(), never()).error().code, "identity_mismatch");
}

TEST_F(FolderTest, A185_AKeyThatOthersCanReadIsRefused) {
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    std::filesystem::permissions(folder_.root_key_file(), std::filesystem::perms(0640));
    EXPECT_EQ(folder_.open(never()).error().code, "file_mode");
}

TEST_F(FolderTest, A129_AFolderThatOthersCanLookIntoIsRefused) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0750));
    EXPECT_EQ(folder_.lock().error().code, "folder");
}

TEST_F(FolderTest, A157_NoPartOfAKeyIsInAnError) {
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    std::string key = content_of(folder_.root_key_file());
    const std::string secret = key.substr(key.find('\n') + 1, 40);
    std::ofstream(folder_.root_key_file(), std::ios::app) << key;  // a second one
    const auto opened = folder_.open(never());
    ASSERT_FALSE(opened);
    for (const std::string& part : {opened.error().what, opened.error().why, opened.error().next})
        EXPECT_EQ(part.find(secret), std::string::npos);
}

TEST_F(FolderTest, TheIntermediatesCertificateIsReplacedWhole) {
    ASSERT_TRUE(folder_.save_root(root_, nullptr));
    ASSERT_TRUE(folder_.save_intermediate(intermediate_, nullptr));
    const auto again = root_.certify_again(intermediate_.certificate(), kMintNow + kYear / 2, kYear);
    ASSERT_TRUE(again);
    ASSERT_TRUE(folder_.replace_intermediate_certificate(*again));
    const auto opened = folder_.open(never());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->certificate(), *again);
}

}  // namespace
}  // namespace cotter::authority
