// Questions and answers as text.
#include "observatory/notary_message.h"

#include "audit/note.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/public_key.h"

#include <openssl/rand.h>

#include <algorithm>
#include <optional>

namespace cotter::observatory {
namespace {

constexpr std::string_view kFormat = "cotter-notary/1";
constexpr const char* kKeyName = "cotter-notary";
constexpr std::string_view kAsk = "ask ";
// RFC 8410, 4: what stands before the 32 octets of an Ed25519 key in a SubjectPublicKeyInfo.
constexpr std::array<unsigned char, 12> kEd25519Prefix{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::size_t kMostKeys = 64;
constexpr std::size_t kMostFailure = 300;

using Octets32 = std::array<std::byte, 32>;

unexpected<Error> no_question(std::string why) {
    return malformed("notary_question", "reading a question to a notary", std::move(why),
                     "ask NONCE HOST:PORT [PROTO]");
}

unexpected<Error> no_notary_answer(std::string why) {
    return malformed("notary_answer", "reading a notary's answer", std::move(why));
}

std::optional<Octets32> octets_from(std::string_view base64) {
    const auto octets = text::octets_of_base64(base64);
    if (!octets || octets->size() != 32) return std::nullopt;
    Octets32 result{};
    std::ranges::copy(*octets, result.begin());
    return result;
}

/// Takes "WORD " and the rest of the line off; nothing if another word stands there.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view word) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ') return std::nullopt;
    text.remove_prefix(end + 1);
    return line.substr(word.size() + 1);
}

std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::string key_line(const NotarizedKey& key) {
    return std::string(key.is_now ? "now " : "past ") + key.key.to_string() + " " + text::rfc3339(key.since) + " " +
           text::rfc3339(key.last) + "\n";
}

std::optional<NotarizedKey> key_from(std::string_view line, bool is_now) {
    auto pin = Pin::parse(take_word(line));
    const auto since = text::parse_rfc3339(take_word(line));
    const auto last = text::parse_rfc3339(take_word(line));
    if (!pin || !since || !last || !line.empty()) return std::nullopt;
    return NotarizedKey{std::move(*pin), is_now, *since, *last};
}

std::optional<NotaryAnswer> parse_text(std::string_view text) {
    NotaryAnswer answer;
    const auto nonce = take_line(text, "nonce");
    const auto at = nonce ? take_line(text, "at") : std::nullopt;
    const auto server = at ? take_line(text, "server") : std::nullopt;
    if (!server) return std::nullopt;
    const auto octets = octets_from(*nonce);
    const auto time = text::parse_rfc3339(*at);
    if (!octets || !time) return std::nullopt;
    answer.nonce = *octets;
    answer.at = *time;
    answer.server = *server;
    for (const bool is_now : {true, false}) {
        while (const auto line = take_line(text, is_now ? "now" : "past")) {
            auto key = key_from(*line, is_now);
            if (!key || answer.keys.size() == kMostKeys) return std::nullopt;
            answer.keys.push_back(std::move(*key));
        }
    }
    if (const auto failure = take_line(text, "failure"))
        answer.failure = text::escape_remaining(*failure, kMostFailure);
    if (!text.empty()) return std::nullopt;
    return answer;
}

bool is_key_of(const Octets32& key, const Pin& pin) {
    ByteVector spki;
    for (const unsigned char octet : kEd25519Prefix) spki.push_back(std::byte{octet});
    spki.insert(spki.end(), key.begin(), key.end());
    const auto parsed = x509::PublicKey::parse(spki);
    return parsed && x509::matches(*parsed, pin);
}

}  // namespace

Result<NotaryQuestion> NotaryQuestion::about(Target target) {
    NotaryQuestion question{.target = std::move(target)};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(question.nonce.data()), static_cast<int>(question.nonce.size())) !=
        1)
        return failed("no_randomness", "asking a notary", "there are no random numbers");
    return question;
}

Result<NotaryQuestion> NotaryQuestion::parse(std::string_view line) {
    if (!line.starts_with(kAsk)) return no_question("it is none");
    line.remove_prefix(kAsk.size());
    const auto nonce = octets_from(take_word(line));
    if (!nonce) return no_question("its nonce is not 32 octets in base64");
    auto target = Target::parse(line);
    if (!target) return unexpected(target.error());
    return NotaryQuestion{std::move(*target), *nonce};
}

std::string NotaryQuestion::to_string() const {
    return std::string(kAsk) + text::base64(nonce) + " " + target.to_string();
}

std::string NotaryAnswer::text() const {
    std::string text = "nonce " + text::base64(nonce) + "\nat " + text::rfc3339(at) + "\nserver " + server + "\n";
    for (const bool is_now : {true, false}) {
        for (const NotarizedKey& key : keys)
            if (key.is_now == is_now) text += key_line(key);
    }
    if (!failure.empty()) text += "failure " + text::escape_remaining(failure, kMostFailure) + "\n";
    return text;
}

Result<std::string> sign(const NotaryAnswer& answer, EVP_PKEY* key) {
    const auto public_key = audit::ed25519_public_key(key);
    if (!public_key) return unexpected(public_key.error());
    return audit::sign_note(std::string(kFormat) + "\nnotary " + text::base64(*public_key) + "\n" + answer.text(),
                            kKeyName, key);
}

Result<NotaryAnswer> open_answer(std::string_view note, const Pin& notary, const NotaryQuestion& question,
                                 x509::Time now) {
    const auto parsed = audit::Note::parse(note);
    if (!parsed) return no_notary_answer(parsed.error().why);
    std::string_view text = parsed->text;
    const std::string head = std::string(kFormat) + "\n";
    if (!text.starts_with(head)) return no_notary_answer("it is in another format");
    text.remove_prefix(head.size());
    const auto key_text = take_line(text, "notary");
    const auto key = key_text ? octets_from(*key_text) : std::nullopt;
    if (!key) return no_notary_answer("it does not say whose it is");
    if (!is_key_of(*key, notary)) return no_notary_answer("it is signed by another key than the notary's");
    if (!audit::Verifier::from(kKeyName, *key).has_signed(*parsed)) return no_notary_answer("its signature is wrong");
    auto answer = parse_text(text);
    if (!answer) return no_notary_answer("it says what nobody understands");
    if (answer->nonce != question.nonce) return no_notary_answer("it answers another question: the nonce differs");
    if (answer->server != question.target.to_string()) return no_notary_answer("it is about another server");
    if (answer->at > now + kMostSkew || answer->at < now - kMostSkew)
        return no_notary_answer("it is of " + text::rfc3339(answer->at) + ", or one of the clocks is wrong");
    return std::move(*answer);
}

}  // namespace cotter::observatory
