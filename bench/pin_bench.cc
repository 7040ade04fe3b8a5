// What it costs to read a pin that somebody wrote, to read a certificate that a peer sent, and to take its pins.
#include "x509/testing/mint.h"

#include <benchmark/benchmark.h>

#include <cotter/pin.h>

#include <iterator>
#include <string>

namespace cotter {
namespace {

using x509::Certificate;
using x509::testing::mint;
using x509::testing::MintKey;

struct Kind {
    const char* name;
    MintKey key;
};
constexpr Kind kKinds[] = {{"P-256", MintKey::kP256}, {"Ed25519", MintKey::kEd25519}, {"RSA 3072", MintKey::kRsa3072}};
constexpr int kLastKind = static_cast<int>(std::size(kKinds)) - 1;

const Certificate& certificate_of(const Kind& kind) {
    static const std::vector<Certificate> minted = [] {
        std::vector<Certificate> certificates;
        for (const Kind& one : kKinds)
            certificates.push_back(mint().key(one.key).leaf("client.example").make().certificate());
        return certificates;
    }();
    return minted[static_cast<std::size_t>(&kind - kKinds)];
}

const Kind& kind_of(benchmark::State& state) {
    const Kind& kind = kKinds[static_cast<std::size_t>(state.range(0))];
    state.SetLabel(kind.name);
    return kind;
}

void parse_pin(benchmark::State& state, std::string (*spelling)(const Certificate&)) {
    const std::string text = spelling(certificate_of(kKinds[0]));
    for (auto _ : state) benchmark::DoNotOptimize(Pin::parse(text));
}
BENCHMARK_CAPTURE(parse_pin, canonical, [](const Certificate& certificate) {
    return certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256).value().to_string();
});
BENCHMARK_CAPTURE(parse_pin, whole_certificate, [](const Certificate& certificate) {
    return certificate.pin(PinTarget::kCertificate, PinForm::kDer).value().to_string();
});

/// From the bytes on the wire: strict DER, the fields, and where the SubjectPublicKeyInfo lies.
void read_certificate(benchmark::State& state) {
    const Certificate& certificate = certificate_of(kind_of(state));
    const ByteVector der(certificate.der().begin(), certificate.der().end());
    for (auto _ : state) benchmark::DoNotOptimize(Certificate::parse(der));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(der.size()));
}
BENCHMARK(read_certificate)->DenseRange(0, kLastKind);

void take_pin(benchmark::State& state, PinTarget target, PinForm form) {
    const Certificate& certificate = certificate_of(kind_of(state));
    for (auto _ : state) benchmark::DoNotOptimize(certificate.pin(target, form));
}
BENCHMARK_CAPTURE(take_pin, spki_sha256, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->DenseRange(0, kLastKind);
BENCHMARK_CAPTURE(take_pin, cert_sha256, PinTarget::kCertificate, PinForm::kSha256)->DenseRange(0, kLastKind);

}  // namespace
}  // namespace cotter
