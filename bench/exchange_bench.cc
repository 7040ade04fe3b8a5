// What a thread of the server does when the list of clients has changed: it takes the new snapshot and asks of each of
// its open streams whether the peer is still admitted.
#include "crowd.h"
#include "service/admission.h"
#include "service/wall_clock.h"
#include "x509/testing/mint.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace cotter::service {
namespace {

using registry::Snapshot;
using x509::testing::mint;

constexpr std::size_t kStreams = 1'000;

const std::vector<x509::Certificate>& members() {
    static const std::vector<x509::Certificate> minted = [] {
        std::vector<x509::Certificate> certificates;
        for (std::size_t i = 0; i < kStreams; ++i)
            certificates.push_back(mint().leaf("client.example").make().certificate());
        return certificates;
    }();
    return minted;
}

/// A thousand streams of as many clients, with a list of so many.
void exchange_snapshot(benchmark::State& state) {
    const auto snapshot =
        std::make_shared<const Snapshot>(bench::crowd_of(static_cast<std::uint64_t>(state.range(0)), members()));
    const SnapshotFreshness freshness{std::chrono::steady_clock::now()};
    AdmissionJudge judge(std::make_shared<const AdmissionRules>(), snapshot, freshness, std::chrono::hours(1));

    struct OpenStream {
        tls::Peer peer;
        trust::Verdict verdict;
    };
    std::vector<OpenStream> streams;
    for (const x509::Certificate& member : members()) {
        tls::Peer peer;
        peer.presented = {member};
        peer.possession = trust::Possession::kProven;
        peer.protocol = trust::Protocol::kTls13;
        streams.push_back({peer, judge.judge(peer)});
    }

    std::size_t admitted = 0;
    for (auto _ : state) {
        judge.replace(snapshot);
        for (const OpenStream& stream : streams)
            admitted += judge.still_admits(stream.peer, std::nullopt, stream.verdict, {}, false) ? 1U : 0U;
    }
    if (admitted != static_cast<std::size_t>(state.iterations()) * kStreams)
        state.SkipWithError("somebody was put out");
    state.SetItemsProcessed(static_cast<std::int64_t>(admitted));
}
BENCHMARK(exchange_snapshot)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cotter::service
