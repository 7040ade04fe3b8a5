// Fetching from a folder and over HTTP.
#include "bundle/repository.h"

#include "bundle/refusal.h"
#include "evidence/fetch.h"
#include "files/files.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <cctype>

namespace cotter::bundle {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

unexpected<Error> too_large(const std::string& what, std::size_t most) {
    return refused(Refusal::kTooLarge, "fetching " + text::escape(what, 300),
                   "it has more than " + std::to_string(most) + " octets", "ask the bundle's owner");
}

class Folder : public Repository {
  public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

    Result<std::optional<std::string>> fetch(const std::string& name, std::size_t most) override {
        const std::filesystem::path file = path_ / name;
        if (!files::is_there(file)) return std::nullopt;
        std::error_code fault;
        // A file that grows meanwhile is an Error of read(), and one that is too large now is the repository's doing.
        if (const auto size = std::filesystem::file_size(file, fault); !fault && size > most)
            return too_large(file.string(), most);
        const auto content = files::read(file, most);
        if (!content) return unexpected(content.error());
        return text::of_octets(*content);
    }

  private:
    std::filesystem::path path_;
};

/// Everything that a name of a target may have and a path of a URL may not, as %XX.
std::string url_path(std::string_view name) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string path;
    for (const char character : name) {
        const auto octet = static_cast<unsigned char>(character);
        const bool is_plain =
            octet < 0x80 && (std::isalnum(octet) != 0 || std::string_view("-._~/").contains(character));
        if (is_plain) {
            path += character;
        } else {
            path += {'%', kDigits[octet >> 4U], kDigits[octet & 15U]};
        }
    }
    return path;
}

class Web : public Repository {
  public:
    Web(std::string base, milliseconds deadline, std::stop_token stop)
        : base_(std::move(base)), ends_(SteadyClock::now() + deadline), stop_(std::move(stop)) {}

    Result<std::optional<std::string>> fetch(const std::string& name, std::size_t most) override {
        const auto left = std::chrono::duration_cast<milliseconds>(ends_ - SteadyClock::now());
        const std::string url = base_ + url_path(name);
        if (left <= milliseconds(0)) {
            return failed("fetch_failed", "fetching " + text::escape(url, 300), "the whole took too long",
                          "try again, or take it from another place");
        }
        // A mirror is trusted with nothing, and so not with where this machine goes next.
        auto content = evidence::fetch({.url = url,
                                        .most_octets = most,
                                        .deadline = left,
                                        .may_reach_private = true,
                                        .most_redirects = 0,
                                        .stop = stop_});
        if (content) return text::of_octets(*content);
        if (content.error().code == "fetch_absent") return std::nullopt;
        if (content.error().code == "fetch_too_large") return too_large(url, most);
        return unexpected(content.error());
    }

  private:
    std::string base_;
    SteadyClock::time_point ends_;
    std::stop_token stop_;
};

}  // namespace

Result<Location> Location::parse(std::string_view text) {
    if (text.starts_with("http://") || text.starts_with("https://")) {
        std::string url(text);
        while (url.ends_with('/')) url.pop_back();
        if (url.find_first_of("?#") != std::string::npos) {
            return malformed("bundle_location", "reading the address of a bundle",
                             "names of files are added to it, so it can't have ? or #",
                             "give the folder's own address");
        }
        return Location(std::move(url), true);
    }
    if (text.empty() || text.contains("://")) {
        return malformed("bundle_location", "reading the address of a bundle",
                         "\"" + text::escape(text, 128) + "\" is neither http://, https:// nor a folder",
                         "give a folder, or an address such as https://example.com/pins");
    }
    std::error_code fault;
    const std::filesystem::path path =
        std::filesystem::weakly_canonical(std::filesystem::absolute(std::filesystem::path(text), fault), fault);
    if (fault) {
        return failed("bundle_location", "looking for " + text::escape(text, 300), fault.message(),
                      "check that the folder is there and may be read");
    }
    return Location(path.string(), false);
}

std::unique_ptr<Repository> Location::open(milliseconds deadline, const std::stop_token& stop) const {
    if (is_url_) return std::make_unique<Web>(text_ + '/', deadline, stop);
    return std::make_unique<Folder>(text_);
}

}  // namespace cotter::bundle
