#include "observatory/notary_message.h"

#include "audit/note.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::observatory {
namespace {

using std::chrono::minutes;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

Pin pin_of_leaf(const Minted& minted) {
    return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

class NotaryMessage : public ::testing::Test {
  protected:
    Minted notary_ = mint().leaf("notary.example").key(MintKey::kEd25519).make();
    Minted other_ = mint().leaf("other.example").key(MintKey::kEd25519).make();
    NotaryQuestion question_ = *NotaryQuestion::about(*Target::parse("db.example:5432 postgres"));
    NotaryAnswer answer_{.nonce = question_.nonce,
                         .at = kMintNow,
                         .server = "db.example:5432 postgres",
                         .keys = {{pin_of_leaf(other_), true, kMintNow - minutes(90), kMintNow},
                                  {pin_of_leaf(notary_), false, kMintNow - minutes(900), kMintNow - minutes(90)}},
                         .failure = {}};

    /// Why the note is no answer; empty: it is.
    [[nodiscard]] std::string fault(const std::string& note) const {
        const auto opened = open_answer(note, pin_of_leaf(notary_), question_, kMintNow);
        return opened ? "" : opened.error().why;
    }
    [[nodiscard]] std::string signed_by(const Minted& who, const NotaryAnswer& answer) const {
        return *sign(answer, who.key());
    }
};

TEST_F(NotaryMessage, IsReadAsItWasWritten) {
    const auto opened = open_answer(signed_by(notary_, answer_), pin_of_leaf(notary_), question_, kMintNow);
    ASSERT_TRUE(opened) << opened.error().why;
    EXPECT_EQ(*opened, answer_);
    answer_.keys.clear();
    answer_.failure = "cannot_connect: refused";
    EXPECT_EQ(*open_answer(signed_by(notary_, answer_), pin_of_leaf(notary_), question_, kMintNow), answer_);
    const auto again = NotaryQuestion::parse(question_.to_string());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->nonce, question_.nonce);
    EXPECT_EQ(again->target, question_.target);
}

TEST_F(NotaryMessage, A233_CountsOnlySignedByTheNotaryForThisQuestionAndNow) {
    EXPECT_EQ(fault(signed_by(notary_, answer_)), "");
    EXPECT_EQ(fault(signed_by(other_, answer_)), "it is signed by another key than the notary's");

    NotaryAnswer changed = answer_;
    changed.nonce = NotaryQuestion::about(question_.target)->nonce;
    EXPECT_EQ(fault(signed_by(notary_, changed)), "it answers another question: the nonce differs");
    changed = answer_;
    changed.server = "db.example:5432";
    EXPECT_EQ(fault(signed_by(notary_, changed)), "it is about another server");
    for (const auto off : {minutes(6), minutes(-6)}) {
        changed = answer_;
        changed.at = kMintNow + off;
        EXPECT_NE(fault(signed_by(notary_, changed)), "") << off.count();
    }

    std::string note = signed_by(notary_, answer_);
    const auto at = note.find("2026-");
    note[at + 3] = '5';
    EXPECT_EQ(fault(note), "its signature is wrong");
    // Another key's name over the notary's signature, and the notary's name over another's.
    std::string foreign = signed_by(other_, answer_);
    const std::string ours = signed_by(notary_, answer_);
    const auto line_of = [](const std::string& text) { return text.substr(text.find("notary "), 51); };
    foreign.replace(foreign.find("notary "), 51, line_of(ours));
    EXPECT_EQ(fault(foreign), "its signature is wrong");
}

TEST_F(NotaryMessage, WhatIsSignedAndMakesNoSenseIsNoAnswer) {
    const auto note_over = [&](const std::string& text) {
        return *audit::sign_note(text, "cotter-notary", notary_.key());
    };
    const std::string whole = signed_by(notary_, answer_);
    const std::string text = whole.substr(0, whole.find("\n\n") + 1);
    ASSERT_EQ(fault(note_over(text)), "");
    EXPECT_NE(fault(note_over(text + "more\n")), "");
    EXPECT_NE(fault(note_over("cotter-notary/2" + text.substr(15))), "");
    EXPECT_NE(fault(note_over(text.substr(0, text.find("now ")) + "now sha256/AAAA " + "x y\n")), "");
    EXPECT_NE(fault(note_over(text.substr(0, text.find("at ")))), "");
    for (const char* none : {"", "\n", "cotter-notary/1\n", "hello"}) EXPECT_NE(fault(none), "") << none;
}

TEST_F(NotaryMessage, RefusesQuestionsThatAreNone) {
    const std::string nonce = question_.to_string().substr(4, 44);
    for (const std::string& line :
         std::vector<std::string>{"", "ask", "ask " + nonce, "ask " + nonce + " 10.0.0.0/8", "ask AAAA db.example:1",
                                  "ask " + nonce + " db.example:1 gopher", "tell " + nonce})
        EXPECT_FALSE(NotaryQuestion::parse(line)) << line;
}

}  // namespace
}  // namespace cotter::observatory
