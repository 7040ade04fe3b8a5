// ReportTarget: where reports of failures go: a file, syslog, or a collector on the web.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::service {

class ReportTarget {
  public:
    enum class Kind : std::uint8_t { kFile, kSyslog, kHttps };

    /// "file:PATH", "syslog" or "https://HOST[:PORT]/PATH". A URL with a user, a password or a fragment is refused, and
    /// so is http: reports name the servers that this side goes to.
    [[nodiscard]] static Result<ReportTarget> parse(std::string_view text);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }        ///< of kFile
    [[nodiscard]] const std::optional<HostPort>& server() const { return server_; }  ///< of kHttps
    [[nodiscard]] const std::string& to_string() const { return text_; }             ///< the text it was read from

    bool operator==(const ReportTarget& other) const { return text_ == other.text_; }

  private:
    ReportTarget(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

    Kind kind_;
    std::string text_;
    std::filesystem::path file_;
    std::optional<HostPort> server_;
};

}  // namespace cotter::service
