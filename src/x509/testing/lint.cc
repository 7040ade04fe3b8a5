// The rules, one after the other over what der::Reader finds.
#include "x509/testing/lint.h"

#include "der/reader.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "x509/oids.h"

#include <algorithm>
#include <map>
#include <set>

namespace cotter::x509::testing {
namespace {

using der::Element;
using der::Reader;
using der::Tag;

/// What stops one lint: an element that isn't there.
struct Missing {
    std::string what;
};

template <class T>
T need(expected<T, der::DerError> value, std::string_view what) {
    if (!value) throw Missing{std::string(what) + ": " + std::string(value.error().why)};
    return *value;
}

std::string hex(Bytes octets) {
    return text::hex(octets);
}

struct Extension {
    bool is_critical;
    Bytes value;
};
using Extensions = std::map<std::string, Extension>;  // by the identifier's content in hex

constexpr std::string_view kSubjectKeyIdentifier = "551d0e";
constexpr std::string_view kKeyUsage = "551d0f";
constexpr std::string_view kSubjectAltName = "551d11";
constexpr std::string_view kBasicConstraints = "551d13";
constexpr std::string_view kCrlNumber = "551d14";
constexpr std::string_view kReasonCode = "551d15";
constexpr std::string_view kAuthorityKeyIdentifier = "551d23";
constexpr std::string_view kExtendedKeyUsage = "551d25";

class Linter {
  public:
    explicit Linter(const Certificate& issuer) : issuer_(issuer) {}

    std::vector<std::string> certificate(Bytes der, Role role) {
        run(der, [&](Reader body, Element signature) { read_certificate(body, signature, role); });
        return findings_;
    }
    std::vector<std::string> crl(Bytes der) {
        run(der, [&](Reader body, Element signature) { read_crl(body, signature); });
        return findings_;
    }

  private:
    template <class Read>
    void run(Bytes der, Read read) {
        try {
            if (const auto strict = der::check_strict(der); !strict)
                throw Missing{"it is not strict DER: " + std::string(strict.error().why)};
            Reader outer = Reader::inside(need(der::read_single(der, Tag::kSequence), "outer SEQUENCE"));
            const Element body = need(outer.expect(Tag::kSequence), "signed part");
            const Element signature = need(outer.expect(Tag::kSequence), "signatureAlgorithm");
            need(der::whole_octets(need(outer.expect(Tag::kBitString), "signature")), "signature without unused bits");
            check(outer.at_end(), "something stands after the signature");
            read(Reader::inside(body), signature);
        } catch (const Missing& missing) {
            findings_.push_back(missing.what);
        }
    }

    void check(bool holds, std::string finding) {
        if (!holds) findings_.push_back(std::move(finding));
    }

    void read_certificate(Reader body, const Element& outer_algorithm, Role role) {
        const Element version = need(body.expect(der::context(0, true)), "version");
        check(hex(version.content) == "020102", "the version is not 3");
        read_serial(need(body.expect(Tag::kInteger), "serialNumber"));
        read_algorithm(need(body.expect(Tag::kSequence), "signature"), outer_algorithm);
        const Element issuer = need(body.expect(Tag::kSequence), "issuer");
        check(std::ranges::equal(issuer.encoding, issuer_.subject()),
              "the issuer is not its issuer's subject, octet by octet");
        read_validity(Reader::inside(need(body.expect(Tag::kSequence), "validity")));
        read_name(need(body.expect(Tag::kSequence), "subject"));
        const Element key = need(body.expect(Tag::kSequence), "subjectPublicKeyInfo");
        const Element extensions =
            need(body.expect(der::context(3, true)), "extensions, and no unique identifiers before");
        check(body.at_end(), "something stands after the extensions");
        check_extensions(read_extensions(extensions), key, role);
    }

    void read_serial(const Element& serial) {
        const auto octets = der::unsigned_integer(serial);
        check(octets && !std::ranges::all_of(*octets, [](std::byte octet) { return octet == std::byte{0}; }),
              "the serial number is not positive");
        check(serial.content.size() >= 8, "the serial number has less than 64 bits");
        check(serial.content.size() <= 20, "the serial number has more than 20 octets");
    }

    void read_algorithm(const Element& inner, const Element& outer) {
        check(std::ranges::equal(inner.encoding, outer.encoding), "inner and outer signature algorithm differ");
        Reader fields = Reader::inside(inner);
        const Element name = need(fields.expect(Tag::kObjectIdentifier), "signature algorithm");
        const KeyType key = issuer_.public_key().type();
        const bool is_rsa = oid::is(name.content, oid::kSha256WithRsa) && key == KeyType::kRsa;
        const bool is_ecdsa = oid::is(name.content, oid::kEcdsaWithSha256) && key == KeyType::kEcP256;
        const bool is_edwards = oid::is(name.content, oid::kEd25519) && key == KeyType::kEd25519;
        check(is_rsa || is_ecdsa || is_edwards, "the signature algorithm doesn't suit the issuer's key");
        if (is_rsa) {
            check(fields.next_is(Tag::kNull), "RSA's parameters are not NULL");
        } else {
            check(fields.at_end(), "the signature algorithm has parameters");
        }
    }

    /// Compares as text: the years are those of RFC 5280 4.1.2.5, and both ends in the Z form.
    std::string read_time(const Element& time, const std::string& what) {
        const std::string text(reinterpret_cast<const char*>(time.content.data()), time.content.size());
        if (time.tag == Tag::kUtcTime) {
            check(text.size() == 13 && text.ends_with('Z'), what + " is no UTCTime of whole seconds in Z");
            return (text < "50" ? "20" : "19") + text;
        }
        check(time.tag == Tag::kGeneralizedTime, what + " is no time");
        check(text.size() == 15 && text.ends_with('Z'), what + " is no GeneralizedTime of whole seconds in Z");
        check(text >= "2050", what + " is a GeneralizedTime before 2050");
        return text;
    }

    void read_validity(Reader validity) {
        const std::string begin = read_time(need(validity.next(), "notBefore"), "notBefore");
        const std::string end = read_time(need(validity.next(), "notAfter"), "notAfter");
        check(begin < end, "it ends before it begins");
        check(validity.at_end(), "something stands after notAfter");
    }

    void read_name(const Element& name) {
        Reader parts = Reader::inside(name);
        check(!parts.at_end(), "the subject is empty");
        Reader set = Reader::inside(need(parts.expect(Tag::kSet), "RelativeDistinguishedName"));
        Reader pair = Reader::inside(need(set.expect(Tag::kSequence), "AttributeTypeAndValue"));
        check(hex(need(pair.expect(Tag::kObjectIdentifier), "attribute type").content) == "550403",
              "the subject is no common name");
        const Element value = need(pair.next(), "attribute value");
        check(value.tag == Tag::kUtf8String || value.tag == Tag::kPrintableString,
              "the common name is neither UTF8String nor PrintableString");
        const auto characters = std::ranges::count_if(
            value.content, [](std::byte octet) { return (octet & std::byte{0xc0}) != std::byte{0x80}; });
        check(characters >= 1 && characters <= 64, "the common name has not 1 to 64 characters");
        check(set.at_end() && parts.at_end() && pair.at_end(), "the subject has more than a common name");
    }

    Extensions read_extensions(const Element& wrapper) {
        Reader outer = Reader::inside(wrapper);
        Reader list = Reader::inside(need(outer.expect(Tag::kSequence), "Extensions"));
        check(outer.at_end(), "something stands beside the extensions");
        check(!list.at_end(), "the list of extensions is empty");
        return read_list(list);
    }

    Extensions read_list(Reader list) {
        Extensions extensions;
        while (!list.at_end()) {
            Reader extension = Reader::inside(need(list.expect(Tag::kSequence), "Extension"));
            const std::string name = hex(need(extension.expect(Tag::kObjectIdentifier), "extnID").content);
            bool is_critical = false;
            if (extension.next_is(Tag::kBoolean)) {
                is_critical = hex(need(extension.next(), "critical").content) == "ff";
                check(is_critical, "critical FALSE is written out, though it is the default");
            }
            const Element value = need(extension.expect(Tag::kOctetString), "extnValue");
            check(extension.at_end(), "something stands after an extension's value");
            check(der::check_strict(value.content).has_value(), "the extension " + name + " is not strict DER");
            check(extensions.emplace(name, Extension{is_critical, value.content}).second,
                  "the extension " + name + " stands twice");
        }
        return extensions;
    }

    /// The value of an extension that must be there, so critical.
    Bytes must_have(Extensions& extensions, std::string_view name, bool is_critical) {
        const auto found = extensions.find(std::string(name));
        if (found == extensions.end()) throw Missing{"the extension " + std::string(name) + " is missing"};
        check(found->second.is_critical == is_critical,
              "the extension " + std::string(name) + (is_critical ? " is not critical" : " is critical"));
        const Bytes value = found->second.value;
        extensions.erase(found);
        return value;
    }

    void check_extensions(Extensions extensions, const Element& key, Role role) {
        const std::string constraints = hex(must_have(extensions, kBasicConstraints, true));
        const std::string usage = hex(must_have(extensions, kKeyUsage, true));
        if (role == Role::kClient) {
            check(constraints == "3000", "basicConstraints are not CA:FALSE");
            check(usage == "03020780", "keyUsage is not digitalSignature alone");
            check_names(must_have(extensions, kSubjectAltName, false));
        } else {
            check(constraints.starts_with("30060101ff0201"), "basicConstraints are not CA:TRUE with a path length");
            check(usage == "03020106", "keyUsage is not keyCertSign and cRLSign alone");
        }
        if (role != Role::kRoot) {
            check(hex(must_have(extensions, kExtendedKeyUsage, false)) == "300a06082b06010505070302",
                  "extendedKeyUsage is not clientAuth alone");
            check_authority_key_identifier(must_have(extensions, kAuthorityKeyIdentifier, false));
        }
        check_subject_key_identifier(must_have(extensions, kSubjectKeyIdentifier, false), key);
        for (const auto& [name, extension] : extensions) check(false, "the extension " + name + " has no use here");
    }

    void check_names(Bytes value) {
        Reader names = Reader::inside(need(der::read_single(value, Tag::kSequence), "GeneralNames"));
        check(!names.at_end(), "the list of names is empty");
        const Element name = need(names.next(), "GeneralName");
        check(name.tag == der::context(6, false), "the name is no URI");
        const std::string uri(reinterpret_cast<const char*>(name.content.data()), name.content.size());
        check(uri.find(':') != std::string::npos &&
                  std::ranges::all_of(uri, [](char c) { return c > ' ' && c < '\x7f'; }),
              "the URI has no scheme, or characters that no URI has");
        check(names.at_end(), "there is more than one name");
    }

    void check_subject_key_identifier(Bytes value, const Element& key) {
        const Element identifier = need(der::read_single(value, Tag::kOctetString), "KeyIdentifier");
        Reader fields = Reader::inside(key);
        need(fields.next(), "algorithm");
        const Bytes bits =
            need(der::whole_octets(need(fields.expect(Tag::kBitString), "subjectPublicKey")), "subjectPublicKey");
        const auto digest = sha256(bits);
        check(std::ranges::equal(identifier.content, Bytes(digest).first(20)),
              "subjectKeyIdentifier is not of the key (RFC 7093 2)");
    }

    void check_authority_key_identifier(Bytes value) {
        Reader fields = Reader::inside(need(der::read_single(value, Tag::kSequence), "AuthorityKeyIdentifier"));
        const Element identifier = need(fields.expect(der::context(0, false)), "keyIdentifier");
        check(fields.at_end(), "authorityKeyIdentifier has more than a key identifier");
        const auto theirs = issuer_.extension(oid::content(oid::kSubjectKeyIdentifier));
        check(theirs && theirs->size() == identifier.content.size() + 2 &&
                  std::ranges::equal(theirs->subspan(2), identifier.content),
              "authorityKeyIdentifier is not its issuer's subjectKeyIdentifier");
    }

    void read_crl(Reader body, const Element& outer_algorithm) {
        check(hex(need(body.expect(Tag::kInteger), "version").content) == "01", "the version is not 2");
        read_algorithm(need(body.expect(Tag::kSequence), "signature"), outer_algorithm);
        const Element issuer = need(body.expect(Tag::kSequence), "issuer");
        check(std::ranges::equal(issuer.encoding, issuer_.subject()),
              "the issuer is not its issuer's subject, octet by octet");
        read_validity(Reader(body_until_next_update(body)));
        if (body.next_is(Tag::kSequence)) read_revoked(Reader::inside(need(body.next(), "revokedCertificates")));
        Extensions extensions = read_extensions(need(body.expect(der::context(0, true)), "crlExtensions"));
        check(body.at_end(), "something stands after the extensions");
        check_authority_key_identifier(must_have(extensions, kAuthorityKeyIdentifier, false));
        const Bytes number_value = must_have(extensions, kCrlNumber, false);
        const Element number = need(der::read_single(number_value, Tag::kInteger), "cRLNumber");
        check(der::unsigned_integer(number).has_value() && number.content.size() <= 20,
              "the number is negative, or has more than 20 octets");
        for (const auto& [name, extension] : extensions) check(false, "the extension " + name + " has no use here");
    }

    /// Takes the two times off `body`, and gives their octets.
    Bytes body_until_next_update(Reader& body) {
        const Element begin = need(body.next(), "thisUpdate");
        const Element end = need(body.next(), "nextUpdate");
        return {begin.encoding.data(), begin.encoding.size() + end.encoding.size()};
    }

    void read_revoked(Reader list) {
        check(!list.at_end(), "the list of revoked certificates is there, and empty");
        std::set<std::string> serials;
        while (!list.at_end()) {
            Reader entry = Reader::inside(need(list.expect(Tag::kSequence), "entry"));
            const Element serial = need(entry.expect(Tag::kInteger), "userCertificate");
            read_serial(serial);
            check(serials.insert(hex(serial.content)).second, "a serial number stands twice");
            static_cast<void>(read_time(need(entry.next(), "revocationDate"), "revocationDate"));
            if (entry.at_end()) continue;
            Extensions extensions = read_list(Reader::inside(need(entry.expect(Tag::kSequence), "crlEntryExtensions")));
            const std::string reason = hex(must_have(extensions, kReasonCode, false));
            check(reason != "0a0100", "the reason unspecified is written out (RFC 5280 5.3.1)");
            check(reason.size() == 6 && reason.starts_with("0a01") && reason != "0a0107" && reason <= "0a010a",
                  "the reason is none that there is");
            check(extensions.empty() && entry.at_end(), "an entry says more than serial number, date and reason");
        }
    }

    const Certificate& issuer_;
    std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> lint_certificate(Bytes der, Role role, const Certificate& issuer) {
    return Linter(issuer).certificate(der, role);
}

std::vector<std::string> lint_crl(Bytes der, const Certificate& issuer) {
    return Linter(issuer).crl(der);
}

}  // namespace cotter::x509::testing
