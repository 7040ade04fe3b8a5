// A certificate whose pins were made by other tools (openssl and sha256sum), with the slices that are pinned. P-256,
// subject and name example.test.
#pragma once

#include <cotter/detail/base64.h>
#include <cotter/pin.h>

#include "pin/digest.h"
#include "text/encoding.h"

#include <string>
#include <string_view>

namespace cotter::pin::testing {

struct Golden {
    ByteVector certificate;

    /// What a pin of that target is made of. The places were read off by hand: the SPKI is 91 octets at 129.
    [[nodiscard]] Bytes object(PinTarget target) const {
        constexpr std::size_t kSpkiAt = 129;
        switch (target) {
            case PinTarget::kSubjectPublicKeyInfo: return Bytes(certificate).subspan(kSpkiAt, 91);
            case PinTarget::kCertificate: return certificate;
            case PinTarget::kKey: return Bytes(certificate).subspan(kSpkiAt + 26, 65);
        }
        return {};
    }

    /// Canonical text, put together without the reader and the printer that are tested.
    [[nodiscard]] std::string text(PinTarget target, PinForm form) const {
        std::string what = target == PinTarget::kCertificate ? "cert-" : target == PinTarget::kKey ? "key-" : "";
        if (target == PinTarget::kSubjectPublicKeyInfo && form == PinForm::kDer) what = "spki-";
        const std::string name = form == PinForm::kSha256   ? "sha256/"
                                 : form == PinForm::kSha384 ? "sha384/"
                                 : form == PinForm::kSha512 ? "sha512/"
                                                            : "der/";
        return what + name + text::base64(digest(form, object(target)));
    }
};

inline constexpr std::string_view kGoldenBase64 =
    "MIIBmzCCAUKgAwIBAgIUapek+RuDG8GgS3dDg31MpiswX3IwCgYIKoZIzj0EAwIw"
    "FzEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MB4XDTI2MTEyNDEwMzAzNFoXDTM2MTEy"
    "MTEwMzAzNFowFzEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MFkwEwYHKoZIzj0CAQYI"
    "KoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/Y2IAOBnfOpAZyp"
    "bj759rQi8aPGGxtV376ttpzePdDzVUyzWoYPmKNsMGowHQYDVR0OBBYEFNAIepBR"
    "hIXEKzamzeEnqWI1fEmeMB8GA1UdIwQYMBaAFNAIepBRhIXEKzamzeEnqWI1fEme"
    "MA8GA1UdEwEB/wQFMAMBAf8wFwYDVR0RBBAwDoIMZXhhbXBsZS50ZXN0MAoGCCqG"
    "SM49BAMCA0cAMEQCIH+OilCg8+tivx1tXo1HYbiB81/IKfGm1t84dinpuHReAiB1"
    "wn93qfJPZxqcYbbltGx6AZMk/COKOkLLngomQqlLnw==";

inline const Golden kGolden = [] {
    Golden golden;
    golden.certificate.resize(detail::check_base64(kGoldenBase64).size);
    detail::decode_base64(kGoldenBase64, golden.certificate.data());
    return golden;
}();

}  // namespace cotter::pin::testing
