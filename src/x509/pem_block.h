// PEM's blocks (RFC 7468), and what a single DER object looks like. What is in them is x509/pem.h.
#pragma once

#include "der/reader.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace cotter::x509 {

/// One block, or one DER object under the label that it would have. May be a private key: wiped when it goes.
struct PemBlock {
    PemBlock(std::string label_, std::size_t line_, ByteVector der_);
    PemBlock(PemBlock&& other) noexcept = default;
    PemBlock& operator=(PemBlock&& other) = delete;
    ~PemBlock();

    std::string label;
    std::size_t line;  ///< of its first line, from 1; 0 for a DER file
    ByteVector der;
};

/// The blocks of PEM text, in order, or the one object of a DER file. Text around blocks, CRLF, a byte-order mark and
/// blanks at the ends of lines are tolerated. Refused: a block without end, an end without block, base64 that is not
/// canonical, and headers. `source` names the input in errors.
[[nodiscard]] Result<std::vector<PemBlock>> pem_blocks(Bytes pem_or_der, std::string_view source);

/// The label that a DER object has by its shape; for what has none in RFC 7468, `PKCS12` or `OCSP RESPONSE`. Empty if
/// it is nothing that cotter knows.
[[nodiscard]] std::string_view label_of_der(const der::Element& object);

/// Whether blocks of that label hold a private key that nothing protects.
[[nodiscard]] bool is_private_key(std::string_view label);

/// The block as PEM text: base64 in lines of 64.
[[nodiscard]] std::string pem_text(std::string_view label, Bytes der);

/// An Error about that input; line 0 for all of it.
[[nodiscard]] unexpected<Error> bad_input(std::string_view source, std::size_t line, std::string why,
                                          std::string next = {});

}  // namespace cotter::x509
