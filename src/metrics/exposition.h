// Exposition: numbers and their names as the text that Prometheus reads (its text format, version 0.0.4). What the
// numbers mean is not known here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cotter::metrics {

/// Names are of this program; values may be any text, and are escaped. An empty value is left out with its name: to
/// Prometheus that is the same.
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

/// Of durations: `counts` has one number more than `bounds` (seconds), each of its own bucket alone.
struct HistogramSample {
    std::span<const double> bounds;
    std::vector<std::uint64_t> counts;
    double seconds = 0;  ///< of all together
};

class Exposition {
  public:
    Exposition();
    ~Exposition();
    Exposition(const Exposition&) = delete;
    Exposition& operator=(const Exposition&) = delete;

    /// One more sample of the metric of that name, whose type and help its first sample gives.
    void counter(std::string_view name, std::string_view help, double value, const Labels& labels = {});
    void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
    void histogram(std::string_view name, std::string_view help, const HistogramSample& sample,
                   const Labels& labels = {});

    [[nodiscard]] std::string text() const;

  private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace cotter::metrics
