// Revocation of one built path: what OpenSSL found in CRLs, joined with OCSP answers and must-staple (INTERFACE 7,
// "Revocation"; docs/revocation.md). For path.cc.
#pragma once

#include "x509/crl_memory.h"
#include "x509/path.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

struct x509_st;

namespace cotter::x509 {

/// The CRLs of a request that may decide, and those set aside because a newer one has been seen.
class CrlSelection {
  public:
    /// `issuers`: every certificate that may have signed one; with OpenSSL's decodings of the same, in the same order.
    CrlSelection(const PathRequest& request, const std::vector<const Certificate*>& issuers,
                 std::span<x509_st* const> decoded_issuers);

    [[nodiscard]] const std::vector<X509_crl_st*>& chosen() const { return chosen_; }
    /// What is remembered that is newer than the CRL of that issuer which was given; empty if none was set aside.
    [[nodiscard]] std::string newer_than_given(const Certificate& issuer) const;

  private:
    struct SetAside {
        const Certificate* issuer;
        std::string words;
    };
    std::vector<X509_crl_st*> chosen_;
    std::vector<SetAside> set_aside_;
};

/// What is found of one path while it is validated, and what it comes to.
class RevocationFindings {
  public:
    RevocationFindings(const PathRequest& request, const CrlSelection& crls) : request_(request), crls_(crls) {}

    /// Whether CRLs or OCSP answers must decide at all.
    [[nodiscard]] bool is_asked() const;
    /// OpenSSL's X509_V_FLAG_CRL_… for the question.
    [[nodiscard]] unsigned long flags() const;
    /// A problem with a CRL (one of X509_V_ERR_…), met at that depth.
    void note(int verify_error, int depth);
    /// Every reason against the chain: leaf first, anchor last. Any revocation wins; then a good answer of either kind
    /// covers a certificate.
    [[nodiscard]] std::vector<PathFailure> conclude(const std::vector<const Certificate*>& chain) const;

  private:
    struct CrlProblem {
        int verify_error;
        std::size_t depth;
    };
    struct OcspOutcome {
        bool is_good = false;
        std::string revoked;              ///< words, if one revokes it
        std::vector<PathFailure> others;  ///< why answers about it don't count, in words
    };
    [[nodiscard]] std::vector<int> problems_at(std::size_t depth) const;
    [[nodiscard]] OcspOutcome ask_responses(const std::vector<const Certificate*>& chain, std::size_t depth) const;
    [[nodiscard]] bool is_listed_in_a_genuine_crl(const Certificate& certificate, const Certificate& issuer,
                                                  std::span<X509_crl_st* const> crls) const;
    [[nodiscard]] bool must_be_stapled(const std::vector<const Certificate*>& chain) const;

    const PathRequest& request_;
    const CrlSelection& crls_;
    std::vector<CrlProblem> problems_;
};

}  // namespace cotter::x509
