// What a survey says, as tables.
#pragma once

#include "observatory/survey_records.h"
#include "observatory/table.h"

#include <array>
#include <optional>
#include <string_view>

namespace cotter::observatory {

enum class ReportKind : std::uint8_t {
    kSummary,   ///< how many of what
    kServers,   ///< one row a server
    kKeys,      ///< keys that more than one host has
    kWeak,      ///< keys and signatures that must not be relied on
    kIssuers,   ///< who issued the leaves, and how many
    kExpiring,  ///< certificates by their end, soonest first
    kPins,      ///< whom the policy's pins hold, and who would be refused without each
    kFailures,  ///< who could not be looked at, and why
};
inline constexpr std::array kReportKinds{ReportKind::kSummary, ReportKind::kServers, ReportKind::kKeys,
                                         ReportKind::kWeak,    ReportKind::kIssuers, ReportKind::kExpiring,
                                         ReportKind::kPins,    ReportKind::kFailures};
/// "summary", "servers", "keys", "weak", "issuers", "expiring", "pins", "failures".
[[nodiscard]] std::string_view text_of(ReportKind kind);
[[nodiscard]] std::optional<ReportKind> report_kind_from(std::string_view text);

struct ReportRequest {
    ReportKind kind = ReportKind::kSummary;
    /// For kExpiring: what ends after this is left out.
    x509::Time until = x509::Time::max();
    /// For kPins: whom this pin holds, and who presents it; else every pin of the policy.
    std::optional<Pin> pin{};
};

[[nodiscard]] Result<Table> report_on(Archive& archive, const Survey& survey, const ReportRequest& request);

}  // namespace cotter::observatory
