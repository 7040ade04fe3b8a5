// Reading the three forms.
#include "service/report_target.h"

#include "text/escape.h"

#include <curl/curl.h>

#include <memory>

namespace cotter::service {
namespace {

unexpected<Error> bad_target(std::string_view text, std::string why, std::string next) {
    return malformed("bad_report_target", "reading --report " + text::escape(text, 300), std::move(why),
                     std::move(next));
}

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlPtr = std::unique_ptr<CURLU, UrlDeleter>;

/// One part of the URL; nothing if it has none.
std::optional<std::string> part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
    std::string result(text);
    curl_free(text);
    return result;
}

}  // namespace

Result<ReportTarget> ReportTarget::parse(std::string_view text) {
    constexpr std::string_view kFilePrefix = "file:";
    if (text == "syslog") return ReportTarget(Kind::kSyslog, std::string(text));
    if (text.starts_with(kFilePrefix)) {
        const std::string_view path = text.substr(kFilePrefix.size());
        if (path.empty() || path.contains('\0')) return bad_target(text, "no path follows", "write file:PATH");
        ReportTarget target(Kind::kFile, std::string(text));
        target.file_ = path;
        return target;
    }
    if (text.starts_with("http://")) {
        return bad_target(text, "reports name the servers that you go to, and http lets everybody read them",
                          "use https://");
    }
    if (!text.starts_with("https://")) {
        return bad_target(text, "it is none of file:PATH, syslog and https://…", "write one of these");
    }
    const UrlPtr url(curl_url());
    // curl forgives a third slash and takes what follows for the host.
    if (text.starts_with("https:///") || !url ||
        curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) {
        return bad_target(text, "it is not a URL", "write https://HOST/PATH");
    }
    for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT}) {
        if (part_of(url.get(), part)) {
            return bad_target(text, "it has a user, a password or a fragment", "write https://HOST/PATH");
        }
    }
    const auto port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    auto server = HostPort::parse(part_of(url.get(), CURLUPART_HOST).value_or("") + ":" + port.value_or(""));
    if (!server) return bad_target(text, server.error().why, "write https://HOST/PATH");
    ReportTarget target(Kind::kHttps, std::string(text));
    target.server_ = std::move(*server);
    return target;
}

}  // namespace cotter::service
