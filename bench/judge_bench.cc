// What a verdict costs once the evidence is there: by a pin of the leaf, by a chain, and by a row of the registry.
#include "trust/testing/cases.h"

#include <benchmark/benchmark.h>

namespace cotter::trust {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the judge's own little world

void judge_server_by_pin(benchmark::State& state) {
    const Evidence evidence = live({world().leaf, world().middle});
    const ServerPolicy policy = policy_of(TrustMode::kPins, Match::kLeaf, {spki(world().leaf)});
    for (auto _ : state) benchmark::DoNotOptimize(judge(evidence, policy, kMintNow));
    if (!judge(evidence, policy, kMintNow).lets_pass()) state.SkipWithError("the pinned server was refused");
}
BENCHMARK(judge_server_by_pin);

void judge_server_by_chain(benchmark::State& state) {
    const Evidence evidence = live({world().leaf, world().middle}, {world().root});
    const ServerPolicy policy = policy_of(TrustMode::kChain);
    for (auto _ : state) benchmark::DoNotOptimize(judge(evidence, policy, kMintNow));
    if (!judge(evidence, policy, kMintNow).lets_pass()) state.SkipWithError("the certified server was refused");
}
BENCHMARK(judge_server_by_chain);

void judge_client_by_registry(benchmark::State& state) {
    Evidence evidence = live({world().alone});
    evidence.host.reset();
    evidence.standing = {StandingState::kActive, "alice", spki(world().alone), std::nullopt, {}};
    const AdmissionPolicy policy;
    for (auto _ : state) benchmark::DoNotOptimize(judge(evidence, policy, kMintNow));
    if (!judge(evidence, policy, kMintNow).lets_pass()) state.SkipWithError("the registered client was refused");
}
BENCHMARK(judge_client_by_registry);

}  // namespace
}  // namespace cotter::trust
