// What a client is given: whole, private, and nothing of it left where its certificate was never recorded.
#include "authority/handover.h"

#include "files/testing/scratch_folder.h"
#include "x509/pem.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::authority {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using x509::testing::kMintNow;

constexpr std::chrono::days kYear{365};

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    return names;
}

class HandoverTest : public ::testing::Test {
  protected:
    Result<Handover> begin(const std::optional<std::filesystem::path>& copy = std::nullopt) {
        return Handover::begin(name_, key_, out_, copy);
    }

    registry::ClientName name_ = *registry::ClientName::parse("alice");
    Authority root_ = *Authority::make_root(identity::KeyChoice::kP256, "Example", Authority::Depth::kWithIntermediate,
                                            kMintNow, kYear);
    Authority below_ = *root_.make_intermediate(identity::KeyChoice::kP256, kMintNow, kYear);
    std::shared_ptr<EVP_PKEY> key_ = *identity::make_key(identity::KeyChoice::kP256);
    x509::PublicKey half_ = *x509::public_key_of(key_.get());
    std::vector<x509::Certificate> chain_{*below_.certify(name_, half_, kMintNow, kYear), below_.certificate(),
                                          root_.certificate()};
    x509::Passphrase passphrase_{x509::as_bytes(std::string_view("correct horse"))};
    ScratchFolder scratch_;
    std::filesystem::path out_ = scratch_ / "out";
    std::filesystem::path copy_ = scratch_ / "issued" / "alice";
};

TEST_F(HandoverTest, GivesAKeyAChainTheRootAndAllOfThemInOne) {
    auto handover = begin();
    ASSERT_TRUE(handover) << handover.error().why;
    handover->keep();
    const auto files = handover->finish(chain_, passphrase_);
    ASSERT_TRUE(files) << files.error().why;
    EXPECT_THAT(names_in(out_), UnorderedElementsAre("alice.key", "alice.crt", "ca.crt", "alice.p12"));
    EXPECT_EQ(mode_of(out_), 0700U);
    EXPECT_EQ(mode_of(*files->key), 0600U);
    EXPECT_EQ(mode_of(*files->pkcs12), 0600U);
    const auto shown = x509::read_certificates(files->certificate);
    ASSERT_TRUE(shown);
    EXPECT_EQ(*shown, (std::vector<x509::Certificate>{chain_[0], chain_[1]})) << "without the root";
    EXPECT_EQ(x509::read_certificates(files->authority)->front(), root_.certificate());
    EXPECT_TRUE(identity::load_identity(*files->key, files->certificate));
}

TEST_F(HandoverTest, WhatIsNotRecordedLeavesNoKey) {
    {
        const auto handover = begin(copy_);
        ASSERT_TRUE(handover) << handover.error().why;
        EXPECT_THAT(names_in(out_), UnorderedElementsAre("alice.key"));
        EXPECT_THAT(names_in(copy_), UnorderedElementsAre("alice.key"));
    }
    EXPECT_THAT(names_in(out_), IsEmpty());
    EXPECT_THAT(names_in(copy_), IsEmpty());
}

TEST_F(HandoverTest, KeepsACopyOnlyWhereItIsAskedTo) {
    begin()->keep();
    EXPECT_FALSE(std::filesystem::exists(copy_));
    EXPECT_EQ(*copy_of_key(copy_, name_), nullptr);
    std::filesystem::remove_all(out_);
    begin(copy_)->keep();
    const auto copy = copy_of_key(copy_, name_);
    ASSERT_TRUE(copy && *copy);
    EXPECT_EQ(EVP_PKEY_eq(copy->get(), key_.get()), 1);
    EXPECT_EQ(mode_of(copy_), 0700U);
    EXPECT_EQ(mode_of(copy_ / "alice.key"), 0600U);
    ASSERT_TRUE(forget_copy(copy_, name_));
    EXPECT_EQ(*copy_of_key(copy_, name_), nullptr);
    EXPECT_TRUE(forget_copy(copy_, name_)) << "twice is once";
}

TEST_F(HandoverTest, AForgottenKeyIsOverwrittenBeforeItGoes) {
    begin(copy_)->keep();
    const auto other_name = scratch_ / "other name";
    std::filesystem::create_hard_link(copy_ / "alice.key", other_name);
    const std::string before = content_of(other_name);
    ASSERT_TRUE(forget_copy(copy_, name_));
    EXPECT_EQ(content_of(other_name), std::string(before.size(), '\0'));
}

TEST_F(HandoverTest, NothingThatIsThereIsReplaced) {
    std::filesystem::create_directory(out_);
    for (const std::string_view taken : {"out/alice.key", "out/alice.crt", "out/alice.p12"}) {
        scratch_.write(taken, "mine");
        const auto refused = begin(copy_);
        ASSERT_FALSE(refused) << taken;
        EXPECT_EQ(refused.error().code, "file_exists");
        EXPECT_EQ(content_of(scratch_ / taken), "mine");
        std::filesystem::remove(scratch_ / taken);
        EXPECT_THAT(names_in(out_), IsEmpty());
    }
    begin(copy_)->keep();
    std::filesystem::remove(out_ / "alice.key");
    EXPECT_EQ(begin(copy_).error().code, "file_exists") << "the copy of the first key";
    EXPECT_THAT(names_in(out_), IsEmpty());
}

TEST_F(HandoverTest, AnotherAuthoritysCertificateIsNotReplaced) {
    std::filesystem::create_directory(out_);
    scratch_.write("out/ca.crt", "mine");
    auto handover = begin();
    ASSERT_TRUE(handover);
    handover->keep();
    EXPECT_EQ(handover->finish(chain_, passphrase_).error().code, "file_exists");
    EXPECT_EQ(content_of(out_ / "ca.crt"), "mine");
}

TEST_F(HandoverTest, ARenewedCertificateTakesThePlaceOfTheFirst) {
    begin()->keep();
    const auto first = hand_over_again(name_, key_, chain_, out_, &passphrase_);
    ASSERT_TRUE(first) << first.error().why;
    chain_[0] = *below_.certify(name_, half_, kMintNow, kYear);
    const auto second = hand_over_again(name_, nullptr, chain_, out_, nullptr);
    ASSERT_TRUE(second) << second.error().why;
    EXPECT_FALSE(second->key);
    EXPECT_FALSE(second->pkcs12);
    EXPECT_EQ(x509::read_certificates(second->certificate)->front(), chain_[0]);
    EXPECT_TRUE(identity::load_identity(out_ / "alice.key", second->certificate));
}

TEST_F(HandoverTest, ARenewedCertificateIsNotPutBesideAnotherKey) {
    begin()->keep();
    const auto other = *identity::make_key(identity::KeyChoice::kP256);
    const std::string before = content_of(out_ / "alice.key");
    EXPECT_EQ(hand_over_again(name_, other, chain_, out_, nullptr).error().code, "file_exists");
    EXPECT_EQ(content_of(out_ / "alice.key"), before);
    EXPECT_THAT(names_in(out_), UnorderedElementsAre("alice.key"));
}

}  // namespace
}  // namespace cotter::authority
