// The dialogues, one small function a protocol.
#include "stream/starttls_dialogue.h"

#include "text/escape.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace cotter::stream {
namespace {

struct Name {
    std::string_view text;
    StartTls protocol;
    std::uint16_t port;
};
constexpr std::array<Name, 8> kNames{{{"smtp", StartTls::kSmtp, 25},
                                      {"imap", StartTls::kImap, 143},
                                      {"pop3", StartTls::kPop3, 110},
                                      {"ftp", StartTls::kFtp, 21},
                                      {"ldap", StartTls::kLdap, 389},
                                      {"xmpp", StartTls::kXmpp, 5222},
                                      {"postgres", StartTls::kPostgres, 5432},
                                      {"mysql", StartTls::kMysql, 3306}}};

using namespace std::string_literals;
using namespace std::string_view_literals;

/// Length 8, request code 80877103.
constexpr std::string_view kPostgresRequest = "\x00\x00\x00\x08\x04\xd2\x16\x2f"sv;
/// LDAPMessage 1, ExtendedRequest of OID 1.3.6.1.4.1.1466.20037.
constexpr std::string_view kLdapRequest =
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037"sv;

/// ASCII alone, so that no locale has a say.
std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return result;
}

unsigned octet(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

/// A BER element with a definite length, in however many octets (RFC 4511, 5.1; some directories always write four).
struct BerElement {
    unsigned tag;
    std::string_view content;
    std::size_t size;  ///< header and content
};
enum class BerState : std::uint8_t { kWhole, kIncomplete, kBroken };

BerState read_ber(std::string_view input, BerElement& element) {
    if (input.size() < 2) return BerState::kIncomplete;
    std::size_t length = octet(input, 1);
    std::size_t header = 2;
    if (length >= 0x80) {
        const std::size_t count = length & 0x7fU;
        if (count == 0 || count > 4) return BerState::kBroken;
        if (input.size() < 2 + count) return BerState::kIncomplete;
        length = 0;
        for (std::size_t i = 0; i < count; ++i) length = (length << 8U) | octet(input, 2 + i);
        header += count;
    }
    if (length > StartTlsDialogue::kMost) return BerState::kBroken;
    if (input.size() < header + length) return BerState::kIncomplete;
    element = {octet(input, 0), input.substr(header, length), header + length};
    return BerState::kWhole;
}

}  // namespace

std::vector<std::string> start_tls_names() {
    std::vector<std::string> names;
    for (const Name& name : kNames) names.emplace_back(name.text);
    return names;
}

std::optional<StartTls> start_tls_from(std::string_view text) {
    const auto* const found = std::ranges::find(kNames, text, &Name::text);
    return found == kNames.end() ? std::nullopt : std::optional(found->protocol);
}

std::uint16_t usual_port(StartTls protocol) {
    return std::ranges::find(kNames, protocol, &Name::protocol)->port;
}

StartTlsDialogue::StartTlsDialogue(StartTls protocol, std::string_view host) : protocol_(protocol), host_(host) {}

StartTlsDialogue::State StartTlsDialogue::take(Bytes received) {
    total_ += received.size();
    if (total_ > kMost) return refuse("the server says more before TLS than any honest one");
    std::ranges::transform(received, std::back_inserter(buffer_), [](std::byte one) { return static_cast<char>(one); });
    return step();
}

StartTlsDialogue::State StartTlsDialogue::step() {
    switch (protocol_) {
        case StartTls::kSmtp:
        case StartTls::kFtp: return lines(&StartTlsDialogue::on_numbered);
        case StartTls::kImap: return lines(&StartTlsDialogue::on_imap);
        case StartTls::kPop3: return lines(&StartTlsDialogue::on_pop3);
        case StartTls::kLdap: return on_ldap();
        case StartTls::kXmpp: return on_xmpp();
        case StartTls::kPostgres: return on_postgres();
        case StartTls::kMysql: return on_mysql();
    }
    return refuse("there is no such protocol");
}

StartTlsDialogue::State StartTlsDialogue::ask(std::string what) {
    if (!buffer_.empty()) return refuse("the server answers before it is asked");
    ++asked_;
    to_say_ = std::move(what);
    return State::kIncomplete;
}

StartTlsDialogue::State StartTlsDialogue::finish() {
    if (!buffer_.empty()) return refuse("the server sent more in clear text after it had agreed to TLS");
    return State::kReady;
}

StartTlsDialogue::State StartTlsDialogue::refuse(std::string why) {
    why_ = std::move(why);
    to_say_.clear();
    return State::kRefused;
}

StartTlsDialogue::State StartTlsDialogue::refuse_with(std::string_view line) {
    return refuse("the server does not go over to TLS: it says \"" + text::escape(line, 200) + "\"");
}

/// Gives each whole line to `on_line`, which leaves the loop by another answer than kIncomplete, or by a question: what
/// the server says before it has heard that is no answer to it.
StartTlsDialogue::State StartTlsDialogue::lines(State (StartTlsDialogue::*on_line)(std::string_view line)) {
    while (to_say_.empty()) {
        const std::size_t end = buffer_.find('\n');
        if (end == std::string::npos) {
            if (buffer_.size() > kMostLine) return refuse("the server sends a line without end");
            return State::kIncomplete;
        }
        if (end > kMostLine) return refuse("the server sends a line without end");
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        const State state = (this->*on_line)(line);
        if (state != State::kIncomplete) return state;
    }
    return State::kIncomplete;
}

/// The replies of SMTP and FTP: a number of three digits; a '-' after it says that more lines of this reply follow, up
/// to one with the same number and a blank (RFC 5321 4.2.1, RFC 959 4.2).
StartTlsDialogue::State StartTlsDialogue::on_numbered(std::string_view line) {
    const bool is_numbered = line.size() >= 3 &&
                             std::ranges::all_of(line.substr(0, 3), [](char c) { return c >= '0' && c <= '9'; }) &&
                             (line.size() == 3 || line[3] == ' ' || line[3] == '-');
    const bool goes_on = is_numbered && line.size() > 3 && line[3] == '-';
    if (reply_code_.empty() && !is_numbered) return refuse_with(line);
    if (protocol_ == StartTls::kSmtp && asked_ == 1 && is_numbered &&
        upper(line.substr(std::min<std::size_t>(4, line.size()))) == "STARTTLS")
        is_offered_ = true;
    if (reply_code_.empty() && goes_on) reply_code_ = line.substr(0, 3);
    if (!reply_code_.empty() && (goes_on || !is_numbered || line.substr(0, 3) != reply_code_))
        return State::kIncomplete;
    reply_code_.clear();
    return protocol_ == StartTls::kSmtp ? on_smtp(line) : on_ftp(line);
}

StartTlsDialogue::State StartTlsDialogue::on_smtp(std::string_view line) {
    if (asked_ == 0 && line.starts_with("220")) return ask("EHLO cotter.invalid\r\n");
    if (asked_ == 1 && line.starts_with("250")) {
        if (!is_offered_) return refuse("the server does not offer STARTTLS");
        return ask("STARTTLS\r\n");
    }
    if (asked_ == 2 && line.starts_with("220")) return finish();
    return refuse_with(line);
}

StartTlsDialogue::State StartTlsDialogue::on_ftp(std::string_view line) {
    if (asked_ == 0 && line.starts_with("120")) return State::kIncomplete;  // ready in some minutes
    if (asked_ == 0 && line.starts_with("220")) return ask("AUTH TLS\r\n");
    if (asked_ == 1 && line.starts_with("234")) return finish();
    return refuse_with(line);
}

StartTlsDialogue::State StartTlsDialogue::on_imap(std::string_view line) {
    const std::string word = upper(line);
    if (asked_ == 0) return word.starts_with("* OK") ? ask("c1 STARTTLS\r\n") : refuse_with(line);
    if (word.starts_with("* BYE")) return refuse_with(line);
    if (word.starts_with("* ")) return State::kIncomplete;  // what nobody asked about
    return word.starts_with("C1 OK") ? finish() : refuse_with(line);
}

StartTlsDialogue::State StartTlsDialogue::on_pop3(std::string_view line) {
    if (!line.starts_with("+OK")) return refuse_with(line);
    return asked_ == 0 ? ask("STLS\r\n") : finish();
}

StartTlsDialogue::State StartTlsDialogue::on_postgres() {
    if (asked_ == 0) return ask(std::string(kPostgresRequest));
    if (buffer_.empty()) return State::kIncomplete;
    const char answer = buffer_.front();
    buffer_.erase(0, 1);
    if (answer == 'S') return finish();
    // What follows an 'E' may be anybody's, so it is shown to nobody (CVE-2024-10977).
    return refuse(answer == 'N' ? "the server has no TLS, or none for this address"
                                : "the server does not answer the request for TLS as PostgreSQL does");
}

/// The server begins: protocol version 10, its version, 4 octets of thread, 8 of a nonce, a filler, and the lower half
/// of what it can.
StartTlsDialogue::State StartTlsDialogue::on_mysql() {
    constexpr std::size_t kPacketHeader = 4;
    constexpr unsigned kProtocol10 = 10;
    constexpr unsigned kCanTlsInHighOctet = 0x08;  // CLIENT_SSL, 0x800
    if (buffer_.size() < kPacketHeader) return State::kIncomplete;
    const std::size_t size = octet(buffer_, 0) | (octet(buffer_, 1) << 8U) | (octet(buffer_, 2) << 16U);
    if (size > kMostLine) return refuse("the server does not begin as MySQL does");
    if (buffer_.size() < kPacketHeader + size) return State::kIncomplete;
    const std::string packet = buffer_.substr(kPacketHeader, size);
    const unsigned sequence = octet(buffer_, 3);
    buffer_.erase(0, kPacketHeader + size);
    if (!packet.empty() && octet(packet, 0) == 0xff)
        return refuse_with(std::string_view(packet).substr(std::min<std::size_t>(3, packet.size())));
    const std::size_t version_end = packet.find('\0', 1);
    const std::size_t capabilities = version_end + 1 + 4 + 8 + 1;
    if (packet.empty() || sequence != 0 || octet(packet, 0) != kProtocol10 || version_end == std::string::npos ||
        packet.size() < capabilities + 2) {
        return refuse("the server does not begin as MySQL does");
    }
    if ((octet(packet, capabilities + 1) & kCanTlsInHighOctet) == 0) return refuse("the server has no TLS");
    // 32 octets, number 1: protocol 4.1, TLS, secure connection; packets up to 16 MiB; utf8mb4.
    to_say_ = "\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x2d"s + std::string(23, '\0');
    return finish();
}

StartTlsDialogue::State StartTlsDialogue::on_ldap() {
    constexpr unsigned kSequence = 0x30;
    constexpr unsigned kInteger = 0x02;
    constexpr unsigned kEnumerated = 0x0a;
    constexpr unsigned kExtendedResponse = 0x78;
    if (asked_ == 0) return ask(std::string(kLdapRequest));
    BerElement message{};
    const BerState state = read_ber(buffer_, message);
    if (state == BerState::kIncomplete) return State::kIncomplete;
    const auto strange = [this] { return refuse("the server does not answer as LDAP does"); };
    if (state == BerState::kBroken || message.tag != kSequence) return strange();
    BerElement id{};
    BerElement response{};
    BerElement result{};
    if (read_ber(message.content, id) != BerState::kWhole || id.tag != kInteger || id.content != "\x01"sv ||
        read_ber(message.content.substr(id.size), response) != BerState::kWhole || response.tag != kExtendedResponse ||
        read_ber(response.content, result) != BerState::kWhole || result.tag != kEnumerated ||
        result.content.size() != 1) {
        return strange();
    }
    const unsigned code = octet(result.content, 0);
    buffer_.erase(0, message.size);
    if (code != 0) return refuse("the server does not go over to TLS: its LDAP result is " + std::to_string(code));
    return finish();
}

StartTlsDialogue::State StartTlsDialogue::on_xmpp() {
    constexpr std::string_view kNamespace = "urn:ietf:params:xml:ns:xmpp-tls";
    if (asked_ == 0) {
        return ask("<?xml version='1.0'?><stream:stream to='" + host_ +
                   "' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
    }
    if (asked_ == 1) {
        const std::size_t features = buffer_.find("</stream:features>");
        if (features == std::string::npos) {
            if (buffer_.find("<stream:error") != std::string::npos) return refuse("the server answers with an error");
            return State::kIncomplete;
        }
        const bool is_offered = buffer_.substr(0, features).find(kNamespace) != std::string::npos;
        buffer_.erase(0, features + "</stream:features>"sv.size());
        if (!is_offered) return refuse("the server does not offer STARTTLS");
        return ask("<starttls xmlns='" + std::string(kNamespace) + "'/>");
    }
    const std::size_t end = buffer_.find('>');
    if (end == std::string::npos) return State::kIncomplete;
    std::string answer = buffer_.substr(0, end + 1);
    if (!answer.starts_with("<proceed") || answer.find(kNamespace) == std::string::npos) return refuse_with(answer);
    std::size_t size = answer.size();
    if (!answer.ends_with("/>")) {
        constexpr std::string_view kEnd = "</proceed>";
        if (buffer_.size() < size + kEnd.size()) return State::kIncomplete;
        if (buffer_.compare(size, kEnd.size(), kEnd) != 0) return refuse_with(buffer_);
        size += kEnd.size();
    }
    buffer_.erase(0, size);
    return finish();
}

}  // namespace cotter::stream
