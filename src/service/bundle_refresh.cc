// The thread that asks again.
#include "service/bundle_refresh.h"

#include "service/wall_clock.h"
#include "text/time.h"

#include <random>

namespace cotter::service {
namespace {

using std::chrono::seconds;

constexpr seconds kAtMostEvery{5};

std::string words_of(const Error& error) {
    return error.what + ": " + error.why;
}

/// Chance without consequence: it only spreads clients over time.
double chance() {
    static thread_local std::minstd_rand generator(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

Event log_line_of(const BundleNews& news) {
    Event event("bundle", news.why.empty() ? LogLevel::kInfo : LogLevel::kWarning);
    event.with("result", news.event);
    if (news.versions) {
        event.with("root", news.versions->root)
            .with("timestamp", news.versions->timestamp)
            .with("targets", news.versions->targets);
    }
    if (news.checked) {
        event.with("checked", text::rfc3339(*news.checked))
            .with("age_seconds", static_cast<std::uint64_t>(std::max(seconds(0), news.at - *news.checked).count()));
    }
    if (news.until) event.with("until", text::rfc3339(*news.until));
    event.with("reason", news.why);
    return event;
}

BundleRefresh::BundleRefresh(bundle::Subscription subscription, OnNews on_news)
    : subscription_(std::move(subscription)),
      on_news_(std::move(on_news)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void BundleRefresh::hurry() {
    {
        const std::lock_guard lock(mutex_);
        is_hurried_ = true;
    }
    wake_.notify_all();
}

BundleNews BundleRefresh::look(const std::optional<Error>& failure) {
    BundleNews news{.event = "current", .at = wall_clock_now()};
    auto used = bundle::policy_in_use(subscription_, news.at);
    if (failure) news.why = words_of(*failure);
    if (used) {
        news.versions = used->versions;
        news.checked = used->checked;
        news.until = used->until;
        news.has_changed = last_ && (used->content != last_->content || used->until != last_->until);
        if (news.has_changed) news.event = "changed";
        last_ = std::move(*used);
    } else {
        news.why += (news.why.empty() ? "" : "; ") + words_of(used.error());
    }
    if (!news.why.empty()) news.event = "kept";
    // Each trouble once, until it is over.
    if (!news.why.empty() && news.why == told_) news.event.clear();
    told_ = news.why;
    return news;
}

void BundleRefresh::run(const std::stop_token& stop) {
    on_news_(look({}));
    auto asked = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
        {
            const auto pause = bundle::pause_until_refresh(last_, wall_clock_now(), chance());
            std::unique_lock lock(mutex_);
            wake_.wait_until(lock, stop, asked + pause, [this] { return is_hurried_; });
            // However many hurry, the bundle's server is asked in peace.
            if (is_hurried_) wake_.wait_until(lock, stop, asked + kAtMostEvery, [] { return false; });
            is_hurried_ = false;
        }
        if (stop.stop_requested()) return;
        const auto refreshed = bundle::refresh(subscription_, wall_clock_now(), stop);
        asked = std::chrono::steady_clock::now();
        const std::optional<Error> failure = refreshed ? refreshed->failure : refreshed.error();
        if (!stop.stop_requested()) on_news_(look(failure));
    }
}

}  // namespace cotter::service
