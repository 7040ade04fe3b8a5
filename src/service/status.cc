// A status as JSON.
#include "service/status.h"

#include "text/escape.h"
#include "text/time.h"
#include "x509/library_version.h"

#include <openssl/crypto.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>

namespace cotter::service {
namespace {

using Json = nlohmann::ordered_json;

Json escaped(const std::string& text) {
    return text::escape_remaining(text);
}

Json services_json(const std::vector<ServiceStatus>& services) {
    Json list = Json::array();
    for (const ServiceStatus& service : services) {
        Json backends = Json::array();
        for (const ServiceStatus::Backend& backend : service.backends)
            backends.push_back({{"to", backend.to}, {"up", backend.is_up}});
        list.push_back({{"name", service.name}, {"listen", service.listen}, {"backends", std::move(backends)}});
    }
    return list;
}

Json threads_json(const std::vector<std::optional<ThreadStatus>>& threads) {
    Json list = Json::array();
    for (const auto& thread : threads) {
        list.push_back(thread ? Json{{"streams", thread->streams}, {"handshakes", thread->handshakes}} : Json());
    }
    return list;
}

/// Of all threads together.
ThreadStatus summed(const std::vector<std::optional<ThreadStatus>>& threads) {
    ThreadStatus sum;
    for (const auto& thread : threads) {
        if (!thread) continue;
        sum.streams += thread->streams;
        sum.handshakes += thread->handshakes;
        sum.has_more_clients = sum.has_more_clients || thread->has_more_clients;
        sum.refusals.insert(sum.refusals.end(), thread->refusals.begin(), thread->refusals.end());
        for (const auto& [name, client] : thread->clients) {
            const auto [known, is_new] = sum.clients.try_emplace(name, client);
            if (is_new) continue;
            ClientStatus& all = known->second;
            all.streams += client.streams;
            const std::size_t room = kMostConnectionsInStatus - all.connections.size();
            const auto newest = client.connections.begin();
            all.connections.insert(all.connections.end(), newest,
                                   newest + static_cast<std::ptrdiff_t>(std::min(room, client.connections.size())));
            all.since = std::min(all.since, client.since);
            all.bytes_in += client.bytes_in;
            all.bytes_out += client.bytes_out;
        }
    }
    std::ranges::sort(sum.refusals, {}, &RefusalStatus::at);
    if (sum.refusals.size() > kMostRefusalsInStatus) {
        sum.refusals.erase(sum.refusals.begin(),
                           sum.refusals.end() - static_cast<std::ptrdiff_t>(kMostRefusalsInStatus));
    }
    while (sum.clients.size() > kMostClientsInStatus) {
        sum.clients.erase(std::prev(sum.clients.end()));
        sum.has_more_clients = true;
    }
    return sum;
}

Json clients_json(const std::map<std::string, ClientStatus>& clients) {
    Json list = Json::array();
    for (const auto& [name, client] : clients) {
        list.push_back({{"name", escaped(name)},
                        {"streams", client.streams},
                        {"since", text::rfc3339(client.since)},
                        {"from", escaped(client.source)},
                        {"service", client.service},
                        {"conns", client.connections},
                        {"bytes_in", client.bytes_in},
                        {"bytes_out", client.bytes_out}});
    }
    return list;
}

Json refusals_json(const std::vector<RefusalStatus>& refusals) {
    Json list = Json::array();
    for (const RefusalStatus& refusal : refusals) {
        list.push_back({{"at", text::rfc3339(refusal.at)},
                        {"conn", refusal.connection},
                        {"from", escaped(refusal.source)},
                        {"client", escaped(refusal.client)},
                        {"pin", refusal.pin},
                        {"service", refusal.service},
                        {"codes", refusal.codes},
                        {"reason", escaped(refusal.reason)}});
    }
    return list;
}

Json expiries_json(const std::vector<Expiry>& expiries, x509::Time now) {
    Json list = Json::array();
    for (const Expiry& expiry : expiries) {
        list.push_back({{"what", escaped(expiry.what)},
                        {"at", text::rfc3339(expiry.at)},
                        {"is_past", nearness_of(expiry.at, now) == Nearness::kPast}});
    }
    return list;
}

}  // namespace

std::string to_json(const ServerStatus& status) {
    const ThreadStatus sum = summed(status.threads);
    const auto fault = x509::known_fault_of_library(OpenSSL_version_num());
    const Json document{{"pid", ::getpid()},
                        {"now", text::rfc3339(status.now)},
                        {"since", text::rfc3339(status.since)},
                        {"pin", status.pin},
                        {"openssl", OpenSSL_version(OPENSSL_VERSION)},
                        {"openssl_fault", fault ? Json(*fault) : Json()},
                        {"pending", status.takes_pending},
                        {"services", services_json(status.services)},
                        {"threads", threads_json(status.threads)},
                        {"streams", sum.streams},
                        {"handshakes", sum.handshakes},
                        {"registry",
                         {{"url", escaped(status.registry.url)},
                          {"version", status.registry.version},
                          {"clients", status.registry.clients},
                          {"age_ms", status.registry.age.count()},
                          {"reachable", status.registry.is_reachable}}},
                        {"clients", clients_json(sum.clients)},
                        {"more_clients", sum.has_more_clients},
                        {"expiries", expiries_json(status.expiries, status.now)},
                        {"refusals", refusals_json(sum.refusals)}};
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cotter::service
