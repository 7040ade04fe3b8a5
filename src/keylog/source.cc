// Folders and web servers.
#include "keylog/source.h"

#include "evidence/fetch.h"
#include "files/files.h"
#include "text/escape.h"

#include <algorithm>
#include <chrono>

namespace cotter::keylog {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAllWithin{30'000};
constexpr milliseconds kOneWithin{10'000};

class FolderSource final : public Source {
  public:
    explicit FolderSource(std::filesystem::path folder) : folder_(std::move(folder)) {}
    Result<ByteVector> get(const std::string& path, std::size_t most) override {
        return files::read(folder_ / path, most);
    }

  private:
    std::filesystem::path folder_;
};

class WebSource final : public Source {
  public:
    WebSource(std::string url, std::stop_token stop) : url_(std::move(url)), stop_(std::move(stop)) {}
    Result<ByteVector> get(const std::string& path, std::size_t most) override {
        const auto left = std::chrono::duration_cast<milliseconds>(until_ - steady_clock::now());
        const std::string url = url_ + "/" + path;
        if (left <= milliseconds(0)) {
            return failed("fetch_failed", "fetching " + text::escape(url, 300),
                          "the log did not come within 30 seconds", "look at the server that it is on");
        }
        // Whoever calls has named this server, and may well have it in a network of his own.
        return evidence::fetch({.url = url,
                                .most_octets = most,
                                .deadline = std::min(left, kOneWithin),
                                .may_reach_private = true,
                                .most_redirects = 0,
                                .stop = stop_});
    }

  private:
    std::string url_;
    std::stop_token stop_;
    steady_clock::time_point until_ = steady_clock::now() + kAllWithin;
};

}  // namespace

Result<Location> Location::parse(const std::string& text) {
    const auto refused = [&](std::string why) {
        return malformed("key_log_location", "reading the place of a key log, " + text::escape(text, 300),
                         std::move(why), "give https://HOST/PATH, http://HOST/PATH, or the path of a folder");
    };
    if (text.empty()) return refused("it is empty");
    if (text.starts_with("http://") || text.starts_with("https://")) {
        if (text.find_first_of("?#") != std::string::npos)
            return refused("a URL of files has neither query nor fragment");
        std::string url = text;
        while (url.ends_with('/')) url.pop_back();
        return Location(Url{std::move(url)});
    }
    if (text.contains("://")) return refused("logs are read over http and https, and from folders");
    return Location(std::filesystem::path(text));
}

std::string Location::to_string() const {
    if (const auto* url = std::get_if<Url>(&where_)) return text::escape(url->text, 300);
    return text::escape(std::get<std::filesystem::path>(where_).string(), 300);
}

std::unique_ptr<Source> Source::at(const Location& location, std::stop_token stop) {
    if (const auto* url = std::get_if<Location::Url>(&location.where_))
        return std::make_unique<WebSource>(url->text, std::move(stop));
    return std::make_unique<FolderSource>(std::get<std::filesystem::path>(location.where_));
}

}  // namespace cotter::keylog
