// Convert: the same object in another form, for `cotter convert`: other armour (PEM, DER), or the key of it in another
// structure (PKCS#8, PKCS#1, SubjectPublicKeyInfo).
#pragma once

#include "x509/pem_block.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace cotter::x509 {

enum class Form : std::uint8_t {
    kPem,    ///< every object as it is, in PEM
    kDer,    ///< the one object as it is, in DER
    kPkcs8,  ///< the private keys as PKCS#8 (RFC 5958), in PEM
    kSpki,   ///< the public key of every object (RFC 5280, 4.1.2.7), by its exact bytes, in PEM
    kPkcs1,  ///< RSA keys as PKCS#1 (RFC 8017, A.1), in PEM: the private ones, or where there are none, the public ones
};

/// What comes out; wiped when it goes.
struct Converted {
    Converted(ByteVector content_, bool is_private_, bool is_binary_)
        : content(std::move(content_)), is_private(is_private_), is_binary(is_binary_) {}
    Converted(Converted&& other) noexcept = default;
    Converted& operator=(Converted&& other) = delete;
    ~Converted();

    ByteVector content;
    bool is_private;  ///< it holds a private key that nothing protects
    bool is_binary;
};

/// The objects of a file in that form; an Error where one can't have it. For the forms of a key, `blocks` have been
/// unpacked (x509/unpack.h).
[[nodiscard]] Result<Converted> converted(const std::vector<PemBlock>& blocks, Form form, std::string_view source);

}  // namespace cotter::x509
