// The options that serve, connect and join share (INTERFACE 4, "Both").
#pragma once

#include "service/log.h"
#include "service/settings.h"

#include <CLI/App.hpp>

#include <cotter/error.h>

#include <cstdint>
#include <optional>
#include <string>

namespace cotter::cli {

/// The texts of the flags, and what they come to.
struct StreamOptions {
    std::string minimum_tls = "1.3";
    bool resumption = false;
    std::string handshake_timeout = "10s";
    std::string connect_timeout = "10s";
    std::string idle_timeout = "off";
    std::string max_lifetime = "off";
    std::string drain_timeout = "5m";
    std::size_t max_connections = 0;
    std::string metrics;  ///< empty: none
    bool unsafe_metrics = false;
    std::string log_format = "text";
    std::string log_level = "info";

    void add_to(CLI::App& command);
    [[nodiscard]] Result<service::StreamSettings> settings() const;
    /// Of a process that listens, or that carries one stream and ends.
    enum class Life : std::uint8_t { kListens, kOneStream };
    [[nodiscard]] Result<service::ProcessSettings> process(Life life) const;
    [[nodiscard]] service::LogFormat format() const;
    [[nodiscard]] service::LogLevel level() const;
};

}  // namespace cotter::cli
