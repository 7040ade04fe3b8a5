// What the list of clients costs: the question at every handshake, asked of 1, 1,000 and 1,000,000 clients, what it
// takes of memory, and what it takes to read it, as a whole and after a change, from a SQLite file.
#include "crowd.h"
#include "x509/testing/mint.h"

#include <benchmark/benchmark.h>

#include <malloc.h>
#include <stdlib.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

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
/// The index alone, and each time another client than those in the caches.
void find_pin(benchmark::State& state) {
    constexpr std::size_t kAsked = 250'000;
    const auto count = static_cast<std::uint64_t>(state.range(0));
    const ClientTable& table = snapshot_of(count).table();
    std::mt19937_64 random(1);
    std::vector<Pin> asked;
    asked.reserve(kAsked);
    while (asked.size() < kAsked) asked.push_back(bench::numbered_pin(random() % (count - 1)));
    std::size_t next = 0;
    std::size_t missed = 0;
    for (auto _ : state) {
        if (!table.find(asked[next]).client) ++missed;
        if (++next == kAsked) next = 0;
    }
    if (missed != 0) state.SkipWithError("the table has lost clients");
}

/// What is on the heap, in octets.
std::size_t allocated() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

void memory(benchmark::State& state) {
    const auto count = static_cast<std::uint64_t>(state.range(0));
    for (auto _ : state) {
        auto rows = std::make_unique<SnapshotRows>(bench::crowd_of(count, {}));
        const std::size_t before = allocated();
        const auto snapshot = std::make_unique<const Snapshot>(*rows);
        state.counters["octets_a_client"] =
            static_cast<double>(allocated() - before) / static_cast<double>(snapshot->client_count());
    }
}

void list_ending(benchmark::State& state) {
    const Snapshot& snapshot = snapshot_of(static_cast<std::uint64_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(snapshot.ending(kMintNow, kMintNow, 3));
}

/// A registry of that many clients in a SQLite file, written past the audit log, which would take longer than all else.
class FileOfMany {
  public:
    explicit FileOfMany(std::uint64_t count) {
        std::string name = (std::filesystem::temp_directory_path() / "cotter-bench-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        registry_ = open_registry("sqlite:" + (folder_ / "registry.db").string()).value();
        Store& store = registry_->store();
        store
            .write("filling it",
                   [&]() -> Result<void> {
                       Query client(store, kClient, "", 0);
                       Query canonical(store, kCanonical, 0, "");
                       Query key(store, kKey, 0, 0, Bytes(), "", Bytes(), Bytes(), Bytes());
                       for (std::uint64_t number = 0; number < count; ++number) {
                           const auto one = bench::numbered_client(number, bench::numbered_key(number));
                           const ClientKey& its = one.keys.front();
                           client.again(one.name.text(), *one.expires).run();
                           canonical.again(*its.canonical, one.name.text()).run();
                           key.again(its.pin.target(), its.pin.form(), its.pin.octets(), one.name.text(),
                                     *its.canonical, its.certificate->issuer, its.certificate->serial)
                               .run();
                       }
                       registry_->touch(ClientName::parse("client-0").value());
                       return {};
                   })
            .value();
    }
    ~FileOfMany() { std::filesystem::remove_all(folder_); }
    FileOfMany(const FileOfMany&) = delete;
    FileOfMany& operator=(const FileOfMany&) = delete;
    [[nodiscard]] Registry& registry() { return *registry_; }

  private:
    static constexpr const char* kClient =
        "INSERT INTO clients (name, state, state_reason, state_since, state_actor, expires, note, added) "
        "VALUES ($1, 'active', '', 0, 'owner@host', $2, '', 0)";
    static constexpr const char* kCanonical = "INSERT INTO canonical_keys (digest, client) VALUES ($1, $2)";
    static constexpr const char* kKey =
        "INSERT INTO keys (target, form, octets, client, canonical, issuer, serial, added) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";

    std::filesystem::path folder_;
    std::unique_ptr<Registry> registry_;
};

FileOfMany& file_of(std::uint64_t count) {
    static std::uint64_t made_for = 0;
    static std::optional<FileOfMany> made;
    if (made_for != count) {
        made.emplace(count);
        made_for = count;
    }
    return *made;
}

void first_load(benchmark::State& state) {
    Registry& registry = file_of(static_cast<std::uint64_t>(state.range(0))).registry();
    for (auto _ : state) benchmark::DoNotOptimize(registry.snapshot().value());
}

/// From the commit to the next snapshot.
void apply_change(benchmark::State& state) {
    Registry& registry = file_of(static_cast<std::uint64_t>(state.range(0))).registry();
    auto snapshot = registry.snapshot().value();
    const auto name = ClientName::parse("client-0").value();
    const Change change{"owner@host", kMintNow};
    bool is_suspended = false;
    for (auto _ : state) {
        state.PauseTiming();
        is_suspended ? registry.restore(name, change).value() : registry.suspend(name, "", change).value();
        is_suspended = !is_suspended;
        state.ResumeTiming();
        snapshot = registry.snapshot(snapshot).value();
    }
    if (is_suspended) registry.restore(name, change).value();
}

constexpr std::int64_t kMany = 1'000;
constexpr std::int64_t kVeryMany = 1'000'000;
BENCHMARK(look_up_registered)->Arg(1)->Arg(kMany)->Arg(kVeryMany);
BENCHMARK(look_up_stranger)->Arg(1)->Arg(kMany)->Arg(kVeryMany);
BENCHMARK(find_pin)->Arg(kMany)->Arg(kVeryMany);
BENCHMARK(list_ending)->Arg(kVeryMany)->Unit(benchmark::kMillisecond);
BENCHMARK(memory)->Arg(kMany)->Arg(kVeryMany)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(first_load)->Arg(kMany)->Arg(kVeryMany)->Unit(benchmark::kMillisecond);
BENCHMARK(apply_change)->Arg(kMany)->Arg(kVeryMany)->Iterations(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cotter::registry
