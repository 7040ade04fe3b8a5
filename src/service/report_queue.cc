// One file a report: NAME.json while it waits, NAME.done afterwards, for as long as its failure is not to be repeated.
#include "service/report_queue.h"

#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <system_error>

namespace cotter::service {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Time = std::chrono::sys_seconds;

constexpr std::string_view kWaiting = ".json";
constexpr std::string_view kDone = ".done";

Bytes octets_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string name_of(std::string_view failure, const std::string& target) {
    constexpr std::size_t kOctets = 16;
    return text::hex(Bytes(sha256(octets_of(target + "\n" + std::string(failure)))).first(kOctets));
}

/// A file of the queue, by its name and, for what is done, its content.
struct Kept {
    fs::path path;
    bool is_waiting = false;
    Time made;
    std::size_t size = 0;
};

std::string json_of(const WaitingReport& report) {
    Json servers = Json::array();
    for (const HostPort& server : report.servers) servers.push_back(server.to_string());
    return Json{
        {"target", report.target},          {"servers", std::move(servers)}, {"made", text::rfc3339(report.made)},
        {"due", text::rfc3339(report.due)}, {"attempts", report.attempts},   {"report", report.body}}
        .dump();
}

/// None unless every name can be read: whoever they name gets no report.
std::vector<HostPort> servers_of(const Json& document) {
    std::vector<HostPort> servers;
    if (!document.is_object() || !document.contains("servers") || !document["servers"].is_array()) return servers;
    for (const Json& name : document["servers"]) {
        auto server =
            name.is_string() ? HostPort::parse(name.get<std::string>()) : Result<HostPort>(unexpected(Error{}));
        if (!server) return {};
        servers.push_back(std::move(*server));
    }
    return servers;
}

std::optional<WaitingReport> parse(const std::string& name, const std::string& text) {
    const Json document = Json::parse(text, nullptr, false);
    const auto word = [&](const char* key) {
        return document.is_object() && document.contains(key) && document[key].is_string()
                   ? document[key].get<std::string>()
                   : std::string();
    };
    auto servers = servers_of(document);
    const auto made = text::parse_rfc3339(word("made"));
    const auto due = text::parse_rfc3339(word("due"));
    if (servers.empty() || !made || !due || !document.contains("attempts") ||
        !document["attempts"].is_number_unsigned()) {
        return std::nullopt;
    }
    return WaitingReport{
        name, word("target"), std::move(servers), *made, *due, document["attempts"].get<unsigned>(), word("report")};
}

/// The folder, locked for as long as this lives.
class OpenFolder {
  public:
    static Result<OpenFolder> open(const fs::path& path) {
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
            return failed("no_report_queue", "keeping a report in " + path.string(),
                          std::generic_category().message(errno), "check the state folder");
        }
        auto lock = files::Lock::take(path / ".lock");
        if (!lock) return unexpected(lock.error());
        return OpenFolder(path, std::move(*lock));
    }

    [[nodiscard]] std::vector<Kept> list() const {
        std::vector<Kept> kept;
        std::error_code fault;
        for (const auto& entry : fs::directory_iterator(path_, fault)) {
            const std::string ending = entry.path().extension().string();
            if (ending != kWaiting && ending != kDone) continue;
            const auto content = files::read_private(entry.path());
            if (!content) continue;
            std::optional<Time> made;
            if (ending == kDone) {
                if (const auto time = text::parse_rfc3339(text::of_octets(*content))) made = *time;
            } else if (const auto waiting = parse(entry.path().stem().string(), text::of_octets(*content))) {
                made = waiting->made;
            }
            // What can't be read is no report; its place is needed.
            if (made) {
                kept.push_back({entry.path(), ending == kWaiting, *made, content->size()});
            } else {
                remove(entry.path());
            }
        }
        return kept;
    }

    [[nodiscard]] std::optional<WaitingReport> read(const Kept& kept) const {
        const auto content = files::read_private(kept.path);
        return content ? parse(kept.path.stem().string(), text::of_octets(*content)) : std::nullopt;
    }

    [[nodiscard]] Result<void> write(const std::string& name, std::string_view ending, const std::string& text) const {
        return files::write_private(path_ / (name + std::string(ending)), octets_of(text), files::Replace::kExisting);
    }

    void remove(const fs::path& path) const {
        std::error_code ignored;
        fs::remove(path, ignored);
    }
    void remove(const std::string& name, std::string_view ending) const {
        remove(path_ / (name + std::string(ending)));
    }

  private:
    OpenFolder(fs::path path, files::Lock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    fs::path path_;
    files::Lock lock_;
};

}  // namespace

Result<ReportQueue::Added> ReportQueue::add(std::string_view failure, const std::string& target,
                                            std::vector<HostPort> servers, std::string body, Time now) const {
    const auto folder = OpenFolder::open(folder_);
    if (!folder) return unexpected(folder.error());
    const std::string name = name_of(failure, target);
    std::size_t waiting = 0;
    std::size_t bytes = body.size();
    std::size_t recent = 0;
    for (const Kept& kept : folder->list()) {
        // A clock that was set back must not silence a report for long.
        const bool is_recent = now - kept.made < limits_.period && kept.made - now < limits_.period;
        if (kept.path.stem() == name && (kept.is_waiting || is_recent)) return Added::kRepeated;
        if (!kept.is_waiting && !is_recent) {
            folder->remove(kept.path);
            continue;
        }
        waiting += kept.is_waiting ? 1 : 0;
        bytes += kept.is_waiting ? kept.size : 0;
        recent += is_recent ? 1 : 0;
    }
    if (waiting >= limits_.most_waiting || bytes > limits_.most_bytes || recent >= limits_.most_in_period) {
        return Added::kTooMany;
    }
    const WaitingReport report{name, target, std::move(servers), now, now, 0, std::move(body)};
    if (auto written = folder->write(name, kWaiting, json_of(report)); !written) return unexpected(written.error());
    return Added::kQueued;
}

Result<std::vector<WaitingReport>> ReportQueue::due(const std::string& target, Time now) const {
    const auto folder = OpenFolder::open(folder_);
    if (!folder) return unexpected(folder.error());
    std::vector<WaitingReport> reports;
    for (const Kept& kept : folder->list()) {
        if (!kept.is_waiting) continue;
        if (now - kept.made > limits_.longest_wait) {
            folder->remove(kept.path);
            continue;
        }
        auto report = folder->read(kept);
        if (!report || report->target != target || report->due > now) continue;
        // Claimed: another process that looks meanwhile doesn't deliver it, too.
        WaitingReport claimed = *report;
        claimed.due = now + limits_.first_delay;
        if (auto written = folder->write(claimed.name, kWaiting, json_of(claimed)); !written) {
            return unexpected(written.error());
        }
        reports.push_back(std::move(*report));
    }
    std::ranges::sort(reports, {}, &WaitingReport::made);
    return reports;
}

Result<void> ReportQueue::finish(const WaitingReport& report, Time now) const {
    const auto folder = OpenFolder::open(folder_);
    if (!folder) return unexpected(folder.error());
    auto written = folder->write(report.name, kDone, text::rfc3339(now));
    folder->remove(report.name, kWaiting);
    return written;
}

Result<void> ReportQueue::postpone(const WaitingReport& report, Time now) const {
    const auto folder = OpenFolder::open(folder_);
    if (!folder) return unexpected(folder.error());
    constexpr unsigned kMostDoublings = 20;
    const auto delay = limits_.first_delay * (1LL << std::min(report.attempts, kMostDoublings));
    WaitingReport later = report;
    later.due = now + std::min(std::chrono::seconds(delay), limits_.longest_delay);
    ++later.attempts;
    return folder->write(later.name, kWaiting, json_of(later));
}

}  // namespace cotter::service
