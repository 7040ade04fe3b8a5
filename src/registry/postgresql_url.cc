// libpq reads the URL; what it found is looked at here.
#include "registry/postgresql_url.h"

#include "text/escape.h"

#include <arpa/inet.h>

#include <memory>
#include <string_view>
#include <vector>

namespace cotter::registry {
namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string_view value_of(const OptionsPtr& options, std::string_view keyword) {
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->keyword == keyword) return option->val == nullptr ? "" : option->val;
    }
    return "";
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

/// Whether nobody on another machine can be in between: a UNIX socket, or this machine's own addresses.
bool is_near(const std::string& host) {
    if (host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost") return true;
    in_addr four{};
    if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
    in6_addr six{};
    return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/// What decides whether the server's end is proven.
struct Proof {
    std::string_view mode;
    std::string_view hosts;
    std::string_view addresses;
};

Result<void> check_proven(const Proof& proof, const std::string& what) {
    if (proof.mode == "verify-full") return {};
    // An address is what is connected to, where there is one; the host's name then only says whose certificate it is.
    const std::vector<std::string> hosts = split(proof.hosts);
    const std::vector<std::string> addresses = split(proof.addresses);
    for (std::size_t i = 0; i < std::max(hosts.size(), addresses.size()); ++i) {
        const bool has_address = i < addresses.size() && !addresses[i].empty();
        const std::string& goal = has_address ? addresses[i] : (i < hosts.size() ? hosts[i] : hosts.front());
        if (is_near(goal)) continue;
        return malformed("registry_unproven", what,
                         "nothing proves that " + text::escape(goal, 256) +
                             " is the database and not somebody in between (sslmode is " +
                             text::escape(proof.mode, 32) + ")",
                         "add ?sslmode=verify-full&sslrootcert=FILE to the URL, FILE with the certificate of the "
                         "authority that vouches for the database's name");
    }
    return {};
}

}  // namespace

bool names_postgresql(std::string_view url) {
    return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

Result<void> check_postgresql_url(const std::string& url) {
    const std::string what = "reading the registry's postgresql:// URL";
    char* fault = nullptr;
    const OptionsPtr options(PQconninfoParse(url.c_str(), &fault));
    const std::unique_ptr<char, decltype(&PQfreemem)> message(fault, PQfreemem);
    if (!options || url.find('\0') != std::string::npos) {
        return malformed("registry_url", what, "libpq can't read it",
                         "say for instance postgresql://cotter@db.example/cotter?sslmode=verify-full");
    }
    for (const char* keyword : {"password", "sslpassword"}) {
        if (value_of(options, keyword).empty()) continue;
        return malformed("registry_password", what, "it has a password in it, which lists of processes show to all",
                         std::string_view(keyword) == "password"
                             ? "leave it out here, and write it to a file with mode 0600: ~/.pgpass, or ?passfile=FILE"
                             : "leave it out here, and use a key file without one, with mode 0600");
    }
    const OptionsPtr defaults(PQconndefaults());
    if (!defaults) return failed("registry_unavailable", what, "memory is out");
    const auto meant = [&](std::string_view keyword) {
        const std::string_view said = value_of(options, keyword);
        return said.empty() ? value_of(defaults, keyword) : said;
    };
    return check_proven({meant("sslmode"), meant("host"), meant("hostaddr")}, what);
}

Result<void> check_server_is_proven(PGconn& connection, const std::string& what) {
    const OptionsPtr options(PQconninfo(&connection));
    if (!options) return failed("registry_unavailable", what, "memory is out");
    return check_proven({value_of(options, "sslmode"), value_of(options, "host"), value_of(options, "hostaddr")}, what);
}

}  // namespace cotter::registry
