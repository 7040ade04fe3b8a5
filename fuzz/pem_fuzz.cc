// PEM: text is refused readably, or gives certificates that, written as PEM again, are the same.
#include "check.h"
#include "x509/pem.h"

using cotter::fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = cotter::fuzz::bytes_of(data, size);
    const auto certificates = cotter::x509::certificates_from(input, "fuzz");
    if (certificates) {
        promise(!certificates->empty());
        std::string pem;
        for (const auto& certificate : *certificates) pem += to_pem(certificate);
        const auto again = cotter::x509::certificates_from(std::as_bytes(std::span(pem)), "again");
        promise(again.has_value() && *again == *certificates);
    } else {
        cotter::fuzz::promise_readable(certificates.error());
    }
    const auto objects = cotter::x509::pinnable_from(input, "fuzz");
    if (objects) {
        promise(!objects->empty());
    } else {
        cotter::fuzz::promise_readable(objects.error());
        promise(!certificates);
    }
    const auto crls = cotter::x509::crls_from(input, "fuzz");
    if (!crls) cotter::fuzz::promise_readable(crls.error());
    promise(!crls || !certificates);
    return 0;
}
