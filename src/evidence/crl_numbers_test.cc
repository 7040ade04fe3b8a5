// What is remembered of CRLs on disk: only ever newer ones, and nothing of a file that can't be trusted.
#include "evidence/crl_numbers.h"

#include "files/testing/scratch_folder.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace cotter::evidence {
namespace {

using files::testing::content_of;
using files::testing::mode_of;
using files::testing::ScratchFolder;
using ::testing::HasSubstr;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::mint_crl;
using x509::testing::Minted;

constexpr std::chrono::hours kDay{24};

class CrlNumbersTest : public ::testing::Test {
  protected:
    [[nodiscard]] x509::CertificateRevocationList crl(long number, std::chrono::hours age = kDay) const {
        return mint_crl(issuer_, {}, kMintNow - age, kMintNow + kDay, number);
    }
    [[nodiscard]] auto note(const std::vector<x509::CertificateRevocationList>& crls) const {
        return numbers_.note(crls, {issuer_.certificate()}, x509::TrustAnchors({root_.certificate()}), kMintNow);
    }
    /// The number that is remembered of the one issuer.
    [[nodiscard]] std::string remembered() const {
        const auto memory = numbers_.read();
        return memory && memory->size() == 1 ? memory->begin()->second.number.value_or("none") : "?";
    }

    ScratchFolder folder_;
    std::filesystem::path file_ = folder_ / "crl_numbers";
    CrlNumbers numbers_{file_};
    Minted root_ = mint().authority("root");
    Minted issuer_ = mint().authority("issuer").signed_by(root_);
};

TEST_F(CrlNumbersTest, RememberNothingAtFirstAndMakeNoFileForNothing) {
    ASSERT_TRUE(numbers_.read());
    EXPECT_TRUE(numbers_.read()->empty());
    ASSERT_TRUE(note({}));
    ASSERT_TRUE(note({mint_crl(mint().authority("stranger"), {})}));
    EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(CrlNumbersTest, A112_OnlyEverGoUp) {
    ASSERT_TRUE(note({crl(4, 3 * kDay)}));
    EXPECT_EQ(remembered(), "4");
    ASSERT_TRUE(note({crl(255, 2 * kDay)}));
    EXPECT_EQ(remembered(), "ff");
    ASSERT_TRUE(note({crl(4, 3 * kDay)}));
    EXPECT_EQ(remembered(), "ff");
    ASSERT_TRUE(note({crl(256, kDay), crl(255, 2 * kDay)}));
    EXPECT_EQ(remembered(), "100");
    ASSERT_TRUE(note({crl(300, 2 * kDay)})) << "a higher number of an earlier day is no successor";
    EXPECT_EQ(remembered(), "100");
    EXPECT_EQ(mode_of(file_), 0600U);
}

TEST_F(CrlNumbersTest, GiveWhatWasSeenWithWhatIsSeenNow) {
    const auto memory = note({crl(4), mint_crl(root_, {})});
    ASSERT_TRUE(memory);
    EXPECT_EQ((*memory)->size(), 2U);
    EXPECT_EQ(**memory, *numbers_.read()) << "the file reads as it was written";
}

TEST_F(CrlNumbersTest, A112_AreLostToNobodyWhoWritesAtTheSameTime) {
    std::vector<Minted> issuers;
    for (int i = 0; i < 8; ++i) issuers.push_back(mint().authority("ca " + std::to_string(i)));
    {
        std::vector<std::jthread> threads;
        for (const Minted& one : issuers) {
            threads.emplace_back([&] {
                EXPECT_TRUE(numbers_.note({mint_crl(one, {})}, {one.certificate()}, x509::TrustAnchors(), kMintNow));
            });
        }
    }
    EXPECT_EQ(numbers_.read()->size(), issuers.size());
}

TEST_F(CrlNumbersTest, A112_CountForNothingWhereTheFileCantBeTrusted) {
    ASSERT_TRUE(note({crl(4)}));
    const std::string sound = content_of(file_);
    const std::string line = sound.substr(sound.find('\n') + 1);
    struct Row {
        const char* why;
        std::string content;
        mode_t mode = 0600;
    };
    const std::vector<Row> rows{
        {"torn", sound.substr(0, sound.size() - 1)},
        {"cut short", sound.substr(0, sound.size() - 10) + "\n"},
        {"a word more", sound.substr(0, sound.size() - 1) + " x\n"},
        {"a word", sound + "what\n"},
        {"twice the same issuer", sound + line},
        {"upper case", sound + std::string(64, 'A') + line.substr(64)},
        {"no number", sound + std::string(64, 'a') + line.substr(64, 3) + "-1" + line.substr(68)},
        {"readable to others", sound, 0644},
    };
    for (const Row& row : rows) {
        folder_.write("crl_numbers", row.content, row.mode);
        EXPECT_FALSE(numbers_.read()) << row.why;
        EXPECT_FALSE(note({crl(5)})) << row.why;
        EXPECT_EQ(content_of(file_), row.content) << row.why << ": it is left as it is";
    }
    folder_.write("crl_numbers", "# a comment\n\n" + line);
    EXPECT_EQ(remembered(), "4");
}

}  // namespace
}  // namespace cotter::evidence
