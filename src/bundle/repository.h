// Repository: where a bundle's files are fetched from: a folder, or a web server. Nothing that comes from there is
// believed; it is bounded in octets, and all of it together in time.
#pragma once

#include <cotter/error.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace cotter::bundle {

class Repository {
  public:
    Repository() = default;
    Repository(const Repository&) = delete;
    Repository& operator=(const Repository&) = delete;
    virtual ~Repository() = default;

    /// The content of "metadata/timestamp.json", "targets/NAME"; nothing where it isn't there. More octets than `most`
    /// are Refusal::kTooLarge, and no more than that are ever read.
    [[nodiscard]] virtual Result<std::optional<std::string>> fetch(const std::string& name, std::size_t most) = 0;
};

/// Where a bundle lies, as a person writes it: http://…, https://…, or a folder.
class Location {
  public:
    /// A folder's path is made absolute: it names the bundle from whatever folder cotter is called.
    [[nodiscard]] static Result<Location> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool is_url() const { return is_url_; }

    /// All fetching together ends after `deadline`. A web server may be anywhere: its address was written by our own
    /// user.
    [[nodiscard]] std::unique_ptr<Repository> open(std::chrono::milliseconds deadline,
                                                   const std::stop_token& stop = {}) const;

  private:
    Location(std::string text, bool is_url) : text_(std::move(text)), is_url_(is_url) {}
    std::string text_;
    bool is_url_;
};

}  // namespace cotter::bundle
