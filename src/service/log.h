// Log: one line an event, as key=value text or JSON, written by a thread of its own so that no reactor waits for a
// terminal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace cotter::service {

enum class LogFormat : std::uint8_t { kText, kJson };
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// One event with its fields, in the order in which they are added. Text is escaped here, whatever it holds.
class Event {
  public:
    explicit Event(std::string_view name, LogLevel level = LogLevel::kInfo) : name_(name), level_(level) {}

    /// An empty text adds nothing.
    Event& with(std::string_view key, std::string_view text);
    Event& with(std::string_view key, std::uint64_t number);

    [[nodiscard]] LogLevel level() const { return level_; }
    [[nodiscard]] std::string as_text(std::string_view time) const;
    [[nodiscard]] std::string as_json(std::string_view time) const;

  private:
    struct Field {
        std::string_view key;
        std::variant<std::string, std::uint64_t> value;
    };
    std::string_view name_;
    LogLevel level_;
    std::vector<Field> fields_;
};

/// Thread-safe. Lines go to standard error; the destructor writes what is left. When 8,192 lines wait, the oldest are
/// dropped rather than a connection held up.
class Log {
  public:
    Log(LogFormat format, LogLevel least);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void write(const Event& event);
    [[nodiscard]] bool is_written(LogLevel level) const { return level >= least_; }

  private:
    LogFormat format_;
    LogLevel least_;
    std::shared_ptr<spdlog::logger> logger_;
    std::shared_ptr<spdlog::details::thread_pool> writer_;  ///< ends first, when it has written what is left
};

}  // namespace cotter::service
