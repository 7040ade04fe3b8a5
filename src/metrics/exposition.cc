// The text is prometheus-cpp's.
#include "metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace cotter::metrics {

struct Exposition::Families {
    std::vector<prometheus::MetricFamily> all;

    prometheus::ClientMetric& sample(std::string_view name, std::string_view help, prometheus::MetricType type,
                                     const Labels& labels) {
        auto family = std::ranges::find(all, name, &prometheus::MetricFamily::name);
        if (family == all.end()) family = all.insert(all.end(), {std::string(name), std::string(help), type, {}});
        prometheus::ClientMetric& metric = family->metric.emplace_back();
        for (const auto& [label, value] : labels) {
            if (!value.empty()) metric.label.push_back({std::string(label), std::string(value)});
        }
        return metric;
    }
};

Exposition::Exposition() : families_(std::make_unique<Families>()) {}
Exposition::~Exposition() = default;

void Exposition::counter(std::string_view name, std::string_view help, double value, const Labels& labels) {
    families_->sample(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void Exposition::gauge(std::string_view name, std::string_view help, double value, const Labels& labels) {
    families_->sample(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void Exposition::histogram(std::string_view name, std::string_view help, const HistogramSample& sample,
                           const Labels& labels) {
    auto& histogram = families_->sample(name, help, prometheus::MetricType::Histogram, labels).histogram;
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < sample.counts.size(); ++i) {
        so_far += sample.counts[i];
        const double bound = i < sample.bounds.size() ? sample.bounds[i] : std::numeric_limits<double>::infinity();
        histogram.bucket.push_back({so_far, bound});
    }
    histogram.sample_count = so_far;
    histogram.sample_sum = sample.seconds;
}

std::string Exposition::text() const {
    return prometheus::TextSerializer().Serialize(families_->all);
}

}  // namespace cotter::metrics
