// The TLS Certificate message: what it gives are slices of it, in order, that don't overlap.
#include "check.h"
#include "tls/certificate_message.h"

using cotter::fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = cotter::fuzz::bytes_of(data, size);
    for (const auto protocol : {cotter::trust::Protocol::kTls12, cotter::trust::Protocol::kTls13}) {
        const auto certificates = cotter::tls::certificates_of_message(input, protocol);
        if (!certificates) {
            promise(!certificates.error().empty());
            continue;
        }
        promise(certificates->size() <= cotter::tls::kMostCertificates);
        const std::byte* end = input.data();
        for (const cotter::Bytes certificate : *certificates) {
            promise(!certificate.empty() && certificate.data() >= end + 3);
            end = certificate.data() + certificate.size();
            promise(end <= input.data() + input.size());
        }
    }
    return 0;
}
