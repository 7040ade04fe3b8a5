// Files of proofs, written and read, and what they show together.
#include "audit/examination.h"

#include "x509/openssl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25}};
constexpr const char* kOrigin = "cotter-audit/0011";

x509::EvpKeyPtr fresh_key() {
    return x509::EvpKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

/// A log in memory. Two with the same `who` are the same.
class Log {
  public:
    Log(std::uint64_t size, const std::string& who) {
        for (std::uint64_t i = 0; i < size; ++i) {
            entries_.push_back(recorded({.client = "c" + std::to_string(i)}, i, i < 3 ? "root@db1" : who, kNow));
            leaves_.push_back(leaf_hash(entries_.back()));
        }
    }

    [[nodiscard]] Subtrees subtrees() const {
        return [this](unsigned level, std::uint64_t position) -> Result<Hash> {
            Frontier frontier;
            for (std::uint64_t i = 0; i < std::uint64_t{1} << level; ++i)
                frontier.append(leaves_.at((position << level) + i));
            return frontier.root();
        };
    }
    [[nodiscard]] SignedCheckpoint head(EVP_PKEY* key, std::uint64_t size) const {
        return sign({kOrigin, size, root_of(size, subtrees()).value()}, key).value();
    }
    [[nodiscard]] InclusionProof inclusion(EVP_PKEY* key, std::uint64_t index, std::uint64_t size) const {
        return {canonical_text(entries_.at(index)), index, prove_inclusion(index, size, subtrees()).value(),
                head(key, size)};
    }
    [[nodiscard]] ConsistencyProof consistency(EVP_PKEY* key, std::uint64_t old_size, std::uint64_t size) const {
        return {old_size, prove_consistency(old_size, size, subtrees()).value(), head(key, size)};
    }
    [[nodiscard]] SeenHead seen(EVP_PKEY* key, std::uint64_t size) const {
        return {frontier_of(size, subtrees()).value(), head(key, size)};
    }

  private:
    std::vector<Entry> entries_;
    std::vector<Hash> leaves_;
};

class Examination : public ::testing::Test {
  protected:
    /// As the files would be read: from their text.
    template <class... Files>
    [[nodiscard]] std::vector<Finding> examined(const Files&... files) const {
        std::vector<ExaminedFile> all;
        (all.push_back({"file" + std::to_string(all.size()), parse_proof_file(text_of(files)).value()}), ...);
        return examine(all, {{}, {ed25519_public_key(key.get()).value()}});
    }
    template <class... Files>
    [[nodiscard]] std::vector<std::string> codes(const Files&... files) const {
        std::vector<std::string> codes;
        for (const Finding& finding : examined(files...)) {
            constexpr std::array kMarks = {"+", "!", "?"};
            codes.push_back(kMarks.at(static_cast<std::size_t>(finding.kind)) + finding.code);
        }
        return codes;
    }

    x509::EvpKeyPtr key = fresh_key();
    Log log{20, "root@db1"};
    Log rewritten{20, "mallory@db1"};  // from the fourth entry on

  private:
    static std::string text_of(const SignedCheckpoint& checkpoint) { return checkpoint.text; }
    template <class Proof>
    static std::string text_of(const Proof& proof) {
        return proof.text();
    }
};

TEST_F(Examination, ShowsWhatHolds) {
    EXPECT_THAT(codes(log.head(key.get(), 20)), ElementsAre("+signature"));
    EXPECT_THAT(codes(log.inclusion(key.get(), 4, 20)), ElementsAre("+signature", "+entry_included"));
    EXPECT_THAT(codes(log.head(key.get(), 7), log.consistency(key.get(), 7, 20)),
                ElementsAre("+signature", "+signature", "+consistent"));
    EXPECT_THAT(codes(log.consistency(key.get(), 7, 20), log.head(key.get(), 7)),
                ElementsAre("+signature", "+signature", "+consistent"));
    EXPECT_THAT(codes(log.seen(key.get(), 13)), ElementsAre("+signature"));
    EXPECT_THAT(examined(log.inclusion(key.get(), 4, 20)).back().message, HasSubstr(R"("client":"c4")"));
}

TEST_F(Examination, RefutesAHeadOfAnotherKey) {
    const auto other = fresh_key();
    EXPECT_THAT(codes(log.head(other.get(), 20)), ElementsAre("!signature"));
    EXPECT_THAT(codes(log.inclusion(other.get(), 4, 20)), ElementsAre("!signature"));
}

TEST_F(Examination, AKeyGivenWithANameCountsForThatLogAlone) {
    const auto head = log.head(key.get(), 20);
    const auto public_key = ed25519_public_key(key.get()).value();
    const std::vector<ExaminedFile> files{{"file", head}};
    EXPECT_EQ(examine(files, {{Verifier::from(kOrigin, public_key)}, {}}).front().kind, Finding::Kind::kShown);
    EXPECT_EQ(examine(files, {{Verifier::from("another", public_key)}, {}}).front().kind, Finding::Kind::kRefuted);
    EXPECT_EQ(examine(files, {}).front().kind, Finding::Kind::kRefuted);
}

TEST_F(Examination, RefutesAnEntryThatIsNotThere) {
    auto proof = log.inclusion(key.get(), 4, 20);
    proof.entry = log.inclusion(key.get(), 5, 20).entry;
    EXPECT_THAT(codes(proof), ElementsAre("+signature", "!entry_not_included"));
    proof = log.inclusion(key.get(), 4, 20);
    proof.index = 5;
    EXPECT_THAT(codes(proof), ElementsAre("+signature", "!entry_not_included"));
    proof = log.inclusion(key.get(), 4, 20);
    proof.checkpoint = rewritten.head(key.get(), 20);
    EXPECT_THAT(codes(proof), ElementsAre("+signature", "!entry_not_included"));
    proof.entry += " ";
    EXPECT_THAT(codes(proof), ElementsAre("+signature", "!entry_malformed"));
}

TEST_F(Examination, RefutesAHistoryThatIsAnother) {
    EXPECT_THAT(codes(log.head(key.get(), 7), rewritten.consistency(key.get(), 7, 20)),
                ElementsAre("+signature", "+signature", "!not_consistent", "?consistency_unproven"));
    EXPECT_THAT(codes(log.head(key.get(), 20), rewritten.head(key.get(), 20)),
                ElementsAre("+signature", "+signature", "!split_view"));
    // Where both logs are the same, nothing is to be refuted.
    EXPECT_THAT(codes(log.head(key.get(), 3), rewritten.consistency(key.get(), 3, 20)),
                ElementsAre("+signature", "+signature", "+consistent"));
}

TEST_F(Examination, SaysWhichFileIsMissing) {
    EXPECT_THAT(codes(log.consistency(key.get(), 7, 20)), ElementsAre("+signature", "?older_checkpoint_missing"));
    EXPECT_THAT(codes(log.head(key.get(), 7), log.head(key.get(), 20)),
                ElementsAre("+signature", "+signature", "?consistency_unproven"));
}

TEST_F(Examination, TwoThatGrewOutOfAThirdAreNotShownToAgree) {
    EXPECT_THAT(
        codes(log.head(key.get(), 5), log.consistency(key.get(), 5, 20), log.consistency(key.get(), 5, 10)),
        ElementsAre("+signature", "+signature", "+signature", "+consistent", "+consistent", "?consistency_unproven"));
    EXPECT_THAT(codes(log.head(key.get(), 5), log.head(key.get(), 10), log.consistency(key.get(), 5, 20),
                      log.consistency(key.get(), 10, 20)),
                ElementsAre("+signature", "+signature", "+signature", "+signature", "+consistent", "+consistent"));
    EXPECT_THAT(codes(log.head(key.get(), 5), log.consistency(key.get(), 5, 10), log.consistency(key.get(), 10, 20)),
                ElementsAre("+signature", "+signature", "+signature", "+consistent", "+consistent"));
}

TEST_F(Examination, ReadsEveryFileAsItWasWritten) {
    const auto inclusion = log.inclusion(key.get(), 4, 20);
    EXPECT_EQ(std::get<InclusionProof>(parse_proof_file(inclusion.text()).value()).text(), inclusion.text());
    const auto consistency = log.consistency(key.get(), 7, 20);
    EXPECT_EQ(std::get<ConsistencyProof>(parse_proof_file(consistency.text()).value()).text(), consistency.text());
    const auto seen = log.seen(key.get(), 13);
    EXPECT_EQ(std::get<SeenHead>(parse_proof_file(seen.text()).value()).text(), seen.text());
}

TEST_F(Examination, RefusesFilesThatAreDamaged) {
    const std::string inclusion = log.inclusion(key.get(), 4, 20).text();
    const std::string seen = log.seen(key.get(), 13).text();
    const auto with = [](std::string text, std::string_view from, std::string_view to) {
        return text.replace(text.find(from), from.size(), to);
    };
    for (const std::string& wrong :
         {std::string(), std::string("c2sp.org/tlog-proof@v1\n"), with(inclusion, "extra ", "more "),
          with(inclusion, "extra ", "extra !"), with(inclusion, "index 4", "index 04"),
          with(inclusion, "index 4", "index"), with(inclusion, "\n\n", "\nAAAA\n\n"), with(inclusion, "\n\n", "\n"),
          inclusion.substr(0, inclusion.find("\n\n")), std::string("old 5\n"), std::string("old x\n\n") + seen,
          with(seen, "\n13\n", "\n12\n"), with(seen, "cotter-audit-seen 1\n", "cotter-audit-seen 1\n\n")}) {
        EXPECT_FALSE(parse_proof_file(wrong)) << wrong;
    }
    std::string endless = "old 5\n";
    for (int i = 0; i < 200; ++i) endless += "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    EXPECT_FALSE(parse_proof_file(endless + "\n" + log.head(key.get(), 5).text));
}

}  // namespace
}  // namespace cotter::audit
