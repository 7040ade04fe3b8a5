// Counting, and what the counts are called.
#include "metrics/connection_counts.h"

#include "metrics/exposition.h"

#include <utility>

namespace cotter::metrics {
namespace {

std::string_view text_of(HandshakeFault fault) {
    switch (fault) {
        case HandshakeFault::kUnreachable: return "unreachable";
        case HandshakeFault::kTls: return "tls";
        case HandshakeFault::kClosed: return "closed";
        case HandshakeFault::kTimeout: return "timeout";
        case HandshakeFault::kTooLong: return "too_long";
        case HandshakeFault::kCrowded: return "crowded";
        case HandshakeFault::kDrained: return "drained";
        case HandshakeFault::kNoStream: return "no_stream";
    }
    return "";
}

template <class Enum>
std::size_t place(Enum value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

void ConnectionCounts::accepted() {
    connections_.add();
    open_handshakes_.add();
}

void ConnectionCounts::handshake_ended(const HandshakeOutcome& outcome, std::chrono::nanoseconds duration) {
    open_handshakes_.take_away();
    struct Counter {
        ConnectionCounts& counts;
        std::chrono::nanoseconds duration;
        void operator()(Admitted /*outcome*/) const {
            counts.admitted_.add();
            counts.admitted_after_.observe(duration);
        }
        void operator()(Exchanged /*outcome*/) const { counts.exchanged_.add(); }
        void operator()(NotAdmitted /*outcome*/) const { counts.not_admitted_.add(); }
        void operator()(trust::ReasonCode code) const {
            // Notes come behind all reasons to refuse, and refuse nobody.
            if (place(code) < counts.refused_.size()) counts.refused_[place(code)].add();
            counts.refused_after_.observe(duration);
        }
        void operator()(HandshakeFault fault) const { counts.failed_[place(fault)].add(); }
    };
    std::visit(Counter{*this, duration}, outcome);
}

void ConnectionCounts::moved(std::uint64_t bytes_in, std::uint64_t bytes_out) {
    bytes_in_.add(bytes_in);
    bytes_out_.add(bytes_out);
}

void ConnectionCounts::stream_ended(std::optional<stream::EndReason> reason) {
    open_streams_.take_away();
    (reason ? ended_[place(*reason)] : backend_unreachable_).add();
}

CountTable::CountTable(std::size_t threads, std::vector<std::string> services)
    : threads_(threads),
      services_(std::move(services)),
      counts_(std::make_unique<ConnectionCounts[]>(threads * services_.size())) {
    for (std::string& service : services_) {
        if (service.empty()) service = "default";
    }
}

template <class Value>
std::uint64_t CountTable::sum(std::size_t service, Value value) const {
    std::uint64_t sum = 0;
    for (std::size_t thread = 0; thread < threads_; ++thread)
        sum += value(counts_[thread * services_.size() + service]);
    return sum;
}

void CountTable::add_handshakes(Exposition& exposition, std::size_t service) const {
    const std::string& name = services_[service];
    const auto add = [&](std::string_view outcome, std::string_view reason, auto count) {
        exposition.counter("cotter_handshakes_total", "Handshakes that have ended, by what came of them.",
                           static_cast<double>(sum(service, count)),
                           {{"service", name}, {"outcome", outcome}, {"reason", reason}});
    };
    using Counts = ConnectionCounts;
    add("admitted", "", [](const Counts& counts) { return counts.admitted_.get(); });
    add("exchange", "", [](const Counts& counts) { return counts.exchanged_.get(); });
    add("not_admitted", "", [](const Counts& counts) { return counts.not_admitted_.get(); });
    for (std::size_t i = 0; i < Counts::kReasonCodes; ++i) {
        add("refused", trust::text_of(static_cast<trust::ReasonCode>(i)),
            [i](const Counts& counts) { return counts.refused_[i].get(); });
    }
    for (std::size_t i = 0; i < Counts::kFaults; ++i) {
        add("failed", text_of(static_cast<HandshakeFault>(i)),
            [i](const Counts& counts) { return counts.failed_[i].get(); });
    }
    const auto add_durations = [&](std::string_view outcome, auto histogram) {
        HistogramSample sample{DurationHistogram::kBounds, {}, 0};
        for (std::size_t i = 0; i <= DurationHistogram::kBounds.size(); ++i) {
            sample.counts.push_back(sum(service, [&](const Counts& counts) { return histogram(counts).in_bucket(i); }));
        }
        sample.seconds =
            static_cast<double>(sum(service, [&](const Counts& counts) { return histogram(counts).nanoseconds(); })) /
            1e9;
        exposition.histogram("cotter_handshake_seconds",
                             "From the accepted connection to the verdict, where one was come to.", sample,
                             {{"service", name}, {"outcome", outcome}});
    };
    add_durations("admitted", [](const Counts& counts) -> const auto& { return counts.admitted_after_; });
    add_durations("refused", [](const Counts& counts) -> const auto& { return counts.refused_after_; });
}

void CountTable::add_streams(Exposition& exposition, std::size_t service) const {
    const std::string& name = services_[service];
    using Counts = ConnectionCounts;
    exposition.gauge("cotter_open_streams", "Streams that are open now.",
                     static_cast<double>(sum(service, [](const Counts& counts) { return counts.open_streams_.get(); })),
                     {{"service", name}});
    const auto add_end = [&](std::string_view reason, auto count) {
        exposition.counter("cotter_streams_ended_total", "Streams that have ended, by why.",
                           static_cast<double>(sum(service, count)), {{"service", name}, {"reason", reason}});
    };
    for (std::size_t i = 0; i < Counts::kEnds; ++i) {
        add_end(stream::text_of(static_cast<stream::EndReason>(i)),
                [i](const Counts& counts) { return counts.ended_[i].get(); });
    }
    add_end("backend_unreachable", [](const Counts& counts) { return counts.backend_unreachable_.get(); });
    const auto add_bytes = [&](std::string_view direction, auto count) {
        exposition.counter("cotter_stream_bytes_total",
                           "Bytes that streams have carried: in from the TLS peer, out to it.",
                           static_cast<double>(sum(service, count)), {{"service", name}, {"direction", direction}});
    };
    add_bytes("in", [](const Counts& counts) { return counts.bytes_in_.get(); });
    add_bytes("out", [](const Counts& counts) { return counts.bytes_out_.get(); });
}

void CountTable::add_to(Exposition& exposition) const {
    using Counts = ConnectionCounts;
    for (std::size_t service = 0; service < services_.size(); ++service) {
        const Labels labels{{"service", services_[service]}};
        exposition.counter(
            "cotter_connections_total", "Connections that were accepted.",
            static_cast<double>(sum(service, [](const Counts& counts) { return counts.connections_.get(); })), labels);
        exposition.gauge(
            "cotter_open_handshakes", "Connections that have not come to a verdict yet.",
            static_cast<double>(sum(service, [](const Counts& counts) { return counts.open_handshakes_.get(); })),
            labels);
        add_handshakes(exposition, service);
        add_streams(exposition, service);
    }
}

}  // namespace cotter::metrics
