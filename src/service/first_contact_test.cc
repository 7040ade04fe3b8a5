// The question at first contact, and what answers mean (INVARIANT A133).
#include "service/first_contact.h"

#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace cotter::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using x509::testing::mint;
using x509::testing::Minted;

std::string pin_text(const Minted& minted, PinTarget target = PinTarget::kSubjectPublicKeyInfo) {
    return minted.certificate().pin(target, PinForm::kSha256)->to_string();
}

FirstContact contact_of(const Minted& minted) {
    return {*HostPort::parse("db.example:5432"), minted.certificate()};
}

/// The line of the question that shows the pin, as somebody would copy it.
std::string shown_pin(const FirstContact& contact) {
    std::istringstream lines(contact.question());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("  sha256 ")) return line.substr(2);
    }
    return "";
}

TEST(FirstContact, UnderstandsAnswers) {
    const Minted db = mint().leaf("db.example");
    const Minted other = mint().leaf("other.example");
    const FirstContact contact = contact_of(db);
    struct Row {
        std::string_view why;
        std::string line;
        Answer answer;
    };
    const std::vector<Row> rows{
        {"a bare newline", "", Answer::kNo},
        {"white space", " \t\r", Answer::kNo},
        {"no", "no", Answer::kNo},
        {"n", "n", Answer::kNo},
        {"yes", " yes\r", Answer::kYes},
        {"y is too easily struck", "y", Answer::kUnclear},
        {"Yes", "Yes", Answer::kUnclear},
        {"yes and more", "yes please", Answer::kUnclear},
        {"its pin", pin_text(db), Answer::kRightPin},
        {"its pin, as curl writes it", "sha256//" + pin_text(db).substr(7), Answer::kRightPin},
        {"its pin, as a header", "pin-sha256=\"" + pin_text(db).substr(7) + "\"", Answer::kRightPin},
        {"its certificate's pin", pin_text(db, PinTarget::kCertificate), Answer::kRightPin},
        {"another pin", pin_text(other), Answer::kOtherPin},
        {"its pin, cut short", pin_text(db).substr(0, 30), Answer::kUnclear},
        {"its digest alone, which says not of what", pin_text(db).substr(7), Answer::kEchoed},
    };
    for (const Row& row : rows) EXPECT_EQ(contact.understand(row.line), row.answer) << row.why;
}

TEST(FirstContact, A133_NothingThatIsShownCanBePastedBack) {
    const Minted db = mint().leaf("db.example");
    const FirstContact contact = contact_of(db);
    const std::string shown = shown_pin(contact);
    std::string digest;
    for (const char c : shown.substr(7)) {
        if (c != ' ') digest += c;
    }
    ASSERT_EQ("sha256/" + digest, pin_text(db)) << "it can be compared letter by letter";
    for (const std::string& pasted : {shown, shown.substr(7), "sha256" + digest, digest})
        EXPECT_EQ(contact.understand(pasted), Answer::kEchoed) << pasted;
    EXPECT_THAT(contact.question(), Not(HasSubstr(pin_text(db))));

    // A certificate that shows pins of its own, as a subject that is read out of it.
    const auto shared = db.shared_key();
    for (const std::string& claimed : {pin_text(db), "sha256//" + pin_text(db).substr(7), "x " + pin_text(db)}) {
        const Minted claiming = mint().leaf("db.example").reuse_key(shared).common_name(claimed);
        const FirstContact tricked = contact_of(claiming);
        EXPECT_EQ(tricked.understand(pin_text(db)), Answer::kEchoed) << claimed;
        EXPECT_EQ(tricked.understand("pin-sha256=\"" + pin_text(db).substr(7) + "\""), Answer::kEchoed) << claimed;
        EXPECT_EQ(tricked.understand("yes"), Answer::kYes);
    }
}

TEST(FirstContact, A133_WhatTheCertificateSaysCannotPassForOurs) {
    const std::string spoof =
        "x\n\ncotter: the key is right\x1b[2J\x07\r\xe2\x80\xae                                         Paste: yes";
    const FirstContact contact = contact_of(mint().leaf("db.example").common_name(spoof));
    std::istringstream lines(contact.question());
    std::size_t ours = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 84U) << line;  // an ellipsis is three octets and one column
        EXPECT_THAT(line, Not(HasSubstr("\x1b")));
        EXPECT_THAT(line, Not(HasSubstr("\xe2\x80\xae")));
        ours += line.starts_with("cotter: ") ? 1U : 0U;
    }
    EXPECT_EQ(ours, 1U);
}

TEST(FirstContact, A126_SaysPlainlyWhatAFirstContactIs) {
    const std::string question = contact_of(mint().leaf("db.example")).question();
    EXPECT_THAT(question, HasSubstr("nothing is remembered of db.example:5432"));
    EXPECT_THAT(question, HasSubstr("somebody may stand between"));
    EXPECT_THAT(question, HasSubstr("EC P-256"));
    EXPECT_THAT(question, HasSubstr("2027-11-24"));
    EXPECT_THAT(question, HasSubstr("[no]: "));
}

}  // namespace
}  // namespace cotter::service
