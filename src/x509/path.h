// Path validation by OpenSSL, under cotter's rules (INTERFACE 7, "Path", "Dates", "Revocation"): one verified path
// comes out, or every reason why there is none. The host name is checked apart (x509/name_match.h).
#pragma once

#include "x509/certificate.h"
#include "x509/ocsp.h"

#include <cotter/error.h>

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

struct X509_crl_st;

namespace cotter::x509 {

enum class Purpose : std::uint8_t { kServer, kClient };
enum class RevocationScope : std::uint8_t { kChain, kLeaf, kOff };

/// A CRL read strictly, with what must be known without checking its signature.
class CertificateRevocationList {
  public:
    [[nodiscard]] static Result<CertificateRevocationList> parse(Bytes der);
    [[nodiscard]] Bytes der() const { return *der_; }

    /// OpenSSL's form of it, shared by copies; it locks itself.
    [[nodiscard]] X509_crl_st* decoded() const { return decoded_.get(); }

  private:
    CertificateRevocationList(std::shared_ptr<const ByteVector> der, std::shared_ptr<X509_crl_st> decoded)
        : der_(std::move(der)), decoded_(std::move(decoded)) {}
    std::shared_ptr<const ByteVector> der_;
    std::shared_ptr<X509_crl_st> decoded_;
};

/// Certificates that may end a path, built once and shared between threads. Empty anchors verify nothing; the system's
/// store is used only by system(), never by accident (INVARIANTS A19, A20).
class TrustAnchors {
  public:
    TrustAnchors();  ///< none
    explicit TrustAnchors(std::vector<Certificate> anchors);
    [[nodiscard]] static Result<TrustAnchors> system();  ///< the system's trust store, for clients only
    [[nodiscard]] const std::vector<Certificate>& certificates() const;
    [[nodiscard]] bool empty() const { return certificates().empty(); }

    struct Store;
    /// For path.cc alone.
    [[nodiscard]] const Store& store() const { return *store_; }

  private:
    std::shared_ptr<const Store> store_;
};

/// What is wrong with a path. The names are the reason codes of INTERFACE 5.
enum class PathProblem : std::uint8_t {
    kChainUntrusted,
    kExpired,
    kNotYetValid,
    kWrongPurpose,
    kWeakKey,
    kWeakSignature,
    kRevoked,
    kRevocationUnknown,
    kStaleRevocation,
    kMalformed,
};

struct CrlScope;
struct CrlEdition;
using CrlMemory = std::map<CrlScope, CrlEdition>;  // x509/crl_memory.h

struct PathFailure {
    PathProblem problem;
    std::string message;  ///< a sentence, escaped
    bool operator==(const PathFailure&) const = default;
};

struct PathRequest {
    const std::vector<Certificate>* presented;  ///< leaf first; the rest in any order
    const TrustAnchors* anchors;
    Purpose purpose = Purpose::kServer;
    Time now;
    const std::vector<CertificateRevocationList>* crls = nullptr;  ///< null or empty: no CRL was given
    /// CRLs or OCSP answers were configured: they must decide even if none is there.
    bool require_revocation = false;
    RevocationScope revocation = RevocationScope::kChain;
    const std::vector<OcspResponse>* ocsp_responses = nullptr;  ///< null or empty: none was given
    const OcspResponse* stapled = nullptr;  ///< what the leaf's holder sent along; asks for nothing by being there
    const CrlMemory* remembered = nullptr;  ///< CRLs older than these don't count
};

/// kRevocationUnknown or kStaleRevocation: what a further CRL or OCSP answer might mend.
[[nodiscard]] bool is_for_want_of_status(const PathFailure& failure);

/// Leaf first, anchor last.
using VerifiedPath = std::vector<Certificate>;

/// Validates by RFC 5280 section 6. Every certificate of the path, the anchor too, is inside its dates. At most 10
/// certificates, a bounded number of signature checks (INVARIANT A162). Never fetches anything (A100).
[[nodiscard]] std::variant<VerifiedPath, std::vector<PathFailure>> validate_path(const PathRequest& request);

/// "chain_untrusted", …
[[nodiscard]] std::string_view code_of(PathProblem problem);

}  // namespace cotter::x509
