// Writing just enough DER to change a certificate's parts.
#include "x509/testing/der_parts.h"

#include <cstdlib>

namespace cotter::x509::testing {
namespace {

ByteVector copy(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

/// The elements of one level; ends the test if these bytes are not DER.
std::vector<der::Element> elements_of(der::Reader reader) {
    std::vector<der::Element> elements;
    while (!reader.at_end()) {
        const auto element = reader.next();
        if (!element) std::abort();
        elements.push_back(*element);
    }
    return elements;
}

}  // namespace

ByteVector tlv(der::Tag tag, Bytes content) {
    ByteVector der{static_cast<std::byte>(tag)};
    const std::size_t size = content.size();
    if (size > 0xffff) std::abort();
    if (size > 0xff) {
        der.push_back(std::byte{0x82});
        der.push_back(static_cast<std::byte>(size >> 8U));
    } else if (size > 0x7f) {
        der.push_back(std::byte{0x81});
    }
    der.push_back(static_cast<std::byte>(size & 0xffU));
    der.insert(der.end(), content.begin(), content.end());
    return der;
}

ByteVector tlv(der::Tag tag, std::string_view content) {
    return tlv(tag, as_bytes(content));
}

ByteVector octets_of(std::initializer_list<unsigned> octets) {
    ByteVector result;
    for (const unsigned octet : octets) result.push_back(static_cast<std::byte>(octet));
    return result;
}

ByteVector joined(const std::vector<ByteVector>& parts) {
    ByteVector result;
    for (const ByteVector& part : parts) result.insert(result.end(), part.begin(), part.end());
    return result;
}

DerParts DerParts::of(Bytes certificate) {
    const auto outer = elements_of(der::Reader(certificate));
    const auto three = elements_of(der::Reader::inside(outer.at(0)));
    DerParts parts;
    for (const der::Element& element : elements_of(der::Reader::inside(three.at(0)))) {
        parts.signed_part.push_back(copy(element.encoding));
    }
    parts.algorithm = copy(three.at(1).encoding);
    parts.signature = copy(three.at(2).encoding);
    return parts;
}

void DerParts::sign(EVP_PKEY* key) {
    const ByteVector body = tlv(der::Tag::kSequence, joined(signed_part));
    const std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    ByteVector made(512);
    std::size_t size = made.size();
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), octets(std::span<std::byte>(made)), &size, octets(body), body.size()) != 1) {
        std::abort();
    }
    made.resize(size);
    signature = tlv(der::Tag::kBitString, joined({octets_of({0}), made}));
}

ByteVector DerParts::der() const {
    return tlv(der::Tag::kSequence, joined({tlv(der::Tag::kSequence, joined(signed_part)), algorithm, signature}));
}

}  // namespace cotter::x509::testing
