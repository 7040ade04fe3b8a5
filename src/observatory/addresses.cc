// Resolving on some threads, since the system's resolver waits.
#include "observatory/addresses.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <set>

namespace cotter::observatory {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kResolvers = 8;

std::vector<IpAddress> addresses_of_name(const HostName& host, asio::thread_pool& pool) {
    if (const IpAddress* const literal = host.address()) return {*literal};
    boost::system::error_code fault;
    asio::ip::tcp::resolver resolver(pool);
    const auto results = resolver.resolve(host.to_string(), "", fault);
    std::set<IpAddress> addresses;
    for (const auto& result : results) {
        if (const auto address = IpAddress::parse(result.endpoint().address().to_string())) addresses.insert(*address);
    }
    std::vector<IpAddress> some(addresses.begin(), addresses.end());
    some.resize(std::min(some.size(), kMostAddresses));
    return some;
}

}  // namespace

std::vector<Target> at_each_address(const std::vector<Target>& targets) {
    std::vector<std::vector<IpAddress>> found(targets.size());
    {
        asio::thread_pool pool(std::clamp<std::size_t>(targets.size(), 1, kResolvers));
        for (std::size_t i = 0; i < targets.size(); ++i)
            asio::post(pool, [&, i] { found[i] = addresses_of_name(targets[i].server.host, pool); });
        pool.join();
    }
    std::vector<Target> all;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (found[i].empty()) all.push_back(targets[i]);
        for (const IpAddress& address : found[i]) all.push_back(targets[i]), all.back().address = address;
    }
    return all;
}

}  // namespace cotter::observatory
