// PKCS#7, PKCS#12 and keys under a passphrase: refused readably, or unpacked into plain blocks that are what they are
// called; and no object has a form that it can't have.
#include "check.h"
#include "x509/convert.h"
#include "x509/pem.h"
#include "x509/unpack.h"

using cotter::fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using cotter::x509::Form;
    const auto input = cotter::fuzz::bytes_of(data, size);
    auto blocks = cotter::x509::pem_blocks(input, "fuzz");
    if (!blocks) {
        cotter::fuzz::promise_readable(blocks.error());
        return 0;
    }
    int asked = 0;
    const auto unpacked =
        cotter::x509::unpacked(std::move(*blocks), "fuzz", [&asked]() -> cotter::Result<cotter::x509::Passphrase> {
            ++asked;
            return cotter::x509::Passphrase(std::as_bytes(std::span("secret", 6)));
        });
    promise(asked <= 1);
    if (!unpacked) {
        cotter::fuzz::promise_readable(unpacked.error());
        return 0;
    }
    for (const auto& block : *unpacked)
        promise(block.label != "PKCS7" && block.label != "PKCS12" && block.label != "ENCRYPTED PRIVATE KEY");
    const auto objects = cotter::x509::pinnable_from(*unpacked, "fuzz");
    if (!objects) cotter::fuzz::promise_readable(objects.error());
    for (const Form form : {Form::kPem, Form::kDer, Form::kPkcs8, Form::kSpki, Form::kPkcs1}) {
        const auto result = cotter::x509::converted(*unpacked, form, "fuzz");
        if (!result) {
            cotter::fuzz::promise_readable(result.error());
            continue;
        }
        promise(!result->content.empty());
        promise(form != Form::kPkcs8 || result->is_private);
        promise(form != Form::kSpki || (!result->is_private && objects.has_value()));
    }
    return 0;
}
