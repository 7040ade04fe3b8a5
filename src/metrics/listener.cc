// HTTP by Boost.Beast: one request a connection.
#include "metrics/listener.h"

#include "metrics/request.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <list>
#include <thread>
#include <utility>

namespace cotter::metrics {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

// A scraper and two probes, and as many again that nobody wants.
constexpr std::size_t kMostConnections = 8;
// From the accepted connection to the end of the answer.
constexpr std::chrono::seconds kMostTaking{5};
// Twenty pages a second are a few per cent of one core.
constexpr std::chrono::milliseconds kPace{50};
constexpr std::size_t kMostHead = 8192;
// What is still read of a request that was refused, so that the answer isn't lost in a reset.
constexpr std::size_t kMostDropped = std::size_t{256} << 10U;
constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

using Response = http::response<http::string_body>;

Response response_of(unsigned status, std::string text, std::string_view type = kText) {
    Response response;
    response.version(11);
    response.result(status);
    response.set(http::field::content_type, type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    if (status == 405) response.set(http::field::allow, "GET, HEAD");
    response.keep_alive(false);
    response.body() = std::move(text);
    response.prepare_payload();
    return response;
}

Response line(unsigned status, const std::string& text) {
    return response_of(status, text + "\n");
}

/// A fault in reading the head; nothing: there is nobody to tell.
std::optional<Response> response_of(beast::error_code fault) {
    if (fault == http::error::header_limit || fault == http::error::buffer_overflow)
        return line(431, "the head of a request has no more than 8192 octets here");
    if (fault.category() == make_error_code(http::error::bad_method).category() &&
        fault != http::error::end_of_stream && fault != http::error::partial_message)
        return line(400, "this is no HTTP request");
    return std::nullopt;
}

template <class Fields>
RequestHead head_of(const http::request_parser<http::empty_body>& parser, const Fields& fields) {
    RequestHead head{.method = fields.method_string(), .target = fields.target(), .hosts = {}};
    const auto [first, last] = fields.equal_range(http::field::host);
    for (auto field = first; field != last; ++field) head.hosts.emplace_back(field->value());
    head.has_origin = fields.count(http::field::origin) != 0;
    head.has_body = parser.chunked() || parser.content_length().value_or(0) != 0;
    return head;
}

}  // namespace

class MetricsListener::Server {
  public:
    Server(int descriptor, Pages pages) : pages_(std::move(pages)) {
        sockaddr_storage bound{};
        socklen_t size = sizeof bound;
        static_cast<void>(::getsockname(descriptor, static_cast<sockaddr*>(static_cast<void*>(&bound)), &size));
        acceptor_.assign(bound.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor);
        asio::co_spawn(io_, accept_each(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Server() {
        io_.stop();
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

  private:
    using Open = std::list<beast::tcp_stream*>;

    /// Its place among the connections that are open, while it lives.
    class Place {
      public:
        Place(Open& open, beast::tcp_stream& stream) : open_(open), at_(open.insert(open.end(), &stream)) {}
        ~Place() { open_.erase(at_); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        Open& open_;
        Open::iterator at_;
    };

    asio::awaitable<void> accept_each() {
        asio::steady_timer pace(io_);
        for (;;) {
            auto [fault, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
            if (!fault) {
                // Whoever has kept one open longest makes room: an honest one takes milliseconds.
                if (open_.size() >= kMostConnections) open_.front()->close();
                asio::co_spawn(io_, answer(std::move(socket)), asio::detached);
            }
            // Without descriptors, too, it isn't asked again at once.
            pace.expires_after(kPace);
            co_await pace.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    asio::awaitable<void> answer(tcp::socket socket) {
        beast::tcp_stream stream(std::move(socket));
        const Place place(open_, stream);
        stream.expires_after(kMostTaking);
        beast::flat_buffer buffer(kMostHead + 1);
        http::request_parser<http::empty_body> parser;
        parser.header_limit(kMostHead);
        const auto [fault, size] =
            co_await http::async_read_header(stream, buffer, parser, asio::as_tuple(asio::use_awaitable));
        std::optional<Response> response;
        bool is_head = false;
        if (fault) {
            response = response_of(fault);
        } else {
            is_head = parser.get().method() == http::verb::head;
            response = respond(head_of(parser, parser.get()), stream);
        }
        if (!response) co_return;
        // HEAD: what GET would get, without the text (RFC 9110, 9.3.2).
        if (is_head) response->body().clear();
        const auto [unsent, sent] = co_await http::async_write(stream, *response, asio::as_tuple(asio::use_awaitable));
        if (unsent) co_return;
        beast::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        std::array<char, 4096> rest{};
        for (std::size_t dropped = 0; dropped < kMostDropped;) {
            const auto [end, some] =
                co_await stream.async_read_some(asio::buffer(rest), asio::as_tuple(asio::use_awaitable));
            if (end) co_return;
            dropped += some;
        }
    }

    Response respond(const RequestHead& head, beast::tcp_stream& stream) const {
        beast::error_code fault;
        const tcp::endpoint local = stream.socket().local_endpoint(fault);
        const bool is_mapped = local.address().is_v6() && local.address().to_v6().is_v4_mapped();
        const auto address = IpAddress::parse(
            is_mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, local.address().to_v6()).to_string()
                      : local.address().to_string());
        if (fault || !address) return line(500, "the connection has no address");
        const auto page = page_of(head, *address);
        if (!page) return line(page.error().status, page.error().text);
        const auto answer = [](const std::optional<std::string>& why_not) {
            return why_not ? line(503, *why_not) : line(200, "ok");
        };
        switch (*page) {
            case Page::kMetrics: return response_of(200, pages_.metrics(), kPrometheusText);
            case Page::kLive: return answer(pages_.why_stuck());
            case Page::kReady: return answer(pages_.why_not_ready());
        }
        return line(404, "");
    }

    Pages pages_;
    Open open_;  ///< outlives the connections, which end with the loop
    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    std::thread thread_;
};

Result<stream::TcpListen> parse_listen(std::string_view text) {
    auto address = stream::ListenAddress::parse(text);
    if (!address) return unexpected(address.error());
    if (const auto* tcp_listen = std::get_if<stream::TcpListen>(&address->value)) return *tcp_listen;
    return malformed("metrics_address", "reading --metrics", "metrics are served over TCP alone",
                     "give a port, or an address and a port: 9309, 127.0.0.1:9309");
}

Result<std::unique_ptr<MetricsListener>> MetricsListener::open(const ListenerSettings& settings) {
    auto socket = stream::ListenSocket::open({settings.listen}, false);
    if (!socket) {
        Error error = socket.error();
        error.what = "serving metrics: " + error.what;
        return unexpected(std::move(error));
    }
    if (!socket->is_local() && !settings.unsafe) {
        return malformed("metrics_exposed", "serving metrics on " + socket->address(),
                         "they are not encrypted and nobody is asked who they are, and others than this machine could "
                         "read them",
                         "serve them on 127.0.0.1 or [::1], or say --unsafe-metrics");
    }
    return std::unique_ptr<MetricsListener>(new MetricsListener(std::move(*socket)));
}

MetricsListener::MetricsListener(stream::ListenSocket socket)
    : address_(socket.address()), socket_(std::move(socket)) {}

MetricsListener::~MetricsListener() = default;

void MetricsListener::start(Pages pages) {
    server_ = std::make_unique<Server>(socket_.hand_over(), std::move(pages));
}

void MetricsListener::stop() {
    server_.reset();
}

}  // namespace cotter::metrics
