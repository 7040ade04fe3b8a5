// Which requests are answered.
#include "metrics/request.h"

#include "stream/endpoint.h"
#include "text/lower.h"

#include <algorithm>

namespace cotter::metrics {
namespace {

/// The host of "HOST", "HOST:PORT", "[V6]" or "[V6]:PORT"; empty if it is none of these.
std::string_view without_port(std::string_view host) {
    const std::size_t end = host.starts_with('[') ? host.find(']') : host.find(':');
    const std::string_view rest =
        end == std::string_view::npos ? std::string_view() : host.substr(host.starts_with('[') ? end + 1 : end);
    const bool has_port = rest.size() > 1 && rest.front() == ':';
    if (host.starts_with('[') && end == std::string_view::npos) return {};
    if (!rest.empty() && (!has_port || rest.find_first_not_of("0123456789", 1) != std::string_view::npos)) return {};
    return host.starts_with('[') ? host.substr(1, end - 1) : host.substr(0, end);
}

bool is_ours(std::string_view host, const IpAddress& listening) {
    const std::string_view name = without_port(host);
    if (text::ascii_lower(name) == "localhost") return true;
    const auto address = IpAddress::parse(name);
    if (!address || address->is_v6() != host.starts_with('[')) return false;
    return stream::is_loopback(*address) || *address == listening;
}

std::string in_host(const IpAddress& address) {
    return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

}  // namespace

expected<Page, Rejection> page_of(const RequestHead& head, const IpAddress& listening) {
    if (head.hosts.size() != 1) return unexpected(Rejection{400, "a request needs one Host field"});
    if (!is_ours(head.hosts.front(), listening)) {
        return unexpected(Rejection{421, "that Host is not this listener: ask for it by its address, " +
                                             in_host(listening) + ", or as localhost"});
    }
    if (head.has_origin) return unexpected(Rejection{403, "pages of other origins are not answered"});
    if (head.method != "GET" && head.method != "HEAD")
        return unexpected(Rejection{405, "there is nothing to change here: only GET and HEAD are answered"});
    if (head.has_body) return unexpected(Rejection{400, "a request has no content here"});
    const std::string_view path = head.target.substr(0, head.target.find('?'));
    if (path == "/metrics") return Page::kMetrics;
    if (path == "/livez") return Page::kLive;
    if (path == "/readyz") return Page::kReady;
    return unexpected(Rejection{404, "there is /metrics, /livez and /readyz here"});
}

}  // namespace cotter::metrics
