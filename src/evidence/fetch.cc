// Fetching by libcurl.
#include "evidence/fetch.h"

#include "text/escape.h"

#include <cotter/host_name.h>

#include <curl/curl.h>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <new>

namespace cotter::evidence {
namespace {

struct EasyCleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListCleanup {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct UrlCleanup {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// What libcurl's callbacks work on.
struct Transfer {
    const FetchRequest& request;
    ByteVector body{};
    bool is_too_large = false;
    std::string refused_address{};
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* pointer) {
    auto& transfer = *static_cast<Transfer*>(pointer);
    const Bytes part = std::as_bytes(std::span(data, size * count));
    if (transfer.body.size() + part.size() > transfer.request.most_octets) {
        transfer.is_too_large = true;
        return 0;
    }
    try {
        transfer.body.insert(transfer.body.end(), part.begin(), part.end());
    } catch (...) {
        return 0;
    }
    return part.size();
}

/// Asked with the very address that is about to be connected to, so no name can lead elsewhere afterwards.
curl_socket_t open_socket(void* pointer, curlsocktype /*purpose*/, curl_sockaddr* target) {
    auto& transfer = *static_cast<Transfer*>(pointer);
    try {
        std::array<char, 64> host{};
        const bool is_told =
            ::getnameinfo(&target->addr, target->addrlen, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) == 0;
        const std::string address = is_told ? host.data() : "an address of another family";
        if (!transfer.request.may_reach_private && !is_public_address(address)) {
            transfer.refused_address = address;
            return CURL_SOCKET_BAD;
        }
    } catch (...) {
        return CURL_SOCKET_BAD;
    }
    return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

int look_for_stop(void* pointer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(pointer)->request.stop.stop_requested() ? 1 : 0;
}

unexpected<Error> could_not(const FetchRequest& request, std::string why, std::string next = {},
                            std::string code = "fetch_failed") {
    return failed(std::move(code), "fetching " + text::escape(request.url, 300), std::move(why), std::move(next));
}

/// Why the URL is not one to follow; empty if it is.
std::string fault_of(const std::string& text) {
    const std::unique_ptr<CURLU, UrlCleanup> url(curl_url());
    if (!url) throw std::bad_alloc();
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return "it is not a URL";
    const auto part_of = [&](CURLUPart which) -> std::optional<std::string> {
        char* part = nullptr;
        if (curl_url_get(url.get(), which, &part, 0) != CURLUE_OK) return std::nullopt;
        std::string copy(part);
        curl_free(part);
        return copy;
    };
    const auto scheme = part_of(CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") return "only http and https are fetched";
    if (part_of(CURLUPART_USER) || part_of(CURLUPART_PASSWORD)) return "it names a user";
    return {};
}

bool begins_with(Bytes address, std::initializer_list<unsigned> prefix, unsigned bits) {
    std::size_t at = 0;
    for (const unsigned octet : prefix) {
        const unsigned counted = std::min(8U, bits - static_cast<unsigned>(at) * 8U);
        const unsigned mask = (0xffU << (8U - counted)) & 0xffU;
        if ((std::to_integer<unsigned>(address[at]) & mask) != (octet & mask)) return false;
        ++at;
    }
    return true;
}

struct Network {
    std::initializer_list<unsigned> prefix;
    unsigned bits;
};

bool is_public_v4(Bytes address) {
    // IANA's special-purpose registry (RFC 6890 and its updates): what is not globally reachable.
    static const std::initializer_list<Network> kOthers{{{0}, 8},
                                                        {{10}, 8},
                                                        {{100, 64}, 10},
                                                        {{127}, 8},
                                                        {{169, 254}, 16},
                                                        {{172, 16}, 12},
                                                        {{192, 0, 0}, 24},
                                                        {{192, 0, 2}, 24},
                                                        {{192, 88, 99}, 24},
                                                        {{192, 168}, 16},
                                                        {{198, 18}, 15},
                                                        {{198, 51, 100}, 24},
                                                        {{203, 0, 113}, 24},
                                                        {{224}, 4},
                                                        {{240}, 4}};
    return std::ranges::none_of(kOthers,
                                [&](const Network& one) { return begins_with(address, one.prefix, one.bits); });
}

bool is_public_v6(Bytes address) {
    // Global unicast is 2000::/3; of it, what carries an IPv4 address, and what is for protocols and documents.
    static const std::initializer_list<Network> kOthers{
        {{0x20, 0x01, 0x00}, 23}, {{0x20, 0x01, 0x0d, 0xb8}, 32}, {{0x20, 0x02}, 16}, {{0x3f, 0xff, 0x00}, 20}};
    return begins_with(address, {0x20}, 3) && std::ranges::none_of(kOthers, [&](const Network& one) {
               return begins_with(address, one.prefix, one.bits);
           });
}

}  // namespace

bool is_public_address(const std::string& address) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return false;
    const Bytes octets = parsed->octets();
    return octets.size() == 4 ? is_public_v4(octets) : is_public_v6(octets);
}

Result<ByteVector> fetch(const FetchRequest& request) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    if (const std::string fault = fault_of(request.url); !fault.empty()) return could_not(request, fault);
    const std::unique_ptr<CURL, EasyCleanup> owner(curl_easy_init());
    if (!owner) throw std::bad_alloc();
    CURL* const easy = owner.get();
    Transfer transfer{request};
    std::array<char, CURL_ERROR_SIZE> detail{};
    bool is_set = true;
    const auto set = [&](CURLoption option, auto value) {
        is_set = is_set && curl_easy_setopt(easy, option, value) == CURLE_OK;
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, request.most_redirects);
    set(CURLOPT_POSTREDIR, static_cast<long>(CURL_REDIR_POST_ALL));
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_USERAGENT, "cotter");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.deadline.count()));
    set(CURLOPT_ERRORBUFFER, detail.data());
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, &transfer);
    set(CURLOPT_XFERINFOFUNCTION, &look_for_stop);
    set(CURLOPT_XFERINFODATA, &transfer);
    set(CURLOPT_NOPROGRESS, 0L);
    std::unique_ptr<curl_slist, ListCleanup> headers;
    if (request.body) {
        headers.reset(curl_slist_append(nullptr, ("Content-Type: " + request.content_type).c_str()));
        set(CURLOPT_HTTPHEADER, headers.get());
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
        set(CURLOPT_POSTFIELDS, static_cast<const void*>(request.body->data()));
    }
    if (!is_set) return could_not(request, "libcurl lacks what this needs", "check libcurl4 (7.85 or later)");
    const CURLcode outcome = curl_easy_perform(easy);
    if (!transfer.refused_address.empty()) {
        return could_not(
            request, "it leads to " + text::escape(transfer.refused_address) + ", which is not of the public network",
            "if that is meant, say --fetch-private");
    }
    if (transfer.is_too_large) {
        return could_not(request, "the answer is larger than " + std::to_string(request.most_octets) + " octets", {},
                         "fetch_too_large");
    }
    if (outcome != CURLE_OK)
        return could_not(request,
                         text::escape(detail.front() != '\0' ? detail.data() : curl_easy_strerror(outcome), 300));
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    constexpr long kOk = 200;
    if (status == kOk) return std::move(transfer.body);
    // Stores of objects say 403 of what they don't have, where its listing isn't public.
    const bool is_absent = status == 404 || status == 403 || status == 410;
    return could_not(request, "the server answered with HTTP status " + std::to_string(status), {},
                     is_absent ? "fetch_absent" : "fetch_failed");
}

}  // namespace cotter::evidence
