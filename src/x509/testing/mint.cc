// Minting certificates and CRLs by OpenSSL. A wish that can't be granted is a mistake in the test, so it ends the test.
#include "x509/testing/mint.h"

#include "x509/testing/mint_key.h"

#include <cotter/host_name.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

namespace cotter::x509::testing {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, FreeBy<ASN1_OBJECT_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, FreeBy<ASN1_OCTET_STRING_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, FreeBy<ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, FreeBy<X509_REVOKED_free>>;
using NamePtr = std::unique_ptr<X509_NAME, FreeBy<X509_NAME_free>>;

struct FreeOctets {
    void operator()(unsigned char* memory) const { OPENSSL_free(memory); }
};

/// What an i2d function writes of an object.
template <class Write, class Object>
ByteVector der_of(Write write, Object* object) {
    const int size = write(object, nullptr);
    must(size > 0, "encode an object");
    ByteVector der(static_cast<std::size_t>(size));
    unsigned char* at = octets(std::span<std::byte>(der));
    must(write(object, &at) == size, "encode an object");
    return der;
}

std::string written(const BioPtr& memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// The digest to sign with; an Edwards key has its own.
const EVP_MD* digest_for(const EVP_PKEY* key, const std::string& name) {
    const int kind = EVP_PKEY_get_base_id(key);
    if (kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448) return nullptr;
    const EVP_MD* digest = EVP_get_digestbyname(name.c_str());
    must(digest != nullptr, "find a digest");
    return digest;
}

TimePtr asn1_time(Time time) {
    TimePtr written_time(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(time)));
    must(written_time != nullptr, "write a time");
    return written_time;
}

/// A name of one common name, of any length and with any octet.
NamePtr name_of(const std::string& common_name) {
    NamePtr name(X509_NAME_new());
    must(
        name && X509_NAME_add_entry_by_NID(name.get(), NID_commonName, V_ASN1_UTF8STRING, octets(as_bytes(common_name)),
                                           static_cast<int>(common_name.size()), -1, 0) == 1,
        "write a common name");
    return name;
}

GENERAL_NAME* general_name(const SubjectAltName& san) {
    const bool is_address = san.type == SanType::kIpAddress;
    ASN1_STRING* value = is_address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    GENERAL_NAME* name = GENERAL_NAME_new();
    must(value && name && ASN1_STRING_set(value, san.value.data(), static_cast<int>(san.value.size())) == 1,
         "write a subject alternative name");
    switch (san.type) {
        case SanType::kDns: GENERAL_NAME_set0_value(name, GEN_DNS, value); break;
        case SanType::kIpAddress: GENERAL_NAME_set0_value(name, GEN_IPADD, value); break;
        case SanType::kUri: GENERAL_NAME_set0_value(name, GEN_URI, value); break;
        case SanType::kEmail: GENERAL_NAME_set0_value(name, GEN_EMAIL, value); break;
        case SanType::kOther: must(false, "write a name of another type");
    }
    return name;
}

X509Ptr decoded(const ByteVector& der) {
    const unsigned char* at = octets(der);
    X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    must(certificate != nullptr, "decode what was minted");
    return certificate;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& text) {
    if (text.empty()) return;
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str()));
    must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "add an extension");
}

ByteVector octets_of_hex(const std::string& hex) {
    long size = 0;
    const std::unique_ptr<unsigned char, FreeOctets> buffer(OPENSSL_hexstr2buf(hex.c_str(), &size));
    must(buffer != nullptr, "read an extension's hex");
    const Bytes bytes = as_bytes(buffer.get(), static_cast<std::size_t>(size));
    return {bytes.begin(), bytes.end()};
}

struct RawExtension {
    std::string oid;
    bool is_critical;
    std::string hex_value;
};

void add_extension(X509* certificate, const RawExtension& wish) {
    const auto value = octets_of_hex(wish.hex_value);
    const ObjectPtr object(OBJ_txt2obj(wish.oid.c_str(), 0));
    const OctetStringPtr content(ASN1_OCTET_STRING_new());
    must(object && content && ASN1_OCTET_STRING_set(content.get(), octets(value), static_cast<int>(value.size())) == 1,
         "write an extension");
    const ExtensionPtr extension(
        X509_EXTENSION_create_by_OBJ(nullptr, object.get(), wish.is_critical ? 1 : 0, content.get()));
    must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "add an extension");
}

void add_names(X509* certificate, const std::vector<SubjectAltName>& names) {
    if (names.empty()) return;
    const NamesPtr list(GENERAL_NAMES_new());
    must(list != nullptr, "list subject alternative names");
    for (const SubjectAltName& name : names) {
        must(sk_GENERAL_NAME_push(list.get(), general_name(name)) > 0, "list a subject alternative name");
    }
    must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, X509V3_ADD_APPEND) == 1,
         "add subject alternative names");
}

/// Positive, and its top bit never set.
std::int64_t random_serial() {
    std::array<std::byte, 7> octets_of_it{};
    must(RAND_bytes(octets(std::span<std::byte>(octets_of_it)), static_cast<int>(octets_of_it.size())) == 1,
         "draw a serial number");
    std::int64_t serial = 1;
    for (const std::byte octet : octets_of_it) serial = serial * 256 + std::to_integer<std::int64_t>(octet);
    return serial;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

}  // namespace

Certificate Minted::certificate() const {
    auto certificate = Certificate::parse(der_);
    if (!certificate) static_cast<void>(std::fprintf(stderr, "mint: %s\n", certificate.error().why.c_str()));
    must(certificate.has_value(), "read what was minted");
    return std::move(*certificate);
}

std::string Minted::pem() const {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    must(memory && PEM_write_bio_X509(memory.get(), decoded(der_).get()) == 1, "write a certificate");
    return written(memory);
}

std::string Minted::key_pem() const {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    must(memory && PEM_write_bio_PKCS8PrivateKey(memory.get(), key(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "write a private key");
    return written(memory);
}

struct Mint::Wishes {
    std::string common_name = "cotter test";
    std::vector<SubjectAltName> names;
    std::optional<Minted> issuer;
    MintKey kind = MintKey::kP256;
    std::shared_ptr<EVP_PKEY> key;
    std::string extended_key_usage;
    std::string key_usage;
    std::optional<bool> is_ca;
    int path_length = -1;
    int version = 3;
    std::optional<long> serial;
    Time from = kMintNow - std::chrono::days(1);
    Time until = kMintNow + std::chrono::days(365);
    std::string digest = "SHA256";
    std::vector<RawExtension> extensions;
    std::string name_constraints;
};

Mint mint() {
    Mint mint;
    mint.wishes_ = std::make_shared<Mint::Wishes>();
    return mint;
}

Mint& Mint::leaf(std::string dns_name) {
    common_name(dns_name);
    san_dns(std::move(dns_name));
    key_usage("digitalSignature");
    extended_key_usage({"serverAuth", "clientAuth"});
    return is_ca(false);
}

Mint& Mint::authority(std::string name, int path_length) {
    common_name(std::move(name));
    key_usage("keyCertSign,cRLSign");
    wishes_->path_length = path_length;
    return is_ca(true);
}

Mint& Mint::signed_by(const Minted& issuer) {
    wishes_->issuer = issuer;
    return *this;
}

Mint& Mint::key(MintKey kind) {
    wishes_->kind = kind;
    return *this;
}

Mint& Mint::reuse_key(std::shared_ptr<EVP_PKEY> key) {
    wishes_->key = std::move(key);
    return *this;
}

Mint& Mint::san_dns(std::string name) {
    wishes_->names.push_back({SanType::kDns, std::move(name)});
    return *this;
}

Mint& Mint::san_ip(std::string literal) {
    const auto address = IpAddress::parse(literal);
    must(address.has_value(), "read an address");
    SubjectAltName name{SanType::kIpAddress, {}};
    for (const std::byte octet : address->octets()) name.value += static_cast<char>(octet);
    wishes_->names.push_back(std::move(name));
    return *this;
}

Mint& Mint::san_uri(std::string uri) {
    wishes_->names.push_back({SanType::kUri, std::move(uri)});
    return *this;
}

Mint& Mint::san_email(std::string address) {
    wishes_->names.push_back({SanType::kEmail, std::move(address)});
    return *this;
}

Mint& Mint::no_san() {
    wishes_->names.clear();
    return *this;
}

Mint& Mint::common_name(std::string name) {
    wishes_->common_name = std::move(name);
    return *this;
}

Mint& Mint::extended_key_usage(std::vector<std::string> short_names) {
    wishes_->extended_key_usage = joined(short_names);
    return *this;
}

Mint& Mint::key_usage(std::string openssl_text) {
    wishes_->key_usage = std::move(openssl_text);
    return *this;
}

Mint& Mint::is_ca(bool value) {
    wishes_->is_ca = value;
    return *this;
}

Mint& Mint::version(int version) {
    wishes_->version = version;
    return *this;
}

Mint& Mint::serial(long serial) {
    wishes_->serial = serial;
    return *this;
}

Mint& Mint::valid(Time from, Time until) {
    wishes_->from = from;
    wishes_->until = until;
    return *this;
}

Mint& Mint::expired() {
    return valid(kMintNow - std::chrono::days(30), kMintNow - std::chrono::days(1));
}

Mint& Mint::not_yet_valid() {
    return valid(kMintNow + std::chrono::days(1), kMintNow + std::chrono::days(30));
}

Mint& Mint::digest(std::string name) {
    wishes_->digest = std::move(name);
    return *this;
}

Mint& Mint::extension(std::string oid, bool critical, std::string hex_value) {
    wishes_->extensions.push_back({std::move(oid), critical, std::move(hex_value)});
    return *this;
}

Mint& Mint::name_constraints(std::string openssl_text) {
    wishes_->name_constraints = std::move(openssl_text);
    return *this;
}

Minted Mint::make() const {
    const Wishes& wishes = *wishes_;
    const std::shared_ptr<EVP_PKEY> key =
        wishes.key ? wishes.key : std::shared_ptr<EVP_PKEY>(generate_key(wishes.kind));
    const X509Ptr certificate(X509_new());
    must(certificate && X509_set_version(certificate.get(), wishes.version - 1) == 1, "begin a certificate");

    const std::int64_t serial = wishes.serial ? *wishes.serial : random_serial();
    must(ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate.get()), serial) == 1, "set a serial number");
    must(X509_set1_notBefore(certificate.get(), asn1_time(wishes.from).get()) == 1 &&
             X509_set1_notAfter(certificate.get(), asn1_time(wishes.until).get()) == 1,
         "set a validity");
    must(X509_set_subject_name(certificate.get(), name_of(wishes.common_name).get()) == 1, "set a subject");
    must(X509_set_pubkey(certificate.get(), key.get()) == 1, "set a public key");
    const X509Ptr issuer = wishes.issuer ? decoded(wishes.issuer->der()) : nullptr;
    X509* const signer = issuer ? issuer.get() : certificate.get();
    must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1, "set an issuer");

    if (wishes.version >= 3) {
        if (wishes.is_ca) {
            std::string constraints = *wishes.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
            if (wishes.path_length >= 0) constraints += ",pathlen:" + std::to_string(wishes.path_length);
            add_extension(certificate.get(), signer, NID_basic_constraints, constraints);
        }
        add_extension(certificate.get(), signer, NID_key_usage,
                      wishes.key_usage.empty() ? "" : "critical," + wishes.key_usage);
        add_extension(certificate.get(), signer, NID_ext_key_usage, wishes.extended_key_usage);
        add_extension(certificate.get(), signer, NID_name_constraints,
                      wishes.name_constraints.empty() ? "" : "critical," + wishes.name_constraints);
        add_names(certificate.get(), wishes.names);
    }
    for (const RawExtension& extension : wishes.extensions) add_extension(certificate.get(), extension);

    EVP_PKEY* const signing_key = wishes.issuer ? wishes.issuer->key() : key.get();
    must(X509_sign(certificate.get(), signing_key, digest_for(signing_key, wishes.digest)) > 0, "sign a certificate");
    return {key, der_of(i2d_X509, certificate.get())};
}

namespace {

X509CrlPtr signed_crl(const Minted& issuer, const std::vector<Certificate>& revoked, Time this_update, Time next_update,
                      long crl_number) {
    X509CrlPtr crl(X509_CRL_new());
    must(crl && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1, "begin a CRL");
    must(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(decoded(issuer.der()).get())) == 1,
         "set a CRL's issuer");
    must(X509_CRL_set1_lastUpdate(crl.get(), asn1_time(this_update).get()) == 1 &&
             X509_CRL_set1_nextUpdate(crl.get(), asn1_time(next_update).get()) == 1,
         "set a CRL's times");
    for (const Certificate& one : revoked) {
        RevokedPtr entry(X509_REVOKED_new());
        const X509Ptr certificate = decoded({one.der().begin(), one.der().end()});
        must(entry && X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(certificate.get())) == 1 &&
                 X509_REVOKED_set_revocationDate(entry.get(), asn1_time(this_update).get()) == 1 &&
                 X509_CRL_add0_revoked(crl.get(), entry.get()) == 1,
             "list a revoked certificate");
        static_cast<void>(entry.release());
    }
    X509_CRL_sort(crl.get());
    const IntegerPtr number(ASN1_INTEGER_new());
    must(number && ASN1_INTEGER_set(number.get(), crl_number) == 1 &&
             X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, 0) == 1,
         "number a CRL");
    must(X509_CRL_sign(crl.get(), issuer.key(), digest_for(issuer.key(), "SHA256")) > 0, "sign a CRL");
    return crl;
}

}  // namespace

CertificateRevocationList mint_crl(const Minted& issuer, const std::vector<Certificate>& revoked, Time this_update,
                                   Time next_update, long number) {
    auto crl = CertificateRevocationList::parse(
        der_of(i2d_X509_CRL, signed_crl(issuer, revoked, this_update, next_update, number).get()));
    must(crl.has_value(), "read a minted CRL");
    return std::move(*crl);
}

std::string mint_crl_pem(const Minted& issuer, const std::vector<Certificate>& revoked, Time this_update,
                         Time next_update) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    must(memory &&
             PEM_write_bio_X509_CRL(memory.get(), signed_crl(issuer, revoked, this_update, next_update, 1).get()) == 1,
         "write a CRL");
    return written(memory);
}

}  // namespace cotter::x509::testing
