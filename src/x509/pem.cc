// PEM blocks, and the objects in them.
#include "x509/pem.h"

#include "files/files.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <iterator>

namespace cotter::x509 {
namespace {

struct Block {
    std::string label;
    std::size_t line = 0;
    ByteVector der;
};

unexpected<Error> bad_input(std::string_view source, std::size_t line, std::string why, std::string next = {}) {
    auto error = malformed("bad_pem", "reading " + text::escape(source, 300),
                           (line == 0 ? "" : "line " + std::to_string(line) + ": ") + std::move(why), std::move(next));
    error.error().place = Place{std::string(source), line == 0 ? std::nullopt : std::optional(line), {}, {}};
    return error;
}

/// Octets of a block's body: base64 with line breaks and blanks between.
std::optional<ByteVector> decode_body(std::string_view body) {
    std::string base64;
    std::ranges::copy_if(body, std::back_inserter(base64),
                         [](char c) { return c != '\n' && c != '\r' && c != ' ' && c != '\t'; });
    if (base64.empty() || base64.size() % 4 != 0) return std::nullopt;
    ByteVector der(base64.size() / 4 * 3);
    const int size =
        EVP_DecodeBlock(octets(std::span<std::byte>(der)), octets(as_bytes(base64)), static_cast<int>(base64.size()));
    if (size < 0) return std::nullopt;
    const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
    der.resize(static_cast<std::size_t>(size) - padding);
    return der;
}

Result<std::vector<Block>> split(std::string_view input, std::string_view source) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    constexpr std::string_view kDashes = "-----";
    std::vector<Block> blocks;
    std::size_t at = 0;
    while ((at = input.find(kBegin, at)) != std::string_view::npos) {
        const std::size_t line = static_cast<std::size_t>(std::ranges::count(input.substr(0, at), '\n')) + 1;
        const std::size_t label_at = at + kBegin.size();
        const std::size_t label_end = input.find(kDashes, label_at);
        if (label_end == std::string_view::npos ||
            input.substr(label_at, label_end - label_at).find('\n') != std::string_view::npos) {
            return bad_input(source, line, "a block's first line is cut");
        }
        const std::string label(input.substr(label_at, label_end - label_at));
        const std::string end_line = "-----END " + label + "-----";
        const std::size_t body_at = label_end + kDashes.size();
        const std::size_t end = input.find(end_line, body_at);
        if (end == std::string_view::npos)
            return bad_input(source, line, "the block " + text::escape(label, 60) + " has no end");
        const std::string_view body = input.substr(body_at, end - body_at);
        if (body.find("-----") != std::string_view::npos)
            return bad_input(source, line, "the block " + text::escape(label, 60) + " has no end");
        if (label == "ENCRYPTED PRIVATE KEY" || body.find("ENCRYPTED") != std::string_view::npos) {
            return bad_input(source, line, "the private key is encrypted",
                             "take its passphrase off: openssl pkey -in FILE -out PLAIN.key");
        }
        auto der = decode_body(body);
        if (!der) return bad_input(source, line, "the block " + text::escape(label, 60) + " is not base64");
        blocks.push_back({label, line, std::move(*der)});
        at = end + end_line.size();
    }
    return blocks;
}

bool is_pem(std::string_view input) {
    return input.find("-----BEGIN ") != std::string_view::npos;
}

std::string_view as_text(Bytes bytes) {
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

/// The blocks of PEM, or the whole input as one block of that label if it is DER.
Result<std::vector<Block>> blocks_of(Bytes input, std::string_view source, std::string_view der_label) {
    if (is_pem(as_text(input))) return split(as_text(input), source);
    if (input.empty() || input.front() != std::byte{0x30}) {
        return bad_input(source, 0, "it is neither PEM nor DER", "give a file that begins with -----BEGIN");
    }
    return std::vector<Block>{{std::string(der_label), 0, {input.begin(), input.end()}}};
}

Result<Certificate> certificate_of(const Block& block, std::string_view source) {
    auto certificate = Certificate::parse(block.der);
    if (!certificate)
        return bad_input(source, block.line, "the certificate is refused: " + certificate.error().why,
                         certificate.error().next);
    return certificate;
}

Result<PublicKey> key_of(EVP_PKEY* key, const Block& block, std::string_view source) {
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
Result<PublicKey> key_of_request(const Block& block, std::string_view source) {
    const unsigned char* at = octets(block.der);
    const X509ReqPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(block.der.size())));
    const bool is_whole = request && at == octets(block.der) + block.der.size();
    EVP_PKEY* const key = is_whole ? X509_REQ_get0_pubkey(request.get()) : nullptr;
    const bool is_proven = key != nullptr && X509_REQ_verify(request.get(), key) == 1;
    static_cast<void>(drain_error_queue());
    if (!is_proven) return bad_input(source, block.line, "the certificate request is not signed by its own key");
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request.get()), &der);
    if (size <= 0) return bad_input(source, block.line, "the request's key can't be read");
    auto parsed = PublicKey::parse(as_bytes(der, static_cast<std::size_t>(size)));
    OPENSSL_free(der);
    if (!parsed) return bad_input(source, block.line, parsed.error().why);
    return parsed;
}

Result<PinnableObject> object_of(const Block& block, std::string_view source) {
    const auto wrap = [](auto result) -> Result<PinnableObject> {
        if (!result) return unexpected(result.error());
        return PinnableObject(std::move(*result));
    };
    const unsigned char* at = octets(block.der);
    const auto size = static_cast<long>(block.der.size());
    if (block.label == "CERTIFICATE") return wrap(certificate_of(block, source));
    if (block.label == "CERTIFICATE REQUEST" || block.label == "NEW CERTIFICATE REQUEST")
        return wrap(key_of_request(block, source));
    if (block.label == "PUBLIC KEY") {
        auto key = PublicKey::parse(block.der);
        if (!key) return bad_input(source, block.line, key.error().why);
        return PinnableObject(std::move(*key));
    }
    if (block.label == "RSA PUBLIC KEY") {
        const EvpKeyPtr key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
        return wrap(key_of(key.get(), block, source));
    }
    if (block.label == "PRIVATE KEY" || block.label == "RSA PRIVATE KEY" || block.label == "EC PRIVATE KEY") {
        const EvpKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, size));
        return wrap(key_of(key.get(), block, source));
    }
    return bad_input(source, block.line,
                     "a block " + text::escape(block.label, 60) + " is no certificate, request or key",
                     block.label == "TRUSTED CERTIFICATE" ? "openssl x509 -in FILE -out PLAIN.crt" : "");
}

/// What one DER object is, found by trying: a certificate, a request, a public key, a private key.
std::string_view label_of_der(Bytes der) {
    if (Certificate::parse(der)) return "CERTIFICATE";
    if (PublicKey::parse(der)) return "PUBLIC KEY";
    const unsigned char* at = octets(der);
    const X509ReqPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    static_cast<void>(drain_error_queue());
    return request ? "CERTIFICATE REQUEST" : "PRIVATE KEY";
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

Result<std::vector<Certificate>> certificates_from(Bytes pem_or_der, std::string_view source) {
    const auto blocks = blocks_of(pem_or_der, source, "CERTIFICATE");
    if (!blocks) return unexpected(blocks.error());
    std::vector<Certificate> certificates;
    for (const Block& block : *blocks) {
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
    const auto blocks = blocks_of(pem_or_der, source, "X509 CRL");
    if (!blocks) return unexpected(blocks.error());
    std::vector<CertificateRevocationList> crls;
    for (const Block& block : *blocks) {
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
    const auto blocks = blocks_of(pem_or_der, source, is_pem(as_text(pem_or_der)) ? "" : label_of_der(pem_or_der));
    if (!blocks) return unexpected(blocks.error());
    std::vector<PinnableObject> objects;
    for (const Block& block : *blocks) {
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
    return read_file(path, pinnable_from);
}

std::string to_pem(const Certificate& certificate) {
    constexpr std::size_t kLine = 64;
    const std::string base64 = text::base64(certificate.der());
    std::string pem = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t at = 0; at < base64.size(); at += kLine) pem += base64.substr(at, kLine) + "\n";
    return pem + "-----END CERTIFICATE-----\n";
}

Result<std::vector<Pin>> pins_from_argument(std::string_view argument) {
    const bool is_certificate = argument.starts_with("cert:file:");
    if (!is_certificate && !argument.starts_with("file:")) {
        auto pins = PinSet::parse(argument);
        if (!pins) return unexpected(pins.error());
        return std::vector<Pin>(pins->begin(), pins->end());
    }
    const std::string path(argument.substr(is_certificate ? 10 : 5));
    auto objects = read_pinnable(path);
    if (!objects) return unexpected(objects.error());
    if (objects->size() != 1) {
        return bad_input(path, 0, "it holds " + std::to_string(objects->size()) + " objects, and one pin is of one",
                         "cotter pin " + text::escape(path, 300) + " prints the pins of each");
    }
    const auto* certificate = std::get_if<Certificate>(&objects->front());
    if (is_certificate && certificate == nullptr)
        return bad_input(path, 0, "it is a key, and cert:file: pins a certificate");
    const auto pin = is_certificate           ? certificate->pin(PinTarget::kCertificate, PinForm::kSha256)
                     : certificate != nullptr ? certificate->pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)
                                              : pin_of(std::get<PublicKey>(objects->front()),
                                                       PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    return std::vector<Pin>{*pin};
}

}  // namespace cotter::x509
