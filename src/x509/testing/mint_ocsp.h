// Makes OCSP responses for tests: mint_ocsp(ca).good(leaf). Never linked into the product.
#pragma once

#include "x509/ocsp.h"
#include "x509/testing/mint.h"

#include <optional>
#include <string>
#include <vector>

namespace cotter::x509::testing {

/// A response in the making. Defaults: signed by the issuer itself by SHA-256, certificates named by SHA-1, issued an
/// hour before kMintNow, the next one due a day after it.
class MintOcsp {
  public:
    explicit MintOcsp(Minted issuer) : issuer_(std::move(issuer)) {}
    MintOcsp& good(const Minted& certificate) { return state(certificate, kGood); }
    MintOcsp& revoked(const Minted& certificate) { return state(certificate, kRevoked); }
    MintOcsp& unknown(const Minted& certificate) { return state(certificate, kUnknown); }
    MintOcsp& updates(Time this_update, std::optional<Time> next_update);  ///< of the statements that follow
    MintOcsp& named_by(std::string digest);                                ///< of the certificates that follow
    MintOcsp& as_issuer(const Minted& issuer);    ///< names the certificates that follow as that one's
    MintOcsp& signed_by(const Minted& delegate);  ///< whose certificate comes along
    MintOcsp& without_certificates();
    MintOcsp& digest(std::string name);
    MintOcsp& responder_by_key();
    MintOcsp& extension(std::string oid, bool critical);
    MintOcsp& status(int number) {
        status_ = number;
        return *this;
    }  ///< 0: successful
    [[nodiscard]] ByteVector der() const;
    [[nodiscard]] OcspResponse make() const;  ///< aborts the test if cotter refuses to parse it

  private:
    enum State : std::uint8_t { kGood, kRevoked, kUnknown };
    struct Statement {
        Minted certificate;
        Minted issuer;
        State state;
        Time this_update;
        std::optional<Time> next_update;
        std::string digest;
    };
    MintOcsp& state(const Minted& certificate, State state);

    Minted issuer_;
    std::optional<Minted> named_issuer_;
    std::optional<Minted> delegate_;
    std::vector<Statement> statements_;
    Time this_update_ = kMintNow - std::chrono::hours(1);
    std::optional<Time> next_update_ = kMintNow + std::chrono::hours(24);
    std::string naming_digest_ = "SHA1";
    std::string digest_ = "SHA256";
    bool with_certificates_ = true;
    bool responder_by_key_ = false;
    std::string extension_oid_;
    bool extension_is_critical_ = false;
    int status_ = 0;
};

[[nodiscard]] inline MintOcsp mint_ocsp(const Minted& issuer) {
    return MintOcsp(issuer);
}

}  // namespace cotter::x509::testing
