// Reading the shared options.
#include "cli/stream_options.h"

#include "cli/help_topics.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace cotter::cli {

void StreamOptions::add_to(CLI::App& command) {
    const std::string group = "Stream";
    command.add_option("--min-tls", minimum_tls, "Least TLS version")
        ->check(CLI::IsMember({"1.2", "1.3"}))
        ->capture_default_str()
        ->group(group);
    command.add_flag("--resumption", resumption, "Resume TLS sessions; each is judged again")->group(group);
    command.add_option("--handshake-timeout", handshake_timeout, "For everything before the verdict")
        ->capture_default_str()
        ->type_name("TIME")
        ->group(group);
    command.add_option("--connect-timeout", connect_timeout, "For connecting onward")
        ->capture_default_str()
        ->type_name("TIME")
        ->group(group);
    command.add_option("--idle-timeout", idle_timeout, "End a stream that carries nothing for so long")
        ->capture_default_str()
        ->type_name("TIME")
        ->group(group);
    command.add_option("--max-lifetime", max_lifetime, "End a stream after so long")
        ->capture_default_str()
        ->type_name("TIME")
        ->group(group);
    const std::string operation(kOperationGroup);
    command.add_option("--metrics", metrics, "Where Prometheus finds numbers, and probes an answer")
        ->type_name("[HOST:]PORT")
        ->group(operation);
    command.add_flag("--unsafe-metrics", unsafe_metrics, "Allow metrics beyond loopback")->group(operation);
    command.add_option("--drain-timeout", drain_timeout, "How long open streams may go on after SIGTERM")
        ->capture_default_str()
        ->type_name("TIME")
        ->group(operation);
    command.add_option("--max-connections", max_connections, "How many may be open at once")
        ->capture_default_str()
        ->type_name("N")
        ->group(operation);
    command.add_option("--log-format", log_format, "How the log is written")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str()
        ->group(group);
    command.add_option("--log-level", log_level, "debug, info, warning or error")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
        ->capture_default_str()
        ->option_text("LEVEL")
        ->group(operation);
}

Result<service::StreamSettings> StreamOptions::settings() const {
    service::StreamSettings settings;
    settings.minimum_protocol = minimum_tls == "1.2" ? trust::Protocol::kTls12 : trust::Protocol::kTls13;
    settings.resumption = resumption;
    struct Duration {
        const std::string& text;
        std::chrono::milliseconds& into;
    };
    for (const Duration& duration :
         {Duration{handshake_timeout, settings.handshake_timeout}, Duration{connect_timeout, settings.connect_timeout},
          Duration{idle_timeout, settings.limits.idle}, Duration{max_lifetime, settings.limits.lifetime}}) {
        const auto parsed = text::parse_duration(duration.text);
        if (!parsed) return unexpected(parsed.error());
        duration.into = *parsed;
    }
    const auto off = std::chrono::milliseconds::max();
    if (settings.handshake_timeout == off || settings.connect_timeout == off) {
        return malformed("bad_duration", "reading --handshake-timeout and --connect-timeout", "neither can be off",
                         "give a duration such as 10s");
    }
    return settings;
}

Result<service::ProcessSettings> StreamOptions::process(Life life) const {
    const auto drain = text::parse_duration(drain_timeout);
    if (!drain) return unexpected(drain.error());
    service::ProcessSettings settings{max_connections, *drain};
    if (metrics.empty()) {
        if (!unsafe_metrics) return settings;
        return malformed("no_metrics", "reading --unsafe-metrics", "it counts only with --metrics",
                         "add --metrics HOST:PORT");
    }
    if (life == Life::kOneStream) {
        return malformed("metrics_without_listen", "reading --metrics",
                         "one stream over standard input and output has nothing to show",
                         "add --listen PORT, or leave --metrics out");
    }
    auto listen = metrics::parse_listen(metrics);
    if (!listen) return unexpected(listen.error());
    settings.metrics = {*listen, unsafe_metrics};
    return settings;
}

service::LogFormat StreamOptions::format() const {
    return log_format == "json" ? service::LogFormat::kJson : service::LogFormat::kText;
}

service::LogLevel StreamOptions::level() const {
    if (log_level == "debug") return service::LogLevel::kDebug;
    if (log_level == "warning") return service::LogLevel::kWarning;
    return log_level == "error" ? service::LogLevel::kError : service::LogLevel::kInfo;
}

}  // namespace cotter::cli
