// The watching thread.
#include "service/registry_watch.h"

#include "registry/audit_log.h"
#include "registry/pending_clients.h"
#include "service/process.h"
#include "service/wall_clock.h"
#include "text/encoding.h"
#include "x509/openssl.h"

#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace cotter::service {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50};
// A big list that can't be read isn't tried twenty times a second.
constexpr std::chrono::milliseconds kAfterFault{250};
constexpr std::chrono::seconds kReportEvery{1};
constexpr std::chrono::milliseconds kWaitForThreads{500};
constexpr std::size_t kMostTasks = 1024;

constexpr std::chrono::milliseconds kLookAtRotationEvery{400};

std::string own_host() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

std::string random_id() {
    std::array<std::byte, 16> octets{};
    static_cast<void>(RAND_bytes(x509::octets(std::span<std::byte>(octets)), static_cast<int>(octets.size())));
    return text::hex(octets);
}

}  // namespace

Result<std::unique_ptr<RegistryWatch>> RegistryWatch::open(const std::string& url, Ledger& ledger, Log& log) {
    auto registry = registry::open_registry(url);
    if (!registry) return unexpected(registry.error());
    // Taken before the snapshot, so that a change in between is noticed.
    if (auto changed = (*registry)->changed(); !changed) return unexpected(changed.error());
    auto snapshot = (*registry)->snapshot();
    if (!snapshot) return unexpected(snapshot.error());
    return std::unique_ptr<RegistryWatch>(
        new RegistryWatch(std::move(*registry), std::move(*snapshot), url, ledger, log));
}

RegistryWatch::RegistryWatch(std::unique_ptr<registry::Registry> registry,
                             std::shared_ptr<const registry::Snapshot> snapshot, std::string url, Ledger& ledger,
                             Log& log)
    : registry_(std::move(registry)),
      snapshot_(std::move(snapshot)),
      url_(std::move(url)),
      server_id_(random_id()),
      ledger_(ledger),
      log_(log),
      host_(own_host()),
      freshness_(std::chrono::steady_clock::now()),
      strangers_(std::chrono::steady_clock::now()),
      refusals_(std::chrono::steady_clock::now()),
      actor_(login_and_host()) {}

RegistryWatch::~RegistryWatch() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void RegistryWatch::announce() {
    report(wall_clock_now());
}

Result<std::optional<registry::Rotation>> RegistryWatch::rotation_from(const Pin& present) {
    return registry::Rotations(*registry_).from(present);
}

void RegistryWatch::follow(const Pin& present, const std::optional<Pin>& next) {
    const auto adopt = [this, keys = registry::RotatingServer{host_, present, next}](registry::Registry&) {
        if (!keys_ || keys_->present != keys.present) heard_rotation_.reset();
        keys_ = keys;
        report(wall_clock_now());
    };
    // A full queue is emptied many times a second, and this must not be lost.
    if (!thread_.joinable()) return adopt(*registry_);
    {
        const std::scoped_lock lock(mutex_);
        tasks_.push_back(adopt);
    }
    wake_.notify_one();
}

void RegistryWatch::start(OnSnapshot on_snapshot, OnRotation on_rotation) {
    on_snapshot_ = std::move(on_snapshot);
    on_rotation_ = std::move(on_rotation);
    thread_ = std::thread([this] { run(); });
}

bool RegistryWatch::enqueue(Task task) {
    {
        const std::scoped_lock lock(mutex_);
        if (is_stopping_ || tasks_.size() >= kMostTasks) return false;
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return true;
}

bool RegistryWatch::join(const registry::InvitationSecret& secret, registry::NewKey key, std::string address,
                         OnJoined on_joined) {
    return enqueue([this, secret, key = std::move(key), address = std::move(address),
                    on_joined = std::move(on_joined)](registry::Registry& registry) {
        auto client = registry.join(secret, key, {"join from " + address, wall_clock_now()});
        if (client) publish();
        on_joined(std::move(client));
    });
}

bool RegistryWatch::change(Work work, OnDone on_done) {
    return enqueue([this, work = std::move(work), on_done = std::move(on_done)](registry::Registry& registry) {
        auto done = work(registry);
        if (done) publish();
        on_done(std::move(done));
    });
}

void RegistryWatch::learn(Pin pin, x509::CanonicalKey canonical) {
    // If the queue is full the key is met again at the client's next connection.
    static_cast<void>(enqueue([this, pin = std::move(pin), canonical](registry::Registry& registry) {
        if (auto learnt = registry.learn(pin, canonical, {actor_, wall_clock_now()}); !learnt) {
            log_.write(Event("key_conflict", LogLevel::kWarning)
                           .with("pin", pin.to_string())
                           .with("reason", learnt.error().why)
                           .with("next", learnt.error().next));
        }
    }));
}

void RegistryWatch::record(audit::Event event) {
    if (!thread_.joinable()) {
        static_cast<void>(append(std::span(&event, 1)));
        return;
    }
    static_cast<void>(enqueue([this, event = std::move(event)](registry::Registry& /*registry*/) {
        static_cast<void>(append(std::span(&event, 1)));
    }));
}

void RegistryWatch::record_refusals(bool is_last) {
    const auto events = refusals_.take(std::chrono::steady_clock::now(), is_last);
    if (!events.empty() && append(events)) refusals_.recorded(events.size());
}

bool RegistryWatch::append(std::span<const audit::Event> events) {
    auto appended = registry_->store().write("recording in the audit log", [&]() -> Result<void> {
        registry::AuditLog(registry_->store()).append({actor_, wall_clock_now()}, events);
        return {};
    });
    if (appended) {
        is_unlogged_ = false;
    } else if (!std::exchange(is_unlogged_, true)) {
        log_.write(about("audit_unwritten", LogLevel::kError, appended.error()));
    }
    return appended.has_value();
}

void RegistryWatch::run() {
    auto next_report = std::chrono::steady_clock::now();
    auto next_look_at_rotation = next_report;
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        wake_.wait_for(lock, kLookEvery, [this] { return is_stopping_ || !tasks_.empty(); });
        std::deque<Task> tasks = std::exchange(tasks_, {});
        lock.unlock();
        for (const Task& task : tasks) task(*registry_);
        if (std::chrono::steady_clock::now() >= look_again_at_) look();
        if (std::chrono::steady_clock::now() >= next_report) {
            report(wall_clock_now());
            note_strangers();
            // Where the report did not get there, they wait, and nobody waits for them.
            if (!is_unwritten_) record_refusals(false);
            next_report = std::chrono::steady_clock::now() + kReportEvery;
        }
        if (std::chrono::steady_clock::now() >= next_look_at_rotation) {
            look_at_rotation();
            next_look_at_rotation = std::chrono::steady_clock::now() + kLookAtRotationEvery;
        }
        lock.lock();
    }
    lock.unlock();
    // A store that is away would hold up the end for as long as one waits for it; it hears nothing of us, then, and
    // forgets us by itself.
    if (is_failing_ || is_unwritten_) return;
    report(wall_clock_now());
    if (is_unwritten_) return;
    record_refusals(true);
    if (auto retired = registry_->retire(server_id_); !retired) note(retired.error());
}

void RegistryWatch::look() {
    auto changed = registry_->changed();
    if (!changed) return note(changed.error());
    if (*changed) is_behind_ = true;
    is_behind_ ? publish() : note_read();
}

void RegistryWatch::look_at_rotation() {
    if (!keys_) return;
    auto rotation = registry::Rotations(*registry_).from(keys_->present);
    // A registry that can't be read changes nothing; the look at its version tells of it.
    if (!rotation || (heard_rotation_ && *heard_rotation_ == *rotation)) return;
    heard_rotation_.emplace(*rotation);
    on_rotation_(keys_->present, std::move(*rotation));
}

void RegistryWatch::publish() {
    auto snapshot = registry_->snapshot(snapshot_);
    if (!snapshot) {
        // changed() won't tell of it again.
        is_behind_ = true;
        return note(snapshot.error());
    }
    is_behind_ = false;
    note_read();
    if (*snapshot == snapshot_) return;
    {
        const std::scoped_lock lock(mutex_);
        snapshot_ = std::move(*snapshot);
    }
    on_snapshot_(snapshot_);
    ledger_.await_applied(snapshot_->version(), kWaitForThreads);
    report(wall_clock_now());
}

void RegistryWatch::report(x509::Time now) {
    registry::ServerReport report;
    report.server_id = server_id_;
    report.now = now;
    report.applied_version = ledger_.applied_by_all();
    report.rows = ledger_.take_rows();
    auto reported = registry_->report(report);
    if (reported && keys_) reported = registry::Rotations(*registry_).note_server(server_id_, *keys_);
    if (reported) {
        is_unwritten_ = false;
    } else if (!std::exchange(is_unwritten_, true)) {
        // Whom to admit is read all the same; what is missing is this server's word in "client show" and "revoke".
        log_.write(about("registry_unwritten", LogLevel::kWarning, reported.error()));
    }
}

void RegistryWatch::note_read() {
    if (is_failing_.exchange(false)) log_.write(Event("registry_back").with("registry", url_));
    freshness_.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
}

void RegistryWatch::note_strangers() {
    for (const Stranger& stranger : strangers_.take()) {
        auto noted = registry::PendingClients(registry_->store())
                         .note(stranger.pin, stranger.source, stranger.network, stranger.at);
        if (!noted) {
            log_.write(about("stranger_unwritten", LogLevel::kWarning, noted.error())
                           .with("pin", stranger.pin.to_string())
                           .with("peer", stranger.source));
        }
    }
}

std::shared_ptr<const registry::Snapshot> RegistryWatch::latest_snapshot() const {
    const std::scoped_lock lock(mutex_);
    return snapshot_;
}

RegistryStatus RegistryWatch::status() const {
    const auto snapshot = latest_snapshot();
    return {.url = url_,
            .version = snapshot->version(),
            .clients = snapshot->client_count(),
            .age = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                         freshness_.load(std::memory_order_relaxed)),
            .is_reachable = is_reachable()};
}

void RegistryWatch::note(const Error& error) {
    look_again_at_ = std::chrono::steady_clock::now() + kAfterFault;
    if (is_failing_.exchange(true)) return;
    log_.write(about("registry_stale", LogLevel::kError, error));
}

Event RegistryWatch::about(std::string_view event, LogLevel level, const Error& error) const {
    return Event(event, level)
        .with("registry", url_)
        .with("reason", error.what + ": " + error.why)
        .with("next", error.next);
}

}  // namespace cotter::service
