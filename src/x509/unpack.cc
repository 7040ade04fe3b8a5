// Unpacking PKCS#7 and encrypted PKCS#8, and choosing what is unpacked how. PKCS#12 is x509/pkcs12.cc.
#include "x509/unpack.h"

#include "der/reader.h"
#include "x509/oids.h"
#include "x509/openssl.h"
#include "x509/pkcs12.h"

#include <openssl/crypto.h>

namespace cotter::x509 {
namespace {

using der::Tag;

constexpr std::size_t kMostObjects = 256;

/// RFC 2315, 7 and 9.1, read by the strict reader alone, so that each certificate is the bytes that came.
expected<std::vector<Bytes>, der::DerError> certificates_in_pkcs7(Bytes der) {
    const auto info = der::read_single(der, Tag::kSequence);
    if (!info) return unexpected(info.error());
    der::Reader reader = der::Reader::inside(*info);
    const auto type = reader.expect(Tag::kObjectIdentifier);
    if (!type) return unexpected(type.error());
    if (!oid::is(type->content, oid::kPkcs7SignedData))
        return unexpected(der::DerError{"PKCS#7 of another kind than signed data", type->offset});
    const auto wrapped = reader.expect(der::context(0, true));
    if (!wrapped) return unexpected(wrapped.error());
    if (auto finished = reader.finish(); !finished) return unexpected(finished.error());
    der::Reader wrapper = der::Reader::inside(*wrapped);
    const auto signed_data = wrapper.expect(Tag::kSequence);
    if (!signed_data) return unexpected(signed_data.error());
    if (auto finished = wrapper.finish(); !finished) return unexpected(finished.error());
    der::Reader fields = der::Reader::inside(*signed_data);
    for (const Tag tag : {Tag::kInteger, Tag::kSet, Tag::kSequence}) {  // version, digest algorithms, content
        if (const auto field = fields.expect(tag); !field) return unexpected(field.error());
    }
    std::vector<Bytes> certificates;
    if (!fields.next_is(der::context(0, true))) return certificates;
    const auto set = fields.next();
    if (!set) return unexpected(set.error());
    for (der::Reader members = der::Reader::inside(*set); !members.at_end();) {
        const auto certificate = members.expect(Tag::kSequence);
        if (!certificate) return unexpected(certificate.error());
        certificates.push_back(certificate->encoding);
    }
    return certificates;
}

class Unpacker {
  public:
    Unpacker(std::string_view source, const AskPassphrase& ask) : source_(source), secrets_(ask) {}

    Result<void> take(PemBlock block) {
        if (block.label == "PKCS7" || block.label == "CMS" || block.label == "PKCS #7 SIGNED DATA")
            return take_pkcs7(block);
        if (block.label == "PKCS12") return take_all(open_pkcs12(block, source_, secrets_));
        if (block.label == "ENCRYPTED PRIVATE KEY") {
            auto key = decrypted_key(block, source_, secrets_);
            if (!key) return unexpected(key.error());
            blocks_.emplace_back("PRIVATE KEY", block.line, std::move(*key));
            return {};
        }
        blocks_.push_back(std::move(block));
        return {};
    }

    [[nodiscard]] std::vector<PemBlock> blocks() && { return std::move(blocks_); }

  private:
    Result<void> take_all(Result<std::vector<PemBlock>> inner) {
        if (!inner) return unexpected(inner.error());
        for (PemBlock& one : *inner) blocks_.push_back(std::move(one));
        return {};
    }

    Result<void> take_pkcs7(const PemBlock& block) {
        const auto certificates = certificates_in_pkcs7(block.der);
        if (!certificates) {
            return bad_input(source_, block.line,
                             "the PKCS#7 object can't be read: " + std::string(certificates.error().why) + " at byte " +
                                 std::to_string(certificates.error().offset),
                             "openssl pkcs7 -in FILE -print_certs -out PLAIN.crt");
        }
        if (certificates->empty()) return bad_input(source_, block.line, "the PKCS#7 object holds no certificate");
        if (certificates->size() > kMostObjects)
            return bad_input(source_, block.line, "the PKCS#7 object holds more certificates than any tool puts there");
        for (const Bytes der : *certificates)
            blocks_.emplace_back("CERTIFICATE", block.line, ByteVector(der.begin(), der.end()));
        return {};
    }

    std::string_view source_;
    Secrets secrets_;
    std::vector<PemBlock> blocks_;
};

}  // namespace

Passphrase::~Passphrase() {
    OPENSSL_cleanse(octets_.data(), octets_.size());
}

const char* Passphrase::data() const {
    // OpenSSL tells an empty passphrase from none by the pointer.
    return octets_.empty() ? "" : static_cast<const char*>(static_cast<const void*>(octets_.data()));
}

Result<std::vector<PemBlock>> unpacked(std::vector<PemBlock> blocks, std::string_view source,
                                       const AskPassphrase& ask) {
    Unpacker unpacker(source, ask);
    for (PemBlock& block : blocks) {
        if (auto taken = unpacker.take(std::move(block)); !taken) return unexpected(taken.error());
    }
    return std::move(unpacker).blocks();
}

}  // namespace cotter::x509
