// What the list of clients costs: the question at every handshake, asked of 1, 1,000 and 1,000,000 clients, and the
// snapshot that is built when the list has changed.
#include "crowd.h"
#include "x509/testing/mint.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <string>

namespace cotter::registry {
namespace {

using x509::Certificate;
using x509::testing::kMintNow;
using x509::testing::mint;

/// Somebody who is on the list, and somebody who is not.
const Certificate& registered() {
    static const Certificate minted = mint().leaf("client.example").make().certificate();
    return minted;
}
const Certificate& stranger() {
    static const Certificate minted = mint().leaf("stranger.example").make().certificate();
    return minted;
}

/// Built once for all repetitions, and one size at a time: a million clients are some hundred megabytes.
const Snapshot& snapshot_of(std::uint64_t count) {
    static std::uint64_t built_for = 0;
    static std::optional<Snapshot> built;
    if (built_for != count) {
        built.reset();
        built.emplace(bench::crowd_of(count, {&registered(), 1}));
        built_for = count;
    }
    return *built;
}

void look_up(benchmark::State& state, const Certificate& (*leaf)(), trust::StandingState expected) {
    const Snapshot& snapshot = snapshot_of(static_cast<std::uint64_t>(state.range(0)));
    const Certificate& asked = leaf();
    for (auto _ : state) benchmark::DoNotOptimize(snapshot.standing_of(asked, kMintNow));
    if (snapshot.standing_of(asked, kMintNow).state != expected) state.SkipWithError("the list says something else");
}

void look_up_registered(benchmark::State& state) {
    look_up(state, registered, trust::StandingState::kActive);
}
void look_up_stranger(benchmark::State& state) {
    look_up(state, stranger, trust::StandingState::kUnknown);
}
void build_snapshot(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        SnapshotRows rows = bench::crowd_of(static_cast<std::uint64_t>(state.range(0)), {&registered(), 1});
        auto built = std::make_unique<std::optional<Snapshot>>();
        state.ResumeTiming();
        built->emplace(std::move(rows));
        benchmark::DoNotOptimize(*built);
        state.PauseTiming();
        built.reset();
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

constexpr std::int64_t kMany = 1'000;
constexpr std::int64_t kVeryMany = 1'000'000;
BENCHMARK(look_up_registered)->Arg(1)->Arg(kMany)->Arg(kVeryMany);
BENCHMARK(look_up_stranger)->Arg(1)->Arg(kMany)->Arg(kVeryMany);
BENCHMARK(build_snapshot)->Arg(1)->Arg(kMany)->Arg(kVeryMany)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cotter::registry
