// Splitting PEM, line by line and once over the input, and telling DER objects by their shape.
#include "x509/pem_block.h"

#include "text/encoding.h"
#include "text/escape.h"

#include <cotter/detail/base64.h>

#include <openssl/crypto.h>

#include <algorithm>
#include <optional>

namespace cotter::x509 {
namespace {

using der::Tag;

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kTakeOff = "take its passphrase off: openssl pkey -in FILE -out PLAIN.key";

std::string_view as_text(Bytes bytes) {
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

std::string_view without_blanks(std::string_view line) {
    constexpr std::string_view kBlanks = " \t\r";
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin);
}

/// The label of a line `-----BEGIN LABEL-----`; nothing if the line is cut.
std::optional<std::string_view> label_of(std::string_view line, std::string_view head) {
    line.remove_prefix(head.size());
    if (!line.ends_with(kDashes)) return std::nullopt;
    line.remove_suffix(kDashes.size());
    return line.empty() || line.find('-') != std::string_view::npos ? std::nullopt : std::optional(line);
}

/// The block that is being read.
class OpenBlock {
  public:
    OpenBlock(std::string_view label, std::size_t line) : label_(label), line_(line) {}
    OpenBlock(const OpenBlock&) = delete;
    OpenBlock& operator=(const OpenBlock&) = delete;
    ~OpenBlock() { OPENSSL_cleanse(base64_.data(), base64_.size()); }

    [[nodiscard]] std::string name() const { return "the block " + text::escape(label_, 60); }
    [[nodiscard]] std::string_view label() const { return label_; }
    [[nodiscard]] std::size_t line() const { return line_; }
    void add(std::string_view line) { base64_ += line; }

    [[nodiscard]] std::optional<ByteVector> decoded() const {
        const detail::Base64Check check = detail::check_base64(base64_);
        if (check.fault != detail::Base64Fault::kNone) return std::nullopt;
        ByteVector der(check.size);
        detail::decode_base64(base64_, der.data());
        return der;
    }

  private:
    std::string label_;
    std::size_t line_;
    std::string base64_;
};

Result<std::vector<PemBlock>> split(std::string_view input, std::string_view source) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (input.starts_with(kByteOrderMark)) input.remove_prefix(kByteOrderMark.size());
    std::vector<PemBlock> blocks;
    std::optional<OpenBlock> open;
    for (std::size_t number = 1; !input.empty(); ++number) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        const std::string_view line = without_blanks(input.substr(0, end));
        input.remove_prefix(std::min(end + 1, input.size()));
        if (line.starts_with(kBegin)) {
            if (open) return bad_input(source, open->line(), open->name() + " has no end");
            const auto label = label_of(line, kBegin);
            if (!label) return bad_input(source, number, "a block's first line is cut");
            open.emplace(*label, number);
        } else if (line.starts_with(kEnd)) {
            if (!open) return bad_input(source, number, "a block ends that has no beginning");
            if (label_of(line, kEnd) != open->label())
                return bad_input(source, open->line(), open->name() + " has no end");
            auto der = open->decoded();
            if (!der) return bad_input(source, open->line(), open->name() + " is not base64");
            blocks.emplace_back(std::string(open->label()), open->line(), std::move(*der));
            open.reset();
        } else if (open && line.find("ENCRYPTED") != std::string_view::npos && line.starts_with("Proc-Type:")) {
            return bad_input(source, open->line(), "the private key is encrypted", std::string(kTakeOff));
        } else if (open) {
            open->add(line);
        }
    }
    if (open) return bad_input(source, open->line(), open->name() + " has no end");
    return blocks;
}

std::vector<Tag> tags_in(const der::Element& element) {
    std::vector<Tag> tags;
    for (der::Reader reader = der::Reader::inside(element); !reader.at_end();) {
        const auto member = reader.next();
        if (!member) return {};
        tags.push_back(member->tag);
    }
    return tags;
}

/// The shapes that begin with a number: keys, PKCS#12 (RFC 7292, 4) and OCSP responses (RFC 6960, 4.2.1).
std::string_view label_of_numbered(const der::Element& object, const std::vector<Tag>& tags) {
    if (tags.size() < 2) return {};
    if (tags[0] == Tag::kEnumerated) return tags[1] == der::context(0, true) ? "OCSP RESPONSE" : "";
    if (tags[0] != Tag::kInteger) return {};
    if (tags[1] == Tag::kOctetString) return "EC PRIVATE KEY";
    if (tags[1] == Tag::kInteger) return tags.size() == 2 ? "RSA PUBLIC KEY" : "RSA PRIVATE KEY";
    if (tags[1] != Tag::kSequence) return {};
    const der::Element version = *der::Reader::inside(object).next();
    const bool is_three = version.content.size() == 1 && version.content.front() == std::byte{3};
    return is_three ? "PKCS12" : "PRIVATE KEY";
}

}  // namespace

std::string_view label_of_der(const der::Element& object) {
    if (object.tag != Tag::kSequence) return {};
    const std::vector<Tag> tags = tags_in(object);
    const auto begins = [&](std::initializer_list<Tag> wanted) {
        return tags.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), tags.begin());
    };
    if (begins({Tag::kSequence, Tag::kSequence, Tag::kBitString})) {
        // A request has version, name, key and attributes inside, a CRL times beside its issuer's name.
        const std::vector<Tag> inner = tags_in(*der::Reader::inside(object).next());
        const auto is_time = [](Tag tag) { return tag == Tag::kUtcTime || tag == Tag::kGeneralizedTime; };
        if (std::ranges::any_of(inner, is_time)) return "X509 CRL";
        return inner.size() <= 4 && !inner.empty() && inner.front() == Tag::kInteger ? "CERTIFICATE REQUEST"
                                                                                     : "CERTIFICATE";
    }
    if (begins({Tag::kSequence, Tag::kBitString})) return "PUBLIC KEY";
    if (begins({Tag::kSequence, Tag::kOctetString})) return "ENCRYPTED PRIVATE KEY";
    if (begins({Tag::kObjectIdentifier, der::context(0, true)})) return "PKCS7";
    return label_of_numbered(object, tags);
}

bool is_private_key(std::string_view label) {
    return label == "PRIVATE KEY" || label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY";
}

std::string pem_text(std::string_view label, Bytes der) {
    constexpr std::size_t kLine = 64;
    std::string base64 = text::base64(der);
    const std::string name = std::string(label) + std::string(kDashes) + "\n";
    std::string pem;
    pem.reserve(2 * (kBegin.size() + name.size()) + base64.size() + base64.size() / kLine + 1);
    pem.append(kBegin).append(name);
    for (std::size_t at = 0; at < base64.size(); at += kLine) {
        pem.append(base64, at, kLine);
        pem += '\n';
    }
    OPENSSL_cleanse(base64.data(), base64.size());  // of a private key, perhaps
    pem.append(kEnd).append(name);
    return pem;
}

PemBlock::PemBlock(std::string label_, std::size_t line_, ByteVector der_)
    : label(std::move(label_)), line(line_), der(std::move(der_)) {}

PemBlock::~PemBlock() {
    OPENSSL_cleanse(der.data(), der.size());
}

unexpected<Error> bad_input(std::string_view source, std::size_t line, std::string why, std::string next) {
    const std::string name = text::escape(source, 300);
    auto error = malformed("bad_pem", "reading " + name,
                           (line == 0 ? "" : "line " + std::to_string(line) + ": ") + std::move(why), std::move(next));
    error.value().place = Place{name, line == 0 ? std::nullopt : std::optional(line), {}, {}};
    return error;
}

Result<std::vector<PemBlock>> pem_blocks(Bytes pem_or_der, std::string_view source) {
    const auto object = der::read_single(pem_or_der, Tag::kSequence);
    const std::string_view text = as_text(pem_or_der);
    if (!object && text.find(kBegin) != std::string_view::npos) return split(text, source);
    if (!object && (pem_or_der.empty() || pem_or_der.front() != static_cast<std::byte>(Tag::kSequence)))
        return bad_input(source, 0, "it is neither PEM nor DER", "give a file that begins with -----BEGIN");
    if (!object) {
        return bad_input(
            source, 0,
            "it is not DER: " + std::string(object.error().why) + " at byte " + std::to_string(object.error().offset),
            "cotter inspect FILE shows what precedes; PKCS#7 and PKCS#12 in BER: openssl pkcs7, openssl pkcs12");
    }
    const std::string_view label = label_of_der(*object);
    if (label.empty()) return bad_input(source, 0, "it is no certificate, CRL, request or key");
    std::vector<PemBlock> blocks;
    blocks.emplace_back(std::string(label), 0, ByteVector(pem_or_der.begin(), pem_or_der.end()));
    return blocks;
}

}  // namespace cotter::x509
