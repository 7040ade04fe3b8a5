// Generating keys of every kind that tests ask for, the weak and the odd too.
#include "x509/testing/mint_key.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <cstdlib>

namespace cotter::x509::testing {
namespace {

EvpKeyPtr generate(EVP_PKEY_CTX* context) {
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_generate(context, &key) == 1, "generate a key");
    return EvpKeyPtr(key);
}

EvpKeyPtr generate_ec(const char* curve, bool explicit_parameters = false) {
    const EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    must(context && EVP_PKEY_keygen_init(context.get()) == 1, "begin an EC key");
    must(EVP_PKEY_CTX_set_group_name(context.get(), curve) == 1, "choose a curve");
    const int encoding = explicit_parameters ? OPENSSL_EC_EXPLICIT_CURVE : OPENSSL_EC_NAMED_CURVE;
    must(EVP_PKEY_CTX_set_ec_param_enc(context.get(), encoding) == 1, "choose how a curve is written");
    return generate(context.get());
}

EvpKeyPtr generate_rsa(int bits) {
    const EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    must(context && EVP_PKEY_keygen_init(context.get()) == 1, "begin an RSA key");
    must(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), bits) == 1, "choose an RSA size");
    return generate(context.get());
}

EvpKeyPtr generate_dsa() {
    const EvpKeyContextPtr for_parameters(EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr));
    must(for_parameters && EVP_PKEY_paramgen_init(for_parameters.get()) == 1, "begin DSA parameters");
    must(EVP_PKEY_CTX_set_dsa_paramgen_bits(for_parameters.get(), 1024) == 1, "choose a DSA size");
    const EvpKeyPtr parameters = generate(for_parameters.get());
    const EvpKeyContextPtr context(EVP_PKEY_CTX_new(parameters.get(), nullptr));
    must(context && EVP_PKEY_keygen_init(context.get()) == 1, "begin a DSA key");
    return generate(context.get());
}

EvpKeyPtr generate_edwards() {
    const EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "ED25519", nullptr));
    must(context && EVP_PKEY_keygen_init(context.get()) == 1, "begin an Ed25519 key");
    return generate(context.get());
}

}  // namespace

void must(bool is_granted, const char* wish) {
    if (is_granted) return;
    static_cast<void>(std::fprintf(stderr, "mint: cannot %s: %s\n", wish, drain_error_queue().c_str()));
    std::abort();
}

EvpKeyPtr generate_key(MintKey kind) {
    switch (kind) {
        case MintKey::kP256: return generate_ec("P-256");
        case MintKey::kP384: return generate_ec("P-384");
        case MintKey::kP521: return generate_ec("P-521");
        case MintKey::kP192: return generate_ec("prime192v1");
        case MintKey::kEd25519: return generate_edwards();
        case MintKey::kRsa1024: return generate_rsa(1024);
        case MintKey::kRsa2048: return generate_rsa(2048);
        case MintKey::kRsa3072: return generate_rsa(3072);
        case MintKey::kP256Explicit: return generate_ec("P-256", true);
        case MintKey::kP256Compressed: {
            EvpKeyPtr key = generate_ec("P-256");
            must(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
                 "compress a point");
            return key;
        }
        case MintKey::kDsa: return generate_dsa();
    }
    std::abort();
}

}  // namespace cotter::x509::testing
