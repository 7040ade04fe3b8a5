// What `cotter inspect` shows of any octets: bounded, printable, in the order of the input, and wrong exactly where the
// strict reader says so.
#include "check.h"
#include "der/dump.h"
#include "x509/summary.h"

#include <array>

using cotter::fuzz::promise;

namespace {

void promise_printable(std::string_view text, std::size_t most) {
    promise(text.size() <= most);
    promise(std::ranges::none_of(text, [](char octet) { return (octet >= 0 && octet < 0x20) || octet == 0x7f; }));
}

void promise_readable(const cotter::x509::Summary& summary) {
    promise(!summary.kind.empty());
    for (const auto& [name, value] : summary.facts) promise_printable(value, 4096);
    for (const std::string& name : summary.names) promise_printable(name, 16384);
    for (const auto& extension : summary.extensions) {
        promise_printable(extension.oid, 1024);
        promise(extension.values.size() <= 65);
        for (const std::string& value : extension.values) promise_printable(value, 1024);
    }
    for (const std::string& problem : summary.problems) promise_printable(problem, 4096);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = cotter::fuzz::bytes_of(data, size);
    std::size_t before = 0;
    const auto fault = cotter::der::dump(input, {cotter::x509::oid_name}, [&](const cotter::der::DumpRow& row) {
        promise(row.element.offset >= before && row.element.offset + row.element.encoding.size() <= size);
        promise(row.element.encoding.data() == input.data() + row.element.offset);
        before = row.element.offset;
        promise(row.depth < 64);
        promise_printable(row.type, 32);
        promise_printable(row.value, 1024);
    });
    if (fault) promise(!fault->why.empty() && fault->offset <= size);
    if (!fault) promise(cotter::der::check_strict(input).has_value());

    constexpr std::array kLabels{
        "CERTIFICATE", "CERTIFICATE REQUEST",   "X509 CRL",    "OCSP RESPONSE", "PKCS7", "PKCS12",
        "PUBLIC KEY",  "ENCRYPTED PRIVATE KEY", "PRIVATE KEY", "RSA PUBLIC KEY"};
    const auto first = cotter::der::Reader(input).next();
    const std::string_view shape = first ? cotter::x509::label_of_der(*first) : std::string_view();
    const cotter::x509::Time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
    for (const std::string_view label : {shape, std::string_view(kLabels.at(size % kLabels.size()))}) {
        const cotter::x509::PemBlock block(std::string(label), 0, cotter::ByteVector(input.begin(), input.end()));
        if (const auto summary = cotter::x509::summary_of(block, now)) promise_readable(*summary);
    }
    return 0;
}
