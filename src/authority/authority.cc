// The profiles of an authority's own certificates and of those that it gives to clients.
#include "authority/authority.h"

#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace cotter::authority {
namespace {

Result<std::string> random_tag() {
    std::array<std::byte, 4> octets{};
    if (RAND_bytes(x509::octets(std::span<std::byte>(octets)), static_cast<int>(octets.size())) != 1)
        return failed("no_randomness", "naming an authority", x509::drain_error_queue());
    return text::hex(octets);
}

/// From an hour ago until `life` from now, but within the dates of the issuer.
x509::NewCertificate dated(std::string common_name, const x509::Certificate& issuer, Time now,
                           std::chrono::seconds life) {
    return {.common_name = std::move(common_name),
            .not_before = std::max<Time>(now - Authority::kBeforeNow, issuer.not_before()),
            .not_after = std::min<Time>(now + life, issuer.not_after())};
}

}  // namespace

Result<std::string> Authority::fresh_name() {
    auto tag = random_tag();
    if (!tag) return tag;
    return "cotter CA " + *tag;
}

Result<std::string> Authority::name_from(std::string_view text) {
    const auto is_continuation = [](char octet) { return (static_cast<unsigned char>(octet) & 0xc0U) == 0x80U; };
    const auto characters = static_cast<std::size_t>(std::ranges::count_if(text, std::not_fn(is_continuation)));
    constexpr std::size_t kMost = 40;
    if (characters == 0 || characters > kMost || text::escape_remaining(text) != text) {
        return malformed("bad_ca_name", "reading the name of the authority " + text::escape(text, 80),
                         "it is not 1 to 40 characters of text", "--name 'Example Ltd clients'");
    }
    return std::string(text);
}

Result<Authority> Authority::make_root(identity::KeyChoice choice, std::string_view name, Depth depth, Time now,
                                       std::chrono::seconds life) {
    auto key = identity::make_key(choice);
    if (!key) return unexpected(key.error());
    auto certificate = x509::self_signed({.common_name = std::string(name),
                                          .not_before = now - kBeforeNow,
                                          .not_after = now + life,
                                          .path_length = std::to_underlying(depth)},
                                         key->get());
    if (!certificate) return unexpected(certificate.error());
    return from(std::move(*key), {std::move(*certificate)});
}

Result<Authority> Authority::make_intermediate(identity::KeyChoice choice, Time now, std::chrono::seconds life) const {
    auto key = identity::make_key(choice);
    if (!key) return unexpected(key.error());
    const auto half = x509::public_key_of(key->get());
    if (!half) return unexpected(half.error());
    const auto tag = random_tag();
    if (!tag) return unexpected(tag.error());
    x509::NewCertificate content =
        dated(x509::common_name_of(certificate()) + " issuing " + *tag, certificate(), now, life);
    content.path_length = 0;
    content.purposes = {x509::Purpose::kClient};
    auto signed_one = x509::signed_by(content, *half, certificate(), private_key());
    if (!signed_one) return unexpected(signed_one.error());
    return from(std::move(*key), {std::move(*signed_one), certificate()});
}

Result<x509::Certificate> Authority::certify_again(const x509::Certificate& intermediate, Time now,
                                                   std::chrono::seconds life) const {
    x509::NewCertificate content = dated(x509::common_name_of(intermediate), certificate(), now, life);
    content.path_length = 0;
    content.purposes = {x509::Purpose::kClient};
    return x509::signed_by(content, intermediate.public_key(), certificate(), private_key());
}

Result<Authority> Authority::from(std::shared_ptr<EVP_PKEY> key, std::vector<x509::Certificate> chain) {
    auto identity = identity::Identity::from(std::move(key), std::move(chain));
    if (!identity) return unexpected(identity.error());
    if (!identity->certificate().is_ca())
        return malformed("no_ca", "using an authority's certificate", "it is no CA's: basicConstraints say so");
    return Authority(std::move(*identity));
}

Result<x509::Certificate> Authority::certify(const registry::ClientName& name, const x509::PublicKey& key, Time now,
                                             std::chrono::seconds life) const {
    if (now >= certificate().not_after()) {
        return failed("ca_expired", "certifying " + name.text(), "the authority's own certificate has expired",
                      chain().size() > 1 ? "cotter ca renew --intermediate" : "cotter ca init makes a new authority");
    }
    x509::NewCertificate content = dated(name.text(), certificate(), now, life);
    content.purposes = {x509::Purpose::kClient};
    content.uri = "cotter:" + name.text();
    return x509::signed_by(content, key, certificate(), private_key());
}

Result<x509::CertificateRevocationList> Authority::sign_list(const x509::NewCrl& content) const {
    return x509::signed_crl(content, certificate(), private_key());
}

}  // namespace cotter::authority
