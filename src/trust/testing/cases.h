// What the judge's tests are made of: a small world of certificates, evidence about them, and verdicts as lists of
// codes. Never linked into the product.
#pragma once

#include "trust/judge.h"
#include "x509/testing/mint.h"

#include <ostream>
#include <string>
#include <vector>

namespace cotter::trust {

inline void PrintTo(ReasonCode code, std::ostream* out) {
    *out << text_of(code);
}
inline void PrintTo(Outcome outcome, std::ostream* out) {
    *out << (outcome == Outcome::kTrusted ? "trusted" : outcome == Outcome::kRefused ? "refused" : "reported");
}

namespace testing {

using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Mint;
using x509::testing::Minted;
using x509::testing::MintKey;

/// root > middle > leaf, whose name is db.example; and what stands beside them.
struct World {
    Minted root = mint().authority("root");
    Minted middle = mint().authority("middle").signed_by(root);
    Minted leaf = mint().leaf("db.example").signed_by(middle);
    Minted neighbour = mint().leaf("shop.example").signed_by(middle);  ///< another customer of the same authority
    Minted other_root = mint().authority("other root");
    Minted other_leaf = mint().leaf("db.example").signed_by(other_root);
    Minted alone = mint().leaf("db.example");  ///< self-signed
};

inline const World& world() {
    static const World made;
    return made;
}

inline std::vector<x509::Certificate> certificates(const std::vector<Minted>& minted) {
    std::vector<x509::Certificate> result;
    for (const Minted& one : minted) result.push_back(one.certificate());
    return result;
}

/// A live TLS 1.3 connection that proved the leaf's key; a server asked for as db.example:5432.
inline Evidence live(const std::vector<Minted>& presented, const std::vector<Minted>& anchors = {},
                     std::string_view host = "db.example:5432") {
    Evidence evidence;
    evidence.presented = certificates(presented);
    evidence.possession = Possession::kProven;
    evidence.protocol = Protocol::kTls13;
    evidence.host = *HostPort::parse(host);
    evidence.anchors = x509::TrustAnchors(certificates(anchors));
    return evidence;
}

inline Pin spki(const Minted& minted, PinForm form = PinForm::kSha256) {
    return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, form);
}

inline Pin whole(const Minted& minted) {
    return *minted.certificate().pin(PinTarget::kCertificate, PinForm::kSha256);
}

/// A TLSA record of that certificate.
inline TlsaRecord tlsa(unsigned usage, unsigned selector, unsigned matching, const Minted& of) {
    constexpr PinForm kForms[]{PinForm::kDer, PinForm::kSha256, PinForm::kSha512};
    const PinTarget target = selector == 0 ? PinTarget::kCertificate : PinTarget::kSubjectPublicKeyInfo;
    const Pin pin = *of.certificate().pin(target, kForms[matching]);
    return {static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector), static_cast<std::uint8_t>(matching),
            ByteVector(pin.octets().begin(), pin.octets().end())};
}

inline ServerPolicy policy_of(TrustMode trust, Match match = Match::kLeaf, const std::vector<Pin>& pins = {}) {
    ServerPolicy policy;
    policy.trust = trust;
    policy.match = match;
    for (const Pin& pin : pins) policy.pins.push_back({pin, PinRole::kPrimary, "", std::nullopt, ""});
    return policy;
}

inline std::vector<ReasonCode> codes(const Verdict& verdict) {
    std::vector<ReasonCode> result;
    for (const Reason& reason : verdict.reasons) result.push_back(reason.code);
    return result;
}

/// Every message in one text, for a failed expectation or a search.
inline std::string told(const Verdict& verdict) {
    std::string text;
    for (const Reason& reason : verdict.reasons)
        text += std::string(text_of(reason.code)) + ": " + reason.message + "\n";
    return text;
}

}  // namespace testing
}  // namespace cotter::trust
