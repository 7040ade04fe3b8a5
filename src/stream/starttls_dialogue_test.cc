// The dialogues before TLS: the one way that leads on, and each that doesn't.
#include "stream/starttls_dialogue.h"

#include "stream/testing/sockets.h"

#include <gtest/gtest.h>

#include <vector>

namespace cotter::stream {
namespace {

using namespace std::string_literals;
using testing::bytes_of;
using State = StartTlsDialogue::State;

constexpr std::string_view kLdapAsked =
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037";
const std::string kLdapYes = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s;
/// As some directories write it: every length in four octets.
const std::string kLdapYesLong =
    "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"s;
const std::string kLdapNo = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"s;
const std::string kPostgresAsked = "\x00\x00\x00\x08\x04\xd2\x16\x2f"s;
const std::string kXmppAsked =
    "<?xml version='1.0'?><stream:stream to='db.example' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";
const std::string kXmppOffer =
    "<?xml version='1.0'?><stream:stream from='db.example' id='1'><stream:features>"
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const std::string kXmppStart = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const std::string kXmppProceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

std::string mysql_greeting(unsigned capabilities_high, unsigned protocol = 10) {
    std::string packet = static_cast<char>(protocol) + "8.0.36\0"s + "\x01\x00\x00\x00"s + "nonce123"s + "\0"s +
                         "\xff"s + static_cast<char>(capabilities_high) + "\x21\x02\x00"s;
    return std::string{static_cast<char>(packet.size()), '\0', '\0', '\0'} + packet;
}
const std::string kMysqlAsked = "\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x2d"s + std::string(23, '\0');

/// What the server says at each turn, and what it is to hear at each.
struct Talk {
    const char* what;
    StartTls protocol;
    std::vector<std::string> server;
    std::vector<std::string> asked;
    State end;
};

struct Outcome {
    std::vector<std::string> asked;
    State state = State::kIncomplete;
    std::string why;
};

/// Gives what the server says at each turn in pieces of that size.
Outcome talked(const Talk& talk, std::size_t piece) {
    StartTlsDialogue dialogue(talk.protocol, "db.example");
    Outcome outcome;
    const auto take = [&](std::string_view said) {
        outcome.state = dialogue.take(bytes_of(said));
        if (std::string asked = dialogue.say(); !asked.empty()) outcome.asked.push_back(std::move(asked));
    };
    take("");
    for (const std::string& said : talk.server) {
        for (std::size_t at = 0; at < said.size() && outcome.state == State::kIncomplete; at += piece)
            take(std::string_view(said).substr(at, piece));
    }
    outcome.why = dialogue.why();
    return outcome;
}

const std::vector<Talk>& good_talks() {
    static const std::vector<Talk> kTalks{
        {"SMTP",
         StartTls::kSmtp,
         {"220 mail.example ESMTP\r\n", "250-mail.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
          "220 go\r\n"},
         {"EHLO cotter.invalid\r\n", "STARTTLS\r\n"},
         State::kReady},
        {"SMTP, offered in lower case and last, a greeting of several lines",
         StartTls::kSmtp,
         {"220-mail.example\r\n220 ESMTP\r\n", "250-mail.example\r\n250 starttls\r\n", "220\r\n"},
         {"EHLO cotter.invalid\r\n", "STARTTLS\r\n"},
         State::kReady},
        {"IMAP",
         StartTls::kImap,
         {"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "* NOOP something\r\nc1 ok begin\r\n"},
         {"c1 STARTTLS\r\n"},
         State::kReady},
        {"POP3", StartTls::kPop3, {"+OK ready\r\n", "+OK begin\r\n"}, {"STLS\r\n"}, State::kReady},
        {"FTP, which has time",
         StartTls::kFtp,
         {"120 soon\r\n", "220-welcome\r\nto this\r\n 220 place\r\n220 ok\r\n", "234 AUTH TLS ok\r\n"},
         {"AUTH TLS\r\n"},
         State::kReady},
        {"LDAP", StartTls::kLdap, {kLdapYes}, {std::string(kLdapAsked)}, State::kReady},
        {"LDAP in long lengths", StartTls::kLdap, {kLdapYesLong}, {std::string(kLdapAsked)}, State::kReady},
        {"XMPP", StartTls::kXmpp, {kXmppOffer, kXmppProceed}, {kXmppAsked, kXmppStart}, State::kReady},
        {"XMPP, the answer in two tags",
         StartTls::kXmpp,
         {kXmppOffer, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>"},
         {kXmppAsked, kXmppStart},
         State::kReady},
        {"PostgreSQL", StartTls::kPostgres, {"S"}, {kPostgresAsked}, State::kReady},
        {"MySQL", StartTls::kMysql, {mysql_greeting(0x08)}, {kMysqlAsked}, State::kReady},
    };
    return kTalks;
}

TEST(StartTls, TalksEachProtocolOverInWholeAnswersAndInSingleOctets) {
    for (const Talk& talk : good_talks()) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
            const Outcome outcome = talked(talk, piece);
            EXPECT_EQ(outcome.state, talk.end) << talk.what << ": " << outcome.why;
            EXPECT_EQ(outcome.asked, talk.asked) << talk.what;
        }
    }
}

TEST(StartTls, A229_RefusesWhatIsSentInClearTextAheadOfTls) {
    for (const Talk& talk : good_talks()) {
        Talk injected = talk;
        injected.server.back() += "250 and after TLS this\r\n";
        const Outcome outcome = talked(injected, 100'000);
        EXPECT_EQ(outcome.state, State::kRefused) << talk.what;
        EXPECT_NE(outcome.why.find("clear text"), std::string::npos) << talk.what << ": " << outcome.why;
    }
}

TEST(StartTls, A229_RefusesAnAnswerThatCameBeforeItsQuestion) {
    const Talk rows[] = {
        {"SMTP", StartTls::kSmtp, {"220 a\r\n250 STARTTLS\r\n220 go\r\n"}, {}, State::kRefused},
        {"SMTP's second", StartTls::kSmtp, {"220 a\r\n", "250 STARTTLS\r\n220 go\r\n"}, {}, State::kRefused},
        {"IMAP", StartTls::kImap, {"* OK a\r\nc1 OK begin\r\n"}, {}, State::kRefused},
        {"POP3", StartTls::kPop3, {"+OK a\r\n+OK begin\r\n"}, {}, State::kRefused},
        {"FTP", StartTls::kFtp, {"220 a\r\n234 go\r\n"}, {}, State::kRefused},
        {"XMPP", StartTls::kXmpp, {kXmppOffer + kXmppProceed}, {}, State::kRefused},
    };
    for (const Talk& talk : rows) EXPECT_EQ(talked(talk, 100'000).state, State::kRefused) << talk.what;
}

TEST(StartTls, A230_RefusesEveryAnswerButTheOneThatLeadsOn) {
    const Talk rows[] = {
        {"SMTP is not ready", StartTls::kSmtp, {"554 no\r\n"}, {}, State::kRefused},
        {"SMTP offers nothing", StartTls::kSmtp, {"220 a\r\n", "250-a\r\n250 SIZE 10\r\n"}, {}, State::kRefused},
        {"SMTP offers another thing",
         StartTls::kSmtp,
         {"220 a\r\n", "250-STARTTLSX\r\n250 XSTARTTLS\r\n"},
         {},
         State::kRefused},
        {"SMTP offers in the greeting alone",
         StartTls::kSmtp,
         {"220-STARTTLS\r\n220 STARTTLS\r\n", "250 a\r\n"},
         {},
         State::kRefused},
        {"SMTP doesn't know EHLO", StartTls::kSmtp, {"220 a\r\n", "502 what\r\n"}, {}, State::kRefused},
        {"SMTP says later", StartTls::kSmtp, {"220 a\r\n", "250 STARTTLS\r\n", "454 not now\r\n"}, {}, State::kRefused},
        {"SMTP without a number", StartTls::kSmtp, {"hello\r\n"}, {}, State::kRefused},
        {"IMAP is signed in already", StartTls::kImap, {"* PREAUTH hello\r\n"}, {}, State::kRefused},
        {"IMAP ends", StartTls::kImap, {"* OK a\r\n", "* BYE\r\n"}, {}, State::kRefused},
        {"IMAP says no", StartTls::kImap, {"* OK a\r\n", "c1 NO\r\n"}, {}, State::kRefused},
        {"IMAP says bad", StartTls::kImap, {"* OK a\r\n", "c1 BAD STARTTLS\r\n"}, {}, State::kRefused},
        {"IMAP answers another", StartTls::kImap, {"* OK a\r\n", "c2 OK\r\n"}, {}, State::kRefused},
        {"POP3 says no", StartTls::kPop3, {"+OK a\r\n", "-ERR\r\n"}, {}, State::kRefused},
        {"POP3 isn't", StartTls::kPop3, {"-ERR busy\r\n"}, {}, State::kRefused},
        {"FTP says no", StartTls::kFtp, {"220 a\r\n", "502 no\r\n"}, {}, State::kRefused},
        {"FTP says half a yes", StartTls::kFtp, {"220 a\r\n", "334 more\r\n"}, {}, State::kRefused},
        {"LDAP says no", StartTls::kLdap, {kLdapNo}, {}, State::kRefused},
        {"LDAP answers another",
         StartTls::kLdap,
         {"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s},
         {},
         State::kRefused},
        {"LDAP answers with another thing",
         StartTls::kLdap,
         {"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s},
         {},
         State::kRefused},
        {"LDAP in pieces", StartTls::kLdap, {"\x30\x80\x02\x01\x01"s}, {}, State::kRefused},
        {"LDAP with a huge answer", StartTls::kLdap, {"\x30\x84\x7f\xff\xff\xff"s}, {}, State::kRefused},
        {"XMPP offers nothing",
         StartTls::kXmpp,
         {"<stream:stream><stream:features></stream:features>"},
         {},
         State::kRefused},
        {"XMPP errs", StartTls::kXmpp, {"<stream:stream><stream:error/>"}, {}, State::kRefused},
        {"XMPP fails",
         StartTls::kXmpp,
         {kXmppOffer, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
         {},
         State::kRefused},
        {"XMPP goes on about another thing",
         StartTls::kXmpp,
         {kXmppOffer, "<proceed xmlns='urn:other'/>"},
         {},
         State::kRefused},
        {"XMPP puts something inside",
         StartTls::kXmpp,
         {kXmppOffer, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'><x/></proceed>"},
         {},
         State::kRefused},
        {"PostgreSQL has none", StartTls::kPostgres, {"N"}, {}, State::kRefused},
        {"PostgreSQL errs", StartTls::kPostgres, {"E\x00\x00\x00\x10SFATAL"s}, {}, State::kRefused},
        {"MySQL has none", StartTls::kMysql, {mysql_greeting(0x00)}, {}, State::kRefused},
        {"MySQL of long ago", StartTls::kMysql, {mysql_greeting(0x08, 9)}, {}, State::kRefused},
        {"MySQL turns us away",
         StartTls::kMysql,
         {"\x12\x00\x00\x00\xff\x10\x04"
          "Too many people"s},
         {},
         State::kRefused},
        {"MySQL cut",
         StartTls::kMysql,
         {"\x03\x00\x00\x00\x0a"
          "8\0"s},
         {},
         State::kRefused},
        {"MySQL with a huge packet", StartTls::kMysql, {"\xff\xff\xff\x00"s}, {}, State::kRefused},
    };
    for (const Talk& talk : rows) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{100'000}}) {
            const Outcome outcome = talked(talk, piece);
            EXPECT_EQ(outcome.state, State::kRefused) << talk.what;
            EXPECT_FALSE(outcome.why.empty()) << talk.what;
        }
    }
}

TEST(StartTls, EscapesWhatTheServerSays) {
    const Outcome outcome = talked({"", StartTls::kPop3, {"-ERR \x1b[2Jgone\r\n"}, {}, State::kRefused}, 100'000);
    EXPECT_NE(outcome.why.find("-ERR \\x1b[2Jgone"), std::string::npos) << outcome.why;
    EXPECT_EQ(outcome.why.find('\x1b'), std::string::npos);
}

TEST(StartTls, PostgresErrorsAreShownToNobody) {
    const Outcome outcome =
        talked({"", StartTls::kPostgres, {"Ehave a look at evil.example"}, {}, State::kRefused}, 1000);
    EXPECT_EQ(outcome.why.find("evil"), std::string::npos) << outcome.why;
}

TEST(StartTls, A231_BoundsLinesAndTheWhole) {
    const Talk rows[] = {
        {"a line without end", StartTls::kSmtp, {std::string(5000, 'a')}, {}, State::kRefused},
        {"a long line", StartTls::kPop3, {"+OK " + std::string(5000, 'a') + "\r\n"}, {}, State::kRefused},
        {"features without end", StartTls::kXmpp, {std::string(40'000, ' ')}, {}, State::kRefused},
    };
    for (const Talk& talk : rows) EXPECT_EQ(talked(talk, 100).state, State::kRefused) << talk.what;
    StartTlsDialogue dialogue(StartTls::kImap, "db.example");
    State state = dialogue.take(bytes_of("* OK a\r\n"));
    static_cast<void>(dialogue.say());
    std::size_t lines = 0;
    for (; state == State::kIncomplete && lines < 10'000; ++lines) state = dialogue.take(bytes_of("* and so on\r\n"));
    EXPECT_EQ(state, State::kRefused);
    EXPECT_LT(lines, 4000U);
}

TEST(StartTls, KnowsItsProtocolsByNameAndPort) {
    constexpr struct {
        std::string_view name;
        std::uint16_t port;
    } kRows[] = {{"smtp", 25},  {"imap", 143},  {"pop3", 110},      {"ftp", 21},
                 {"ldap", 389}, {"xmpp", 5222}, {"postgres", 5432}, {"mysql", 3306}};
    for (const auto& row : kRows) {
        const auto protocol = start_tls_from(row.name);
        ASSERT_TRUE(protocol) << row.name;
        EXPECT_EQ(usual_port(*protocol), row.port);
    }
    for (const std::string_view other : {"", "SMTP", "smtps", "telnet"}) EXPECT_FALSE(start_tls_from(other)) << other;
}

}  // namespace
}  // namespace cotter::stream
