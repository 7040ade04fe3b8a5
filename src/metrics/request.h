// What may be asked of the metrics listener: three pages, read and never changed, and only by who addresses it as what
// it is, lest a name that is made to point here lead a browser to it (INVARIANTS A224, A225).
#pragma once

#include <cotter/expected.h>
#include <cotter/host_name.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::metrics {

enum class Page : std::uint8_t { kMetrics, kLive, kReady };

/// The head of an HTTP request, as far as it matters.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    std::vector<std::string_view> hosts;  ///< each Host field's value
    bool has_origin = false;
    bool has_body = false;
};

/// An answer that is no page.
struct Rejection {
    unsigned status;   ///< of RFC 9110
    std::string text;  ///< one sentence
};

/// `listening`: the address at which the request came in. A Host that is neither that, nor a loopback address, nor
/// "localhost" is not answered.
[[nodiscard]] expected<Page, Rejection> page_of(const RequestHead& head, const IpAddress& listening);

}  // namespace cotter::metrics
