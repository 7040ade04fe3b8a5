// Formatting events and handing them to the logging thread.
#include "service/log.h"

#include "text/escape.h"
#include "text/time.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace cotter::service {
namespace {

constexpr std::size_t kMostWaitingLines = 8192;

std::string_view text_of(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug: return "debug";
        case LogLevel::kInfo: return "info";
        case LogLevel::kWarning: return "warning";
        case LogLevel::kError: return "error";
    }
    return "";
}

bool needs_quotes(std::string_view text) {
    return text.empty() || text.find_first_of(" \"=") != std::string_view::npos;
}

std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"') result += '\\';
        result += c;
    }
    return result + '"';
}

}  // namespace

Event& Event::with(std::string_view key, std::string_view text) {
    if (!text.empty()) fields_.push_back({key, text::escape_remaining(text)});
    return *this;
}

Event& Event::with(std::string_view key, std::uint64_t number) {
    fields_.push_back({key, number});
    return *this;
}

std::string Event::as_text(std::string_view time) const {
    std::string line(time);
    line.append(" ").append(text_of(level_)).append(" ").append(name_);
    for (const Field& field : fields_) {
        line.append(" ").append(field.key).append("=");
        if (const auto* text = std::get_if<std::string>(&field.value)) {
            line += needs_quotes(*text) ? in_quotes(*text) : *text;
        } else {
            line += std::to_string(std::get<std::uint64_t>(field.value));
        }
    }
    return line;
}

std::string Event::as_json(std::string_view time) const {
    nlohmann::ordered_json line{{"time", time}, {"level", text_of(level_)}, {"event", name_}};
    for (const Field& field : fields_) {
        std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
    }
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Log::Log(LogFormat format, LogLevel least) : format_(format), least_(least) {
    writer_ = std::make_shared<spdlog::details::thread_pool>(kMostWaitingLines, 1);
    logger_ = std::make_shared<spdlog::async_logger>("cotter", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                     writer_, spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_pattern("%v");
    logger_->flush_on(spdlog::level::info);
}

Log::~Log() = default;

void Log::write(const Event& event) {
    if (!is_written(event.level())) return;
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
    std::string time = text::rfc3339(seconds);
    std::string fraction = std::to_string(1000 + milliseconds);
    fraction.front() = '.';
    time.insert(time.size() - 1, fraction);
    logger_->info(format_ == LogFormat::kJson ? event.as_json(time) : event.as_text(time));
}

}  // namespace cotter::service
