// The objects in PEM blocks, and the pins of files.
#include "x509/pem.h"

#include "der/reader.h"
#include "files/files.h"
#include "text/escape.h"
#include "x509/openssl.h"
#include "x509/strict_parts.h"

#include <openssl/pem.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using der::Tag;

Result<Certificate> certificate_of(const PemBlock& block, std::string_view source) {
    auto certificate = Certificate::parse(block.der);
    if (!certificate)
        return bad_input(source, block.line, "the certificate is refused: " + certificate.error().why,
                         certificate.error().next);
    return certificate;
}

Result<PublicKey> key_of(EVP_PKEY* key, const PemBlock& block, std::string_view source) {
    unsigned char* der = nullptr;
    const int size = key == nullptr ? 0 : i2d_PUBKEY(key, &der);
    static_cast<void>(drain_error_queue());
    if (size <= 0) return bad_input(source, block.line, "the key can't be read");
    auto parsed = PublicKey::parse(as_bytes(der, static_cast<std::size_t>(size)));
    OPENSSL_free(der);
    if (!parsed) return bad_input(source, block.line, parsed.error().why);
    return parsed;
}

/// The key of a CSR as it stands in the request, whose signature by that key must hold (RFC 2986).
Result<PublicKey> key_of_request(const PemBlock& block, std::string_view source) {
    const auto not_der = [&](const der::DerError& fault) {
        return bad_input(source, block.line,
                         "the certificate request is not strict DER: " + std::string(fault.why) + " at byte " +
                             std::to_string(fault.offset));
    };
    if (auto strict = der::check_strict(block.der); !strict) return not_der(strict.error());
    const auto request_element = der::read_single(block.der, Tag::kSequence);
    if (!request_element) return not_der(request_element.error());
    const auto signed_part = der::Reader::inside(*request_element).expect(Tag::kSequence);
    if (!signed_part) return not_der(signed_part.error());
    der::Reader fields = der::Reader::inside(*signed_part);
    for (const Tag tag : {Tag::kInteger, Tag::kSequence}) {  // version, subject
        if (const auto element = fields.expect(tag); !element) return not_der(element.error());
    }
    const auto key_element = fields.expect(Tag::kSequence);
    if (!key_element) return not_der(key_element.error());
    auto key = PublicKey::parse(key_element->encoding);
    if (!key) return bad_input(source, block.line, key.error().why);

    const unsigned char* at = octets(block.der);
    const X509ReqPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(block.der.size())));
    EVP_PKEY* const signer = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
    const bool is_proven = signer != nullptr && X509_REQ_verify(request.get(), signer) == 1;
    static_cast<void>(drain_error_queue());
    if (!is_proven) return bad_input(source, block.line, "the certificate request is not signed by its own key");
    return key;
}

/// Why the signature of a certificate request is too weak to prove anything (RFC 2986 4.2), else nothing.
std::optional<std::string> weakness_of_request(Bytes request) {
    try {
        der::Reader fields = der::Reader::inside(need(der::read_single(request, Tag::kSequence)));
        need(fields.expect(Tag::kSequence));
        return weakness_of_signature(need(fields.expect(Tag::kSequence)));
    } catch (const Malformed& fault) {
        return fault.why;
    }
}

bool is_request(const PemBlock& block) {
    return block.label == "CERTIFICATE REQUEST" || block.label == "NEW CERTIFICATE REQUEST";
}

Result<PinnableObject> object_of(const PemBlock& block, std::string_view source) {
    const auto wrap = [](auto result) -> Result<PinnableObject> {
        if (!result) return unexpected(result.error());
        return PinnableObject(std::move(*result));
    };
    const unsigned char* at = octets(block.der);
    const auto size = static_cast<long>(block.der.size());
    if (block.label == "CERTIFICATE") return wrap(certificate_of(block, source));
    if (is_request(block)) return wrap(key_of_request(block, source));
    if (block.label == "PUBLIC KEY") {
        auto key = PublicKey::parse(block.der);
        if (!key) return bad_input(source, block.line, key.error().why);
        return PinnableObject(std::move(*key));
    }
    const bool is_private = is_private_key(block.label);
    if (is_private || block.label == "RSA PUBLIC KEY") {
        const EvpKeyPtr key(is_private ? d2i_AutoPrivateKey(nullptr, &at, size)
                                       : d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
        const bool is_whole = at == octets(block.der) + block.der.size();
        return wrap(key_of(is_whole ? key.get() : nullptr, block, source));
    }
    if (block.label == "ENCRYPTED PRIVATE KEY")
        return bad_input(source, block.line, "the private key is encrypted",
                         "take its passphrase off: openssl pkey -in FILE -out PLAIN.key");
    return bad_input(source, block.line,
                     "a block " + text::escape(block.label, 60) + " is no certificate, request or key",
                     block.label == "TRUSTED CERTIFICATE" ? "openssl x509 -in FILE -out PLAIN.crt" : "");
}

template <class Read>
auto read_file(const std::string& path, Read read) -> decltype(read(Bytes(), path)) {
    auto content = files::read(path);
    if (!content) return unexpected(content.error());
    auto result = read(*content, path);
    OPENSSL_cleanse(content->data(), content->size());
    return result;
}

}  // namespace

const PublicKey& key_of(const PinnableObject& object) {
    const auto* const certificate = std::get_if<Certificate>(&object);
    return certificate != nullptr ? certificate->public_key() : std::get<PublicKey>(object);
}

Result<std::vector<Certificate>> certificates_from(Bytes pem_or_der, std::string_view source) {
    const auto blocks = pem_blocks(pem_or_der, source);
    if (!blocks) return unexpected(blocks.error());
    std::vector<Certificate> certificates;
    for (const PemBlock& block : *blocks) {
        if (block.label != "CERTIFICATE") {
            return bad_input(source, block.line,
                             "a block " + text::escape(block.label, 60) + " where only certificates are taken",
                             block.label == "TRUSTED CERTIFICATE" ? "openssl x509 -in FILE -out PLAIN.crt" : "");
        }
        auto certificate = certificate_of(block, source);
        if (!certificate) return unexpected(certificate.error());
        certificates.push_back(std::move(*certificate));
    }
    if (certificates.empty()) return bad_input(source, 0, "it holds no certificate");
    return certificates;
}

Result<std::vector<CertificateRevocationList>> crls_from(Bytes pem_or_der, std::string_view source) {
    const auto blocks = pem_blocks(pem_or_der, source);
    if (!blocks) return unexpected(blocks.error());
    std::vector<CertificateRevocationList> crls;
    for (const PemBlock& block : *blocks) {
        if (block.label != "X509 CRL")
            return bad_input(source, block.line,
                             "a block " + text::escape(block.label, 60) + " where only CRLs are taken");
        auto crl = CertificateRevocationList::parse(block.der);
        if (!crl) return bad_input(source, block.line, crl.error().why);
        crls.push_back(std::move(*crl));
    }
    if (crls.empty()) return bad_input(source, 0, "it holds no CRL");
    return crls;
}

Result<std::vector<PinnableObject>> pinnable_from(Bytes pem_or_der, std::string_view source) {
    const auto blocks = pem_blocks(pem_or_der, source);
    if (!blocks) return unexpected(blocks.error());
    return pinnable_from(*blocks, source);
}

Result<std::vector<PinnableObject>> pinnable_from(const std::vector<PemBlock>& blocks, std::string_view source) {
    std::vector<PinnableObject> objects;
    for (const PemBlock& block : blocks) {
        if (block.label == "EC PARAMETERS") continue;  // openssl ecparam writes it before the key
        auto object = object_of(block, source);
        if (!object) return unexpected(object.error());
        objects.push_back(std::move(*object));
    }
    if (objects.empty()) return bad_input(source, 0, "it holds no certificate, request or key");
    return objects;
}

Result<std::vector<Certificate>> read_certificates(const std::string& path) {
    return read_file(path, certificates_from);
}
Result<std::vector<CertificateRevocationList>> read_crls(const std::string& path) {
    return read_file(path, crls_from);
}
Result<std::vector<PinnableObject>> read_pinnable(const std::string& path) {
    return read_file(path, [](Bytes content, std::string_view source) { return pinnable_from(content, source); });
}

Result<PublicKey> request_key_from(Bytes pem_or_der, std::string_view source) {
    const auto blocks = pem_blocks(pem_or_der, source);
    if (!blocks) return unexpected(blocks.error());
    if (blocks->size() != 1 || !is_request(blocks->front())) {
        return bad_input(source, 0, "it is not one certificate request",
                         "openssl req -new -key NAME.key -subj /CN=NAME -out NAME.csr");
    }
    const PemBlock& block = blocks->front();
    auto key = key_of_request(block, source);
    if (!key) return key;
    const auto weakness = weakness_of_request(block.der);
    if (weakness)
        return bad_input(source, block.line, "its signature proves nothing: " + *weakness,
                         "openssl req -new -sha256 …");
    return key;
}

Result<PublicKey> read_request_key(const std::string& path) {
    return read_file(path, request_key_from);
}

std::string to_pem(const Certificate& certificate) {
    return pem_text("CERTIFICATE", certificate.der());
}

namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kCertificateFile = "cert:file:";

/// The pin of the one object in a file.
Result<Pin> pin_of_file(const std::string& path, PinTarget target) {
    auto objects = read_pinnable(path);
    if (!objects) return unexpected(objects.error());
    if (objects->size() != 1) {
        return bad_input(path, 0, "it holds " + std::to_string(objects->size()) + " objects, and one pin is of one",
                         "cotter pin " + text::escape(path, 300) + " prints the pins of each");
    }
    const auto* certificate = std::get_if<Certificate>(&objects->front());
    if (target == PinTarget::kCertificate && certificate == nullptr)
        return bad_input(path, 0, "it is a key, and cert:file: pins a certificate",
                         "write file:PATH to pin the key, or give a certificate");
    auto pin = certificate != nullptr ? certificate->pin(target, PinForm::kSha256)
                                      : pin_of(std::get<PublicKey>(objects->front()), target, PinForm::kSha256);
    if (!pin) return bad_input(path, 0, "its object can't be pinned");
    return std::move(*pin);
}

}  // namespace

Result<std::vector<Pin>> pins_from_argument(std::string_view argument) {
    PinSet pins;
    for (std::size_t begin = 0;;) {
        const std::size_t end = std::min(argument.find(';', begin), argument.size());
        const std::string_view one = argument.substr(begin, end - begin);
        auto pin = one.starts_with(kCertificateFile)
                       ? pin_of_file(std::string(one.substr(kCertificateFile.size())), PinTarget::kCertificate)
                   : one.starts_with(kFile)
                       ? pin_of_file(std::string(one.substr(kFile.size())), PinTarget::kSubjectPublicKeyInfo)
                       : Pin::parse(one);
        if (!pin) {
            auto error = std::move(pin.error());
            if (error.place && error.place->offset) *error.place->offset += begin;
            return unexpected(std::move(error));
        }
        pins.insert(std::move(*pin));
        if (end == argument.size()) return std::vector<Pin>(pins.begin(), pins.end());
        begin = end + 1;
    }
}

}  // namespace cotter::x509
