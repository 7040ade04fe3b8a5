// Where a key log's files come from: a folder, or a static web server.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>

namespace cotter::keylog {

/// What somebody named as a log's place.
class Location {
  public:
    /// "https://…" or "http://…", without query; else the path of a folder.
    [[nodiscard]] static Result<Location> parse(const std::string& text);
    [[nodiscard]] static Location folder(std::filesystem::path path) { return Location(std::move(path)); }
    [[nodiscard]] std::string to_string() const;  ///< escaped

  private:
    friend class Source;
    struct Url {
        std::string text;  ///< without a slash at its end
    };
    explicit Location(std::variant<Url, std::filesystem::path> where) : where_(std::move(where)) {}
    std::variant<Url, std::filesystem::path> where_;
};

/// Gives the files of one log, for one reading of it.
class Source {
  public:
    virtual ~Source() = default;
    /// A file by its path below the log's, at most `most` octets.
    [[nodiscard]] virtual Result<ByteVector> get(const std::string& path, std::size_t most) = 0;

    /// From the web, all files together come within 30 seconds or not at all, and no redirect is followed: who serves
    /// the log must not send us anywhere.
    [[nodiscard]] static std::unique_ptr<Source> at(const Location& location, std::stop_token stop = {});
};

}  // namespace cotter::keylog
