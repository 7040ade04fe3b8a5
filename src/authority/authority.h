// Authority: a private certificate authority: its key, with its certificate and those above it. It certifies keys of
// clients and signs lists of what it has revoked; who gets a certificate is authority/issuance.h.
#pragma once

#include "identity/identity.h"
#include "registry/client_name.h"
#include "x509/new_certificate.h"
#include "x509/new_crl.h"

#include <cotter/error.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::authority {

using x509::Time;

class Authority {
  public:
    /// How many authorities may stand below a root: one that certifies clients itself has none.
    enum class Depth : unsigned { kRootAlone = 0, kWithIntermediate = 1 };
    /// Certificates begin that much before they are made: clocks of clients and servers differ.
    static constexpr std::chrono::hours kBeforeNow{1};

    /// A fresh key with a self-signed certificate: CN `name`, CA:true, path length by depth, valid from an hour before
    /// `now` until `life` after it.
    [[nodiscard]] static Result<Authority> make_root(identity::KeyChoice choice, std::string_view name, Depth depth,
                                                     Time now, std::chrono::seconds life);
    /// "cotter CA 3f9a1c22": another one each time, so that no two authorities are taken for each other.
    [[nodiscard]] static Result<std::string> fresh_name();
    /// 1 to 40 characters without control characters; more room there isn't, since an intermediate's name is longer.
    [[nodiscard]] static Result<std::string> name_from(std::string_view text);

    /// A fresh key, certified by this root: path length 0, for client authentication alone.
    [[nodiscard]] Result<Authority> make_intermediate(identity::KeyChoice choice, Time now,
                                                      std::chrono::seconds life) const;
    /// The certificate of an intermediate made anew: the same name and key, so that what it signed stays good.
    [[nodiscard]] Result<x509::Certificate> certify_again(const x509::Certificate& intermediate, Time now,
                                                          std::chrono::seconds life) const;

    /// `chain`: its own certificate first, the root last; refused if the key is not of the first, or the first no CA's.
    [[nodiscard]] static Result<Authority> from(std::shared_ptr<EVP_PKEY> key, std::vector<x509::Certificate> chain);

    /// A client's certificate (RFC 5280 4.2): CA:false, digitalSignature, clientAuth and no other purpose; CN and the
    /// URI `cotter:NAME` are its name. Valid from an hour before `now` until `life` after it, but never longer than the
    /// authority itself (INVARIANTS A29, A211).
    [[nodiscard]] Result<x509::Certificate> certify(const registry::ClientName& name, const x509::PublicKey& key,
                                                    Time now, std::chrono::seconds life) const;
    [[nodiscard]] Result<x509::CertificateRevocationList> sign_list(const x509::NewCrl& content) const;

    [[nodiscard]] const x509::Certificate& certificate() const { return identity_.certificate(); }
    [[nodiscard]] const std::vector<x509::Certificate>& chain() const { return identity_.chain(); }
    [[nodiscard]] const x509::Certificate& root() const { return chain().back(); }
    [[nodiscard]] EVP_PKEY* private_key() const { return identity_.private_key(); }
    /// Names the key by which certificates and lists are told from those of another authority (INVARIANT A117).
    [[nodiscard]] const x509::CanonicalKey& key() const { return certificate().public_key().canonical(); }

  private:
    explicit Authority(identity::Identity identity) : identity_(std::move(identity)) {}
    identity::Identity identity_;
};

}  // namespace cotter::authority
