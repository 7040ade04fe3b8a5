// What the list of clients costs: the question at every handshake, asked of 1, 1,000 and 1,000,000 clients, and the
// snapshot that is built when the list has changed.
#include "registry/snapshot.h"
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

/// Different digests, spread as real ones are: a digest of the number would cost more than it tells.
Pin numbered_pin(std::uint64_t number) {
    ByteVector octets(digest_size(PinForm::kSha256));
    std::uint64_t state = number + 1;
    for (std::byte& octet : octets) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        octet = static_cast<std::byte>(state >> 56U);
    }
    return Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, octets).value();
}

Client numbered_client(std::uint64_t number, ClientKey key) {
    return {.name = ClientName::parse("client-" + std::to_string(number)).value(),
            .state = ClientState::kActive,
            .state_reason = "",
            .state_since = kMintNow,
            .state_actor = "owner@host",
            .expires = std::nullopt,
            .note = "",
            .added = kMintNow,
            .keys = {std::move(key)}};
}

/// So many clients; the last is registered().
SnapshotRows rows_of(std::int64_t count) {
    SnapshotRows rows;
    rows.version = 1;
    const auto others = static_cast<std::uint64_t>(count - 1);
    rows.clients.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t number = 0; number < others; ++number)
        rows.clients.push_back(numbered_client(number, {numbered_pin(number), std::nullopt, std::nullopt, kMintNow}));
    rows.clients.push_back(
        numbered_client(others, {registered().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256).value(),
                                 registered().public_key().canonical(), registered().issuer_and_serial(), kMintNow}));
    return rows;
}

/// Built once for all repetitions, and one size at a time: a million clients are some hundred megabytes.
const Snapshot& snapshot_of(std::int64_t count) {
    static std::int64_t built_for = 0;
    static std::optional<Snapshot> built;
    if (built_for != count) {
        built.reset();
        built.emplace(rows_of(count));
        built_for = count;
    }
    return *built;
}

void look_up(benchmark::State& state, const Certificate& (*leaf)(), trust::StandingState expected) {
    const Snapshot& snapshot = snapshot_of(state.range(0));
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
        SnapshotRows rows = rows_of(state.range(0));
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
