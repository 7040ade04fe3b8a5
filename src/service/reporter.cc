// The thread, and what it makes of an incident.
#include "service/reporter.h"

#include "formats/hpkp_report.h"
#include "pin/digest.h"
#include "service/report_sender.h"
#include "service/wall_clock.h"
#include "text/encoding.h"

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace cotter::service {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostTaken = 64;
constexpr std::chrono::milliseconds kLongestPost{5'000};

/// What makes two failures the same: the server, the key that it showed, and why it was refused.
std::string failure_of(const Incident& incident) {
    std::string text = incident.host.to_string() + "\n";
    if (!incident.verdict.presented.empty()) text += text::hex(sha256(incident.verdict.presented.front().der()));
    for (const trust::Reason& reason : incident.verdict.reasons)
        text += "\n" + std::string(trust::text_of(reason.code));
    return text;
}

}  // namespace

std::string report_of(const Incident& incident) {
    const formats::HpkpReport report =
        formats::report_of(incident.verdict, incident.host, incident.noted ? &*incident.noted : nullptr,
                           incident.policy, incident.at, incident.connection_id);
    Json document = Json::parse(formats::to_json(report));
    Json notes = Json::array();
    for (const trust::Reason& note : incident.verdict.notes)
        notes.push_back({{"code", trust::text_of(note.code)}, {"message", note.message}});
    document["notes"] = std::move(notes);
    Json presented = Json::array();
    for (const x509::Certificate& certificate : incident.verdict.presented)
        presented.push_back(certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string());
    document["presented-pins"] = std::move(presented);
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Reporter::Reporter(ReporterSettings settings)
    : settings_(std::move(settings)), queue_(settings_.queue, settings_.limits) {
    // Not safe beside other threads of ours, so before there is one.
    curl_global_init(CURL_GLOBAL_DEFAULT);
    thread_ = std::thread([this] { run(); });
}

Reporter::~Reporter() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
        ends_at_ = std::chrono::steady_clock::now() + kLastWait;
    }
    changed_.notify_all();
    thread_.join();
    curl_global_cleanup();
}

void Reporter::take(Incident incident) {
    {
        const std::scoped_lock lock(mutex_);
        if (taken_.size() >= kMostTaken) {
            counts_.dropped += settings_.targets.size();
            return;
        }
        taken_.push_back(std::move(incident));
    }
    changed_.notify_all();
}

void Reporter::run() {
    constexpr std::chrono::seconds kLook{30};
    deliver_due();  // what earlier runs have left
    for (;;) {
        std::deque<Incident> incidents;
        bool ends = false;
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, kLook, [this] { return ends_ || !taken_.empty(); });
            incidents.swap(taken_);
            ends = ends_;
        }
        for (const Incident& incident : incidents) keep(incident);
        if (!ends || !incidents.empty()) deliver_due();
        if (ends) return;
    }
}

void Reporter::keep(const Incident& incident) {
    const std::string body = report_of(incident);
    const std::string failure = failure_of(incident);
    for (const ReportTarget& target : settings_.targets) {
        const auto added =
            queue_.add(failure, target.to_string(), {incident.host, incident.dialled}, body, wall_clock_now());
        if (!added || *added == ReportQueue::Added::kTooMany) ++counts_.dropped;
        if (!added) {
            trouble(target.to_string(), added.error().what + ": " + added.error().why);
        } else if (*added == ReportQueue::Added::kTooMany) {
            trouble(target.to_string(), "too many failures in a short time: this one is not reported");
        }
    }
}

std::chrono::milliseconds Reporter::time_left() {
    const std::scoped_lock lock(mutex_);
    if (!ends_) return kLongestPost;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(ends_at_ - std::chrono::steady_clock::now());
    return std::clamp(left, std::chrono::milliseconds(0), kLongestPost);
}

void Reporter::deliver_due() {
    for (const ReportTarget& target : settings_.targets) {
        const auto waiting = queue_.due(target.to_string(), wall_clock_now());
        if (!waiting) {
            trouble(target.to_string(), waiting.error().what + ": " + waiting.error().why);
            continue;
        }
        for (const WaitingReport& report : *waiting) {
            const auto left = time_left();
            if (left.count() == 0) return;
            const Delivery delivery = deliver(target, report.servers, report.body, settings_.collector_pins, left);
            if (delivery.outcome == Delivery::Outcome::kDelivered) {
                ++counts_.delivered;
            } else {
                const bool is_kept = delivery.outcome == Delivery::Outcome::kLater;
                ++counts_.failed;
                if (!is_kept) ++counts_.dropped;
                trouble(target.to_string(), delivery.why + (is_kept ? "; it is kept for later" : "; it is given up"));
            }
            const auto noted = delivery.outcome == Delivery::Outcome::kLater ? queue_.postpone(report, wall_clock_now())
                                                                             : queue_.finish(report, wall_clock_now());
            if (!noted) trouble(target.to_string(), noted.error().what + ": " + noted.error().why);
        }
    }
}

void Reporter::trouble(const std::string& target, const std::string& why) const {
    if (settings_.on_trouble) settings_.on_trouble(target, why);
}

}  // namespace cotter::service
