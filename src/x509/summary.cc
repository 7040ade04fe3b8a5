// Telling what objects are. Extensions are in x509/summary_extensions.cc.
#include "x509/summary.h"

#include "text/escape.h"
#include "text/time.h"
#include "x509/name_text.h"
#include "x509/openssl.h"
#include "x509/summary_extensions.h"
#include "x509/unpack.h"
#include "x509/weak_rsa.h"

#include <openssl/ocsp.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <ctime>

namespace cotter::x509 {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, FreeBy<PKCS12_free>>;
using SignaturePtr = std::unique_ptr<X509_SIG, FreeBy<X509_SIG_free>>;
using OcspResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeBy<OCSP_RESPONSE_free>>;
using OcspBasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeBy<OCSP_BASICRESP_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
using SslText = std::unique_ptr<char, decltype([](char* text) { OPENSSL_free(text); })>;

/// Reads all of the block as one object of OpenSSL's.
template <class Ptr, class Read>
Ptr decoded(const PemBlock& block, Read read) {
    const unsigned char* at = octets(block.der);
    Ptr object(read(nullptr, &at, static_cast<long>(block.der.size())));
    static_cast<void>(drain_error_queue());
    return object && at == octets(block.der) + block.der.size() ? std::move(object) : nullptr;
}

std::optional<Time> time_of(const ASN1_TIME* time) {
    std::tm fields{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) return std::nullopt;
    return std::chrono::sys_days(std::chrono::year(fields.tm_year + 1900) / (fields.tm_mon + 1) / fields.tm_mday) +
           std::chrono::hours(fields.tm_hour) + std::chrono::minutes(fields.tm_min) +
           std::chrono::seconds(fields.tm_sec);
}

std::string text_of(const std::optional<Time>& time) {
    return time ? text::rfc3339(*time) : "?";
}

std::string hex_of(const ASN1_INTEGER* number) {
    const NumberPtr value(number == nullptr ? nullptr : ASN1_INTEGER_to_BN(number, nullptr));
    const SslText hex(value && BN_num_bits(value.get()) < 4096 ? BN_bn2hex(value.get()) : nullptr);
    if (!hex) return "?";
    std::string text = hex.get();
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    return text;
}

std::string algorithm_name(const X509_ALGOR* algorithm) {
    const ASN1_OBJECT* object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
    const int known = OBJ_obj2nid(object);
    return known == NID_undef ? "unknown" : OBJ_nid2ln(known);
}

class Summarizer {
  public:
    Summarizer(const PemBlock& block, Time now) : block_(block), now_(now) {}

    std::optional<Summary> run() {
        const std::string_view label = block_.label;
        if (label == "CERTIFICATE") {
            certificate();
        } else if (label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST") {
            request();
        } else if (label == "X509 CRL") {
            revocation_list();
        } else if (label == "OCSP RESPONSE") {
            ocsp_response();
        } else if (label == "PKCS7" || label == "CMS") {
            pkcs7();
        } else if (label == "PKCS12") {
            pkcs12();
        } else if (label == "ENCRYPTED PRIVATE KEY") {
            encrypted_key();
        } else if (label == "PUBLIC KEY") {
            summary_.kind = "public key";
            key(block_.der);
        } else if (is_private_key(label) || label == "RSA PUBLIC KEY") {
            key_of_openssl(label);
        } else {
            return std::nullopt;
        }
        return std::move(summary_);
    }

  private:
    void fact(std::string name, std::string value) { summary_.facts.emplace_back(std::move(name), std::move(value)); }
    void problem(std::string what) { summary_.problems.push_back(std::move(what)); }
    void unreadable() { problem("it can't be read as what it looks like"); }

    void key(Bytes spki) {
        const auto parsed = PublicKey::parse(spki);
        if (!parsed) return problem("the key is refused: " + parsed.error().why);
        fact("key", parsed->description());
        if (const auto pin = pin_of(*parsed, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256))
            fact("pin", pin->to_string());
        if (const auto weakness = weakness_on_inspection(*parsed)) problem(*weakness);
        if (parsed->reencodes_differently())
            problem("the key is encoded in an unusual way; pins of it that other tools make will differ");
    }

    void key_of(const X509_PUBKEY* public_key) {
        unsigned char* der = nullptr;
        const int size = public_key == nullptr ? 0 : i2d_X509_PUBKEY(public_key, &der);
        static_cast<void>(drain_error_queue());
        if (size <= 0) return problem("the key can't be read");
        key(as_bytes(der, static_cast<std::size_t>(size)));
        OPENSSL_free(der);
    }

    void key_of_openssl(std::string_view label) {
        summary_.kind = label == "RSA PUBLIC KEY" ? "public key" : "private key";
        const auto key = decoded<EvpKeyPtr>(block_, [&](EVP_PKEY** into, const unsigned char** at, long size) {
            return label == "RSA PUBLIC KEY" ? d2i_PublicKey(EVP_PKEY_RSA, into, at, size)
                                             : d2i_AutoPrivateKey(into, at, size);
        });
        X509_PUBKEY* half = nullptr;
        if (!key || X509_PUBKEY_set(&half, key.get()) != 1) return unreadable();
        key_of(half);
        X509_PUBKEY_free(half);
    }

    void extensions(const STACK_OF(X509_EXTENSION) * list) {
        for (int i = 0; i < sk_X509_EXTENSION_num(list); ++i) {
            ExtensionSummary extension = summary_of(*sk_X509_EXTENSION_value(list, i));
            if (has_name_with_control(*sk_X509_EXTENSION_value(list, i)))
                problem("a name in its extension " + (extension.name.empty() ? extension.oid : extension.name) +
                        " has a control character");
            summary_.extensions.push_back(std::move(extension));
        }
    }

    void validity(const std::optional<Time>& from, const std::optional<Time>& until) {
        if (from && now_ < *from) problem("it is not valid yet");
        if (until && now_ > *until) problem("it has expired");
    }

    void certificate() {
        summary_.kind = "certificate";
        const auto strict = Certificate::parse(block_.der);
        if (!strict) problem("cotter refuses it: " + strict.error().why);
        const auto lenient = decoded<X509Ptr>(block_, d2i_X509);
        if (!lenient) return unreadable();
        const auto from = time_of(X509_get0_notBefore(lenient.get()));
        const auto until = time_of(X509_get0_notAfter(lenient.get()));
        fact("version", std::to_string(X509_get_version(lenient.get()) + 1));
        fact("serial", strict ? strict->serial_text() : hex_of(X509_get0_serialNumber(lenient.get())));
        fact("signature_algorithm", algorithm_name(X509_get0_tbs_sigalg(lenient.get())));
        fact("issuer", name_text(X509_get_issuer_name(lenient.get())));
        fact("subject", name_text(X509_get_subject_name(lenient.get())));
        fact("not_before", text_of(from));
        fact("not_after", text_of(until));
        key_of(X509_get_X509_PUBKEY(lenient.get()));
        extensions(X509_get0_extensions(lenient.get()));
        validity(from, until);
        if (!strict) return;
        fact("certificate_pin", strict->pin(PinTarget::kCertificate, PinForm::kSha256)->to_string());
        fact("is_ca", strict->is_ca() ? "true" : "false");
        for (const SubjectAltName& name : strict->subject_alternative_names())
            summary_.names.push_back(name.to_string());
        if (const auto weakness = strict->signature_weakness(); weakness && !strict->is_self_issued())
            problem(*weakness);
        if (summary_.names.empty() && !strict->is_ca())
            problem("it has no subject alternative name, and a common name never counts as a host's");
        if (strict->version() != 3 && strict->is_self_issued())
            problem("it is of version " + std::to_string(strict->version()) + ", which can't be an issuer");
    }

    void request() {
        summary_.kind = "certificate request";
        const auto request = decoded<X509ReqPtr>(block_, d2i_X509_REQ);
        if (!request) return unreadable();
        const X509_ALGOR* algorithm = nullptr;
        X509_REQ_get0_signature(request.get(), nullptr, &algorithm);
        fact("subject", name_text(X509_REQ_get_subject_name(request.get())));
        fact("signature_algorithm", algorithm_name(algorithm));
        key_of(X509_REQ_get_X509_PUBKEY(request.get()));
        STACK_OF(X509_EXTENSION)* const wanted = X509_REQ_get_extensions(request.get());
        extensions(wanted);
        sk_X509_EXTENSION_pop_free(wanted, X509_EXTENSION_free);
        EVP_PKEY* const signer = X509_REQ_get0_pubkey(request.get());
        if (signer == nullptr || X509_REQ_verify(request.get(), signer) != 1)
            problem("it is not signed by its own key");
        static_cast<void>(drain_error_queue());
    }

    void revocation_list() {
        summary_.kind = "certificate revocation list";
        const auto list = decoded<X509CrlPtr>(block_, d2i_X509_CRL);
        if (!list) return unreadable();
        const X509_ALGOR* algorithm = nullptr;
        X509_CRL_get0_signature(list.get(), nullptr, &algorithm);
        const auto from = time_of(X509_CRL_get0_lastUpdate(list.get()));
        const auto until = time_of(X509_CRL_get0_nextUpdate(list.get()));
        const STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(list.get());
        fact("issuer", name_text(X509_CRL_get_issuer(list.get())));
        fact("signature_algorithm", algorithm_name(algorithm));
        fact("this_update", text_of(from));
        fact("next_update", text_of(until));
        fact("revoked", std::to_string(revoked == nullptr ? 0 : sk_X509_REVOKED_num(revoked)));
        extensions(X509_CRL_get0_extensions(list.get()));
        validity(from, until);
        if (!until) problem("it does not say when the next one is due, so it can't be told from a stale one");
    }

    void ocsp_response() {
        summary_.kind = "OCSP response";
        const auto response = decoded<OcspResponsePtr>(block_, d2i_OCSP_RESPONSE);
        if (!response) return unreadable();
        fact("status", OCSP_response_status_str(OCSP_response_status(response.get())));
        const OcspBasicPtr basic(OCSP_response_get1_basic(response.get()));
        static_cast<void>(drain_error_queue());
        if (!basic) return;
        fact("produced_at", text_of(time_of(OCSP_resp_get0_produced_at(basic.get()))));
        constexpr int kMostTold = 16;
        const int count = OCSP_resp_count(basic.get());
        fact("answers", std::to_string(count));
        for (int i = 0; i < std::min(count, kMostTold); ++i) {
            OCSP_SINGLERESP* const single = OCSP_resp_get0(basic.get(), i);
            ASN1_GENERALIZEDTIME* from = nullptr;
            ASN1_GENERALIZEDTIME* until = nullptr;
            int reason = 0;
            const int status = OCSP_single_get0_status(single, &reason, nullptr, &from, &until);
            ASN1_INTEGER* serial = nullptr;
            OCSP_id_get0_info(
                nullptr, nullptr, nullptr, &serial,
                const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));  // NOLINT: OpenSSL's signature
            fact("answer_" + std::to_string(i), "serial " + hex_of(serial) + ": " + OCSP_cert_status_str(status) +
                                                    ", " + text_of(time_of(from)) + " to " + text_of(time_of(until)));
        }
        extensions_of(*basic);
    }

    void extensions_of(OCSP_BASICRESP& basic) {
        for (int i = 0; i < OCSP_BASICRESP_get_ext_count(&basic); ++i)
            summary_.extensions.push_back(summary_of(*OCSP_BASICRESP_get_ext(&basic, i)));
    }

    void pkcs7() {
        summary_.kind = "PKCS#7";
        std::vector<PemBlock> blocks;
        blocks.emplace_back(block_.label, block_.line, block_.der);
        const auto inner = unpacked(std::move(blocks), "it", nothing_to_ask);
        if (!inner) return problem(inner.error().why);
        fact("certificates", std::to_string(inner->size()));
    }

    void pkcs12() {
        summary_.kind = "PKCS#12";
        const auto file = decoded<Pkcs12Ptr>(block_, d2i_PKCS12);
        if (!file) return unreadable();
        if (PKCS12_mac_present(file.get()) != 1) return problem("nothing tells whether it was changed: it has no MAC");
        const X509_ALGOR* algorithm = nullptr;
        const ASN1_INTEGER* iterations = nullptr;
        PKCS12_get0_mac(nullptr, &algorithm, nullptr, &iterations, file.get());
        fact("mac", algorithm_name(algorithm));
        fact("mac_iterations", iterations == nullptr ? "1" : std::to_string(ASN1_INTEGER_get(iterations)));
    }

    void encrypted_key() {
        summary_.kind = "encrypted private key";
        const auto encrypted = decoded<SignaturePtr>(block_, d2i_X509_SIG);
        if (!encrypted) return unreadable();
        const X509_ALGOR* algorithm = nullptr;
        X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
        fact("encryption", algorithm_name(algorithm));
    }

    static Result<Passphrase> nothing_to_ask() { return failed("no_passphrase", "inspecting", "nobody is asked"); }

    const PemBlock& block_;
    Time now_;
    Summary summary_;
};

}  // namespace

std::optional<Summary> summary_of(const PemBlock& block, Time now) {
    return Summarizer(block, now).run();
}

std::string oid_name(Bytes content) {
    constexpr std::size_t kMost = 127;
    if (content.empty() || content.size() > kMost) return "";
    ByteVector der{std::byte{0x06}, static_cast<std::byte>(content.size())};
    der.insert(der.end(), content.begin(), content.end());
    const unsigned char* at = octets(Bytes(der));
    ASN1_OBJECT* const object = d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(der.size()));
    const int known = object == nullptr ? NID_undef : OBJ_obj2nid(object);
    ASN1_OBJECT_free(object);
    static_cast<void>(drain_error_queue());
    return known == NID_undef ? "" : OBJ_nid2ln(known);
}

}  // namespace cotter::x509
