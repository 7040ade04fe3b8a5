// Reading a certificate strictly from its bytes (RFC 5280 4.1).
#include "x509/certificate.h"

#include "der/reader.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/name_text.h"
#include "x509/oids.h"
#include "x509/openssl.h"
#include "x509/strict_parts.h"

#include <openssl/crypto.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace cotter::x509 {

using der::Tag;

struct Certificate::Fields {
    ByteVector der;
    std::optional<PublicKey> key;
    IssuerAndSerial issuer_and_serial;
    ByteVector subject;
    Time not_before;
    Time not_after;
    int version = 1;
    bool is_ca = false;
    std::vector<SubjectAltName> names;
    std::optional<std::string> signature_weakness;
    /// Each extension's identifier and value, as parts of `der`.
    std::vector<std::pair<Bytes, Bytes>> extensions;
};

namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string text_of(Bytes octets) {
    std::string text;
    std::ranges::transform(octets, std::back_inserter(text), [](std::byte octet) { return static_cast<char>(octet); });
    return text;
}

Time read_time(const der::Element& element) {
    const Time time = time_of(element);
    if (element.tag == Tag::kGeneralizedTime && time < std::chrono::sys_days(std::chrono::year(2050) / 1 / 1))
        throw Malformed{"a GeneralizedTime before 2050"};
    return time;
}

SubjectAltName read_name(const der::Element& element) {
    SubjectAltName name{SanType::kOther, text_of(element.content)};
    if (element.tag == der::context(1, false)) name.type = SanType::kEmail;
    if (element.tag == der::context(2, false)) name.type = SanType::kDns;
    if (element.tag == der::context(6, false)) name.type = SanType::kUri;
    if (element.tag == der::context(7, false)) name.type = SanType::kIpAddress;
    switch (name.type) {
        case SanType::kDns:
        case SanType::kUri:
        case SanType::kEmail:
            if (std::ranges::any_of(name.value, is_control))
                throw Malformed{"a subject alternative name with a control character"};
            break;
        case SanType::kIpAddress:
            if (name.value.size() != 4 && name.value.size() != 16)
                throw Malformed{"an address that is neither IPv4 nor IPv6"};
            break;
        case SanType::kOther: break;
    }
    return name;
}

std::vector<SubjectAltName> read_names(Bytes value) {
    std::vector<SubjectAltName> names;
    need(der::check_strict(value));
    for (der::Reader reader = der::Reader::inside(need(der::read_single(value, Tag::kSequence))); !reader.at_end();) {
        names.push_back(read_name(need(reader.next())));
    }
    return names;
}

bool read_is_ca(Bytes value) {
    need(der::check_strict(value));
    der::Reader reader = der::Reader::inside(need(der::read_single(value, Tag::kSequence)));
    const bool is_ca = reader.next_is(Tag::kBoolean);
    if (is_ca && need(reader.next()).content.front() == std::byte{0})
        throw Malformed{"a default value that is written out"};
    if (reader.next_is(Tag::kInteger)) need(der::unsigned_integer(need(reader.next())));
    need(reader.finish());
    return is_ca;
}

/// Of a whole Name in DER. The name alone: decoding a certificate costs what decoding its key does.
std::string text_of_name(Bytes der) {
    using NamePtr = std::unique_ptr<X509_NAME, FreeBy<X509_NAME_free>>;
    const unsigned char* at = octets(der);
    return name_text(NamePtr(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size()))).get());
}

bool is_same(Bytes ours, const Pin& pin) {
    return ours.size() == pin.octets().size() && CRYPTO_memcmp(ours.data(), pin.octets().data(), ours.size()) == 0;
}

/// Names are of ASCII alone (IA5String): any other octet is told as a number, so that no letter passes for one that it
/// resembles (INVARIANT A87).
std::string escaped_ascii(std::string_view value, std::size_t most) {
    std::string result;
    for (const char& octet : value) {
        std::string piece = text::escape({&octet, 1});  // an octet above ASCII is no UTF-8 by itself
        if (result.size() + piece.size() > most) return result + "…";
        result += piece;
    }
    return result;
}

/// The octets of a key that a pin of that target is made of; nothing if it can't be pinned so.
std::optional<Bytes> pinned_octets(const PublicKey& key, PinTarget target) {
    switch (target) {
        case PinTarget::kSubjectPublicKeyInfo: return key.subject_public_key_info();
        case PinTarget::kKey: return key.binds_concrete_key() ? std::optional(key.key_octets()) : std::nullopt;
        case PinTarget::kCertificate: return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

bool SubjectAltName::is_told_whole() const {
    return type != SanType::kOther && value.size() <= (type == SanType::kUri ? kMostUri : kMostName);
}

std::string SubjectAltName::to_string() const {
    constexpr std::size_t kMostEscaped = 4;  // octets out for one octet in
    switch (type) {
        case SanType::kDns: return "DNS:" + escaped_ascii(value, kMostEscaped * kMostName);
        case SanType::kUri: return "URI:" + escaped_ascii(value, kMostEscaped * kMostUri);
        case SanType::kEmail: return "EMAIL:" + escaped_ascii(value, kMostEscaped * kMostName);
        case SanType::kIpAddress: {
            std::array<char, 64> text{};
            const int family = value.size() == 4 ? AF_INET : AF_INET6;
            ::inet_ntop(family, value.data(), text.data(), text.size());
            return "IP:" + std::string(text.data());
        }
        case SanType::kOther: return "other";
    }
    return "";
}

Result<Certificate> Certificate::parse(Bytes der) try {
    need(der::check_strict(der));
    der::Reader certificate = der::Reader::inside(need(der::read_single(der, Tag::kSequence)));
    const der::Element signed_part = need(certificate.expect(Tag::kSequence));
    const der::Element outer_algorithm = need(certificate.expect(Tag::kSequence));
    need(der::whole_octets(need(certificate.expect(Tag::kBitString))));
    need(certificate.finish());

    auto fields = std::make_shared<Fields>();
    fields->der.assign(der.begin(), der.end());
    const auto kept = [&](Bytes part) {
        return Bytes(fields->der).subspan(static_cast<std::size_t>(part.data() - der.data()), part.size());
    };
    der::Reader reader = der::Reader::inside(signed_part);
    if (reader.next_is(der::context(0, true))) {
        der::Reader version = der::Reader::inside(need(reader.next()));
        const Bytes number = need(der::unsigned_integer(need(version.expect(Tag::kInteger))));
        need(version.finish());
        if (number.size() != 1 || (number[0] != std::byte{1} && number[0] != std::byte{2}))
            throw Malformed{"a version that does not exist"};
        fields->version = std::to_integer<int>(number[0]) + 1;
    }
    const Bytes serial = need(der::unsigned_integer(need(reader.expect(Tag::kInteger))));
    if (serial.empty() || serial.size() > 20) throw Malformed{"a serial number that is zero or over 20 bytes"};
    fields->issuer_and_serial.serial.assign(serial.begin(), serial.end());
    const der::Element inner_algorithm = need(reader.expect(Tag::kSequence));
    if (!std::ranges::equal(inner_algorithm.encoding, outer_algorithm.encoding)) {
        throw Malformed{"the signature algorithm inside is not the one outside"};
    }
    fields->signature_weakness = weakness_of_signature(inner_algorithm);
    const der::Element issuer = need(reader.expect(Tag::kSequence));
    fields->issuer_and_serial.issuer.assign(issuer.encoding.begin(), issuer.encoding.end());
    der::Reader validity = der::Reader::inside(need(reader.expect(Tag::kSequence)));
    fields->not_before = read_time(need(validity.next()));
    fields->not_after = read_time(need(validity.next()));
    need(validity.finish());
    const der::Element subject = need(reader.expect(Tag::kSequence));
    fields->subject.assign(subject.encoding.begin(), subject.encoding.end());
    auto key = PublicKey::parse(need(reader.expect(Tag::kSequence)).encoding);
    if (!key) throw Malformed{key.error().why};
    fields->key = std::move(*key);
    for (const std::uint8_t unique_id : {std::uint8_t{1}, std::uint8_t{2}}) {
        if (!reader.next_is(der::context(unique_id, false))) continue;
        if (fields->version == 1) throw Malformed{"a unique identifier in a certificate of version 1"};
        need(reader.next());
    }
    if (reader.next_is(der::context(3, true))) {
        if (fields->version != 3) throw Malformed{"extensions in a certificate that is not of version 3"};
        der::Reader outer = der::Reader::inside(need(reader.next()));
        der::Reader extensions = der::Reader::inside(need(outer.expect(Tag::kSequence)));
        need(outer.finish());
        if (extensions.at_end()) throw Malformed{"a list of extensions without any"};
        std::set<std::string> seen;
        while (!extensions.at_end()) {
            der::Reader extension = der::Reader::inside(need(extensions.expect(Tag::kSequence)));
            const Bytes name = need(extension.expect(Tag::kObjectIdentifier)).content;
            if (!seen.insert(text_of(name)).second) throw Malformed{"an extension that is there twice"};
            if (extension.next_is(Tag::kBoolean) && need(extension.next()).content.front() == std::byte{0}) {
                throw Malformed{"a default value that is written out"};
            }
            const Bytes value = need(extension.expect(Tag::kOctetString)).content;
            need(extension.finish());
            fields->extensions.emplace_back(kept(name), kept(value));
            if (oid::is(name, oid::kSubjectAltName)) fields->names = read_names(value);
            if (oid::is(name, oid::kBasicConstraints)) fields->is_ca = read_is_ca(value);
        }
    }
    need(reader.finish());
    return Certificate(std::move(fields));
} catch (const Malformed& fault) {
    return malformed("certificate_malformed", "reading a certificate", fault.why,
                     "it is refused as it is: have it issued anew");
}

Bytes Certificate::der() const {
    return fields_->der;
}
const PublicKey& Certificate::public_key() const {
    return *fields_->key;
}
const IssuerAndSerial& Certificate::issuer_and_serial() const {
    return fields_->issuer_and_serial;
}
Bytes Certificate::subject() const {
    return fields_->subject;
}
Time Certificate::not_before() const {
    return fields_->not_before;
}
Time Certificate::not_after() const {
    return fields_->not_after;
}
bool Certificate::is_ca() const {
    return fields_->is_ca;
}
int Certificate::version() const {
    return fields_->version;
}
bool Certificate::is_self_issued() const {
    return fields_->subject == fields_->issuer_and_serial.issuer;
}
const std::vector<SubjectAltName>& Certificate::subject_alternative_names() const {
    return fields_->names;
}
std::optional<std::string> Certificate::signature_weakness() const {
    return fields_->signature_weakness;
}
std::optional<Bytes> Certificate::extension(Bytes oid) const {
    for (const auto& [name, value] : fields_->extensions) {
        if (std::ranges::equal(name, oid)) return value;
    }
    return std::nullopt;
}
bool Certificate::operator==(const Certificate& other) const {
    return fields_->der == other.fields_->der;
}

std::string Certificate::subject_text() const {
    return text_of_name(subject());
}

std::string Certificate::issuer_text() const {
    return text_of_name(issuer_and_serial().issuer);
}

std::string Certificate::serial_text() const {
    return text::hex(fields_->issuer_and_serial.serial);
}

std::optional<Pin> Certificate::pin(PinTarget target, PinForm form) const {
    if (target != PinTarget::kCertificate) return pin_of(public_key(), target, form);
    auto pin = Pin::from_octets(target, form, digest(form, der()));
    return pin ? std::optional(std::move(*pin)) : std::nullopt;
}

bool Certificate::matches(const Pin& pin) const {
    if (pin.target() != PinTarget::kCertificate) return x509::matches(public_key(), pin);
    return pin.form() == PinForm::kDer ? is_same(der(), pin) : is_same(digest(pin.form(), der()), pin);
}

std::optional<Pin> pin_of(const PublicKey& key, PinTarget target, PinForm form) {
    const auto octets = pinned_octets(key, target);
    if (!octets) return std::nullopt;
    auto pin = Pin::from_octets(target, form, digest(form, *octets));
    return pin ? std::optional(std::move(*pin)) : std::nullopt;
}

bool matches(const PublicKey& key, const Pin& pin) {
    const auto octets = pinned_octets(key, pin.target());
    if (!octets) return false;
    return pin.form() == PinForm::kDer ? is_same(*octets, pin) : is_same(digest(pin.form(), *octets), pin);
}

}  // namespace cotter::x509
