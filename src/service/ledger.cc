// Counting by client.
#include "service/ledger.h"

#include <algorithm>

namespace cotter::service {

registry::ServerReport::Row& Ledger::row(const std::string& client) {
    registry::ServerReport::Row& row = changed_[client];
    row.client = client;
    return row;
}

trust::OpenStreams Ledger::count(const std::string& client, const std::string& service) const {
    const auto open = open_.find(client);
    if (open == open_.end()) return {};
    const auto here = open->second.at_service.find(service);
    return {open->second.at_all, here == open->second.at_service.end() ? 0 : here->second};
}

trust::OpenStreams Ledger::open_streams(const std::string& client, const std::string& service) const {
    const std::scoped_lock lock(mutex_);
    return count(client, service);
}

std::optional<trust::OpenStreams> Ledger::opened(const std::string& client, const std::string& service,
                                                 const std::string& address, x509::Time now, const StreamCaps& caps) {
    const std::scoped_lock lock(mutex_);
    const trust::OpenStreams before = count(client, service);
    if ((caps.at_all && before.at_all >= *caps.at_all) || (caps.at_service && before.at_service >= *caps.at_service)) {
        return before;
    }
    Open& open = open_[client];
    ++open.at_all;
    ++open.at_service[service];
    registry::ServerReport::Row& changed = row(client);
    changed.last_seen = now;
    changed.last_address = address;
    return std::nullopt;
}

void Ledger::moved(const std::string& client, std::uint64_t bytes_in, std::uint64_t bytes_out) {
    const std::scoped_lock lock(mutex_);
    registry::ServerReport::Row& changed = row(client);
    changed.bytes_in += bytes_in;
    changed.bytes_out += bytes_out;
}

void Ledger::forget_one(const std::string& client, const std::string& service) {
    static_cast<void>(row(client));
    const auto open = open_.find(client);
    if (open == open_.end()) return;
    const auto here = open->second.at_service.find(service);
    if (here != open->second.at_service.end() && --here->second == 0) open->second.at_service.erase(here);
    if (--open->second.at_all == 0) open_.erase(open);
}

void Ledger::ended(const std::string& client, const std::string& service) {
    const std::scoped_lock lock(mutex_);
    forget_one(client, service);
}

bool Ledger::ended_beyond(const std::string& client, const std::string& service, const StreamCaps& caps) {
    const std::scoped_lock lock(mutex_);
    const trust::OpenStreams open = count(client, service);
    if ((!caps.at_all || open.at_all <= *caps.at_all) && (!caps.at_service || open.at_service <= *caps.at_service)) {
        return false;
    }
    forget_one(client, service);
    return true;
}

void Ledger::closed(const std::string& client) {
    const std::scoped_lock lock(mutex_);
    ++row(client).closed;
}

void Ledger::refused(const std::string& client) {
    const std::scoped_lock lock(mutex_);
    ++row(client).refused;
}

void Ledger::applied(std::size_t thread, std::uint64_t version) {
    const std::scoped_lock lock(mutex_);
    applied_[thread] = version;
    has_applied_.notify_all();
}

std::uint64_t Ledger::least_applied() const {
    return *std::ranges::min_element(applied_);
}

std::uint64_t Ledger::applied_by_all() const {
    const std::scoped_lock lock(mutex_);
    return least_applied();
}

void Ledger::await_applied(std::uint64_t version, std::chrono::milliseconds most) const {
    std::unique_lock lock(mutex_);
    has_applied_.wait_for(lock, most, [&] { return least_applied() >= version; });
}

std::vector<registry::ServerReport::Row> Ledger::take_rows() {
    const std::scoped_lock lock(mutex_);
    std::vector<registry::ServerReport::Row> rows;
    for (auto& [client, changed] : changed_) {
        const auto open = open_.find(client);
        changed.open_streams = open == open_.end() ? 0 : open->second.at_all;
        rows.push_back(std::move(changed));
    }
    changed_.clear();
    return rows;
}

}  // namespace cotter::service
