// Question and answer.
#include "service/first_contact.h"

#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <cctype>

namespace cotter::service {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

/// The digest of the key in groups of eight: easily compared with what `cotter id` prints, and no pin.
std::string grouped_pin(const x509::Certificate& leaf) {
    constexpr std::size_t kGroup = 8;
    const std::string digest = text::base64(leaf.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->octets());
    std::string text = "sha256";
    for (std::size_t i = 0; i < digest.size(); i += kGroup) text += " " + digest.substr(i, kGroup);
    return text;
}

/// Never so long that it fills a second line, where it could look like one of ours.
std::string claim(const std::string& text) {
    constexpr std::size_t kMostClaimed = 60;
    return text::escape_remaining(text, kMostClaimed);
}

std::string told_by_others(const std::vector<std::string>& said) {
    std::string text;
    for (const std::string& sentence : said) text += "\n  " + sentence;
    return text.empty() ? text : "\n\nOthers say:" + text;
}

/// Without what only groups or escapes: two spellings of one thing become the same.
std::string squeezed(std::string_view text) {
    std::string result;
    std::ranges::copy_if(text, std::back_inserter(result),
                         [](char c) { return !kWhiteSpace.contains(c) && c != ':' && c != '\\'; });
    return result;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kWhiteSpace);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

}  // namespace

FirstContact::FirstContact(HostPort host, x509::Certificate leaf, const std::vector<std::string>& said)
    : leaf_(std::move(leaf)), claims_(squeezed(leaf_.subject_text() + leaf_.issuer_text())) {
    question_ = "\ncotter: nothing is remembered of " + host.to_string() + ". This key answered, " +
                leaf_.public_key().description() + ":\n\n  " + grouped_pin(leaf_) +
                "\n\nIts certificate says, as anybody could write it:\n  subject  " + claim(leaf_.subject_text()) +
                "\n  issuer   " + claim(leaf_.issuer_text()) + "\n  valid    " + text::rfc3339(leaf_.not_before()) +
                " until " + text::rfc3339(leaf_.not_after()) + told_by_others(said) +
                "\n\nWhoever answers now is believed from now on, and somebody may stand between. Ask\nthe server's "
                "owner for the pin, by another way than this network (cotter id on\nthe server shows it).\n"
                "Paste the owner's pin, or type yes if it is the one above [no]: ";
}

bool FirstContact::is_echo(std::string_view answer, const Pin& pin) const {
    return squeezed(question_).contains(squeezed(answer)) || claims_.contains(text::base64(pin.octets())) ||
           lower(claims_).contains(text::hex(pin.octets()));
}

Answer FirstContact::understand(std::string_view line) const {
    const std::string_view answer = trimmed(line);
    if (answer.empty() || answer == "no" || answer == "n") return Answer::kNo;
    if (answer == "yes") return Answer::kYes;
    const auto pin = Pin::parse(answer);
    if (pin) {
        if (is_echo(answer, *pin)) return Answer::kEchoed;
        return leaf_.matches(*pin) ? Answer::kRightPin : Answer::kOtherPin;
    }
    constexpr std::size_t kShortestEcho = 16;
    const std::string word = squeezed(answer);
    return word.size() >= kShortestEcho && squeezed(question_).contains(word) ? Answer::kEchoed : Answer::kUnclear;
}

}  // namespace cotter::service
