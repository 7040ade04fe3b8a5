// OCSP responses and CRLs: what is read is exactly the bytes that came, and nothing that is made up counts as said by
// an authority that never signed anything. The first octet of an input tells which of the two it is.
#include "check.h"
#include "x509/crl_memory.h"
#include "x509/ocsp.h"
#include "x509/openssl.h"
#include "x509/pem.h"

#include <algorithm>
#include <string_view>

using cotter::Bytes;
using cotter::fuzz::promise;
using cotter::x509::Certificate;
using cotter::x509::CertificateRevocationList;
using cotter::x509::OcspResponse;
using cotter::x509::OcspStatus;
using cotter::x509::OcspSubject;

namespace {

/// A leaf, its issuer, which signed the seeds, and another of the issuer's name, which signed nothing. Their keys are
/// nobody's any more.
constexpr std::string_view kCertificates = R"(-----BEGIN CERTIFICATE-----
MIIBtjCCAVygAwIBAgIUA7kfAdjX0RfyIvwXxmJ8NYAp91IwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGaXNzdWVyMB4XDTI0MDEwMTAwMDAwMFoXDTQwMDEwMTAwMDAw
MFowFTETMBEGA1UEAwwKZGIuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABEbBBHW4eEUf7TaUvI9Ngmu6fhgH0+1gzqiAV3w8lNgNZODU7hl+RofYKRc6
seMcB+8T6TxaJuYi8eQg7kD6O9ejgY0wgYowDAYDVR0TAQH/BAIwADATBgNVHSUE
DDAKBggrBgEFBQcDATAOBgNVHQ8BAf8EBAMCB4AwFQYDVR0RBA4wDIIKZGIuZXhh
bXBsZTAdBgNVHQ4EFgQUu6tFTfKQJRwxMxBwJMafxFHGLbowHwYDVR0jBBgwFoAU
nE1//xregTB/JvVVx6Ra7oVI7ngwCgYIKoZIzj0EAwIDSAAwRQIhALXuaEeWdVKP
yWRqS4rpJFbVxfrqzTy57uvco1+U2eGvAiBkmJY9WyQG+3WMgU+T/jhXzwLXd5y3
SE5ia44+GWvsrw==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBZjCCAQygAwIBAgIUcL4YGzjrHe6XKjFPWdnJhkitsj0wCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGaXNzdWVyMB4XDTI0MDEwMTAwMDAwMFoXDTQwMDEwMTAwMDAw
MFowETEPMA0GA1UEAwwGaXNzdWVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
oOlAokiPHZBRvzG4bJbtgHWGwfmW77v7zIcyCGs21BNkHhUMM3Fz8t9o9dvBpFtx
Ueszj27C2uRwv52r8/RPZqNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E
BAMCAQYwHQYDVR0OBBYEFJxNf/8a3oEwfyb1VcekWu6FSO54MAoGCCqGSM49BAMC
A0gAMEUCIG54vjyBCMLnXels0UZBN0Gw1KO5xR2uEThBMjHW2UdnAiEAwucoefXf
vWChgKoRRWriRobRAkrOyRSyok7cRU301Z4=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBZzCCAQygAwIBAgIUHS9lMjod8g9n7T57a6KaVHpvghswCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGaXNzdWVyMB4XDTI0MDEwMTAwMDAwMFoXDTQwMDEwMTAwMDAw
MFowETEPMA0GA1UEAwwGaXNzdWVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
6zedKnncbEl0j+MhmGTIFppLHJxU7u0xr5WGMWcQ+iHjXzzLQGLCG/4i2XOeL+wm
LM8HgKgyq9Ge0XDyQqMxmaNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E
BAMCAQYwHQYDVR0OBBYEFD0VNRDQC+IxSL4JpofsodN4TzyFMAoGCCqGSM49BAMC
A0kAMEYCIQD6WJ15oGQu6rlFKH5tn3w2txeIKI+RJ4yXPcReEWzqFwIhAOVD36le
XhIPkojp8PO2tUUW2jRxUF5uVjWFcoYdIjXF
-----END CERTIFICATE-----

)";

constexpr cotter::x509::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25}};

const std::vector<Certificate>& certificates() {
    static const auto read = cotter::x509::certificates_from(cotter::x509::as_bytes(kCertificates), "the fuzz target");
    promise(read.has_value() && read->size() == 3);
    return *read;
}

void judge(const std::vector<CertificateRevocationList>& crls, const std::vector<OcspResponse>& responses) {
    const std::vector<Certificate> presented{certificates()[0]};
    for (const std::size_t issuer : {1U, 2U}) {
        const cotter::x509::TrustAnchors anchors({certificates()[issuer]});
        const auto outcome = cotter::x509::validate_path({.presented = &presented,
                                                          .anchors = &anchors,
                                                          .now = kNow,
                                                          .crls = &crls,
                                                          .require_revocation = true,
                                                          .ocsp_responses = &responses});
        promise(issuer == 1 || !std::holds_alternative<cotter::x509::VerifiedPath>(outcome));
    }
}

void try_response(Bytes input) {
    const auto response = OcspResponse::parse(input);
    if (!response) return cotter::fuzz::promise_readable(response.error());
    promise(std::ranges::equal(response->der(), input));
    static_cast<void>(response->good_until());
    const auto said = response->check(certificates()[0], certificates()[2], kNow, OcspSubject::kLeaf);
    promise(said.status == OcspStatus::kNotAbout || said.status == OcspStatus::kForged);
    judge({}, {*response});
}

void try_crl(Bytes input) {
    const auto crl = CertificateRevocationList::parse(input);
    if (!crl) return cotter::fuzz::promise_readable(crl.error());
    promise(std::ranges::equal(crl->der(), input));
    promise(cotter::x509::sightings({*crl}, {certificates()[2]}, cotter::x509::TrustAnchors(), kNow).empty());
    judge({*crl}, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes input = cotter::fuzz::bytes_of(data + 1, size - 1);
    if (data[0] == 0) {
        try_response(input);
    } else {
        try_crl(input);
    }
    return 0;
}
