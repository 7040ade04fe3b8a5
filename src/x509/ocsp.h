// OcspResponse: one answer of an OCSP responder (RFC 6960), read strictly, and what it says of a certificate. Who joins
// it with CRLs is x509/revocation.h.
#pragma once

#include "x509/certificate.h"

#include <cotter/error.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace cotter::x509 {

/// What one response makes of one certificate. Only kGood clears it, and kRevoked condemns it whatever its age.
enum class OcspStatus : std::uint8_t {
    kNotAbout,  ///< it speaks of other certificates
    kGood,
    kRevoked,
    kUnknown,  ///< its responder does not know the certificate
    kStale,    ///< good, but before its time, after it, or too old
    kForged,   ///< about it, but signed by nobody who may: it counts as none
};

struct OcspFinding {
    OcspStatus status = OcspStatus::kNotAbout;
    std::string words;  ///< kRevoked: since when and why; kUnknown, kStale, kForged: what follows "an OCSP answer"
};

/// What the certificate that is asked about is in its path, whatever it says of itself.
enum class OcspSubject : std::uint8_t { kLeaf, kAuthority };

class OcspResponse {
  public:
    static constexpr std::size_t kMostOctets = 1U << 20U;
    /// How old a good answer may be, whatever it says of itself (INVARIANT A114): a leaf's (the CA/Browser Forum's
    /// Baseline Requirements, 4.9.10, let none live longer), an authority's, and one that names no next update.
    static constexpr std::chrono::hours kMostAgeOfLeaf{24 * 10};
    static constexpr std::chrono::hours kMostAgeOfAuthority{24 * 366};
    static constexpr std::chrono::hours kMostAgeWithoutNext{24};

    /// Reads exactly one OCSPResponse whose status is successful and whose body is a BasicOCSPResponse. Refused with
    /// an Error: anything not strict DER, another status (its name is told), another type, trailing bytes, a critical
    /// extension, an algorithm of the signature that is not taken.
    [[nodiscard]] static Result<OcspResponse> parse(Bytes der);

    [[nodiscard]] Bytes der() const;  ///< the exact bytes; valid while any copy lives

    /// What it says of `certificate`, issued by `issuer`, at `now`. It counts only if it is signed by `issuer` itself
    /// or by a delegate that comes with it: issued by `issuer` directly, for OCSP signing, inside its dates, with a key
    /// and a signature that are not weak (RFC 6960 4.2.2.2; INVARIANT A113). Of several statements about it the worst
    /// counts. Whether the delegate itself has been revoked is not asked: its dates bound it.
    [[nodiscard]] OcspFinding check(const Certificate& certificate, const Certificate& issuer, Time now,
                                    OcspSubject subject) const;

    /// When the first of its statements is out of date, by what they say; nothing if it states nothing.
    [[nodiscard]] std::optional<Time> good_until() const;

    bool operator==(const OcspResponse& other) const;  ///< the same bytes

  private:
    struct Fields;
    explicit OcspResponse(std::shared_ptr<const Fields> fields) : fields_(std::move(fields)) {}
    std::shared_ptr<const Fields> fields_;
};

/// The DER of an OCSPRequest (RFC 6960 4.1) about that one certificate, without nonce and signature. It names by SHA-1,
/// which every responder knows.
[[nodiscard]] ByteVector ocsp_request(const Certificate& certificate, const Certificate& issuer);

/// An OCSP response in a file, DER; at most 1 MiB. Shape and errors as parse().
[[nodiscard]] Result<OcspResponse> read_ocsp_response(const std::string& path);

}  // namespace cotter::x509
