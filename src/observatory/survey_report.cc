// The reports' questions to the archive.
#include "observatory/survey_report.h"

#include "text/encoding.h"
#include "text/time.h"

#include <algorithm>
#include <map>
#include <utility>

namespace cotter::observatory {
namespace {

constexpr std::array<std::string_view, kReportKinds.size()> kNames{"summary", "servers",  "keys", "weak",
                                                                   "issuers", "expiring", "pins", "failures"};

constexpr const char* kServers =
    "SELECT name, address, versions, suite, coalesce(c.key, ''), coalesce(c.spki, x''), coalesce(c.not_after, 0), "
    "roots_verdict, "
    "roots_reasons, policy_verdict, policy_reasons, failure_code, coalesce(c.subject, ''), took_ms, at "
    "FROM survey_results JOIN servers ON servers.id = server "
    "LEFT JOIN chain_certificates l ON l.chain = survey_results.chain AND l.position = 0 "
    "LEFT JOIN certificates c ON c.id = l.certificate WHERE survey = ? ORDER BY host, port, start_tls";
// A key by its mathematics, so that another encoding of it is the same key.
constexpr const char* kSharedKeys =
    "SELECT min(c.spki), min(c.key), count(DISTINCT host), count(DISTINCT c.id), group_concat(DISTINCT host) "
    "FROM survey_results JOIN servers ON servers.id = server "
    "JOIN chain_certificates l ON l.chain = survey_results.chain AND l.position = 0 "
    "JOIN certificates c ON c.id = l.certificate WHERE survey = ? "
    "GROUP BY c.canonical HAVING count(DISTINCT host) > 1 ORDER BY 3 DESC, 1";
constexpr const char* kWeakOnes =
    "SELECT c.weakness, c.key, l.position, c.subject, count(DISTINCT server), min(name) FROM survey_results JOIN "
    "servers ON servers.id = server "
    "JOIN chain_certificates l ON l.chain = survey_results.chain "
    "JOIN certificates c ON c.id = l.certificate WHERE survey = ? AND c.weakness <> '' "
    "GROUP BY c.id ORDER BY 5 DESC, c.id";
constexpr const char* kIssuerCounts =
    "SELECT c.issuer, count(DISTINCT server), count(DISTINCT c.id), min(c.not_after) FROM survey_results "
    "JOIN chain_certificates l ON l.chain = survey_results.chain AND l.position = 0 "
    "JOIN certificates c ON c.id = l.certificate WHERE survey = ? GROUP BY c.issuer ORDER BY 2 DESC, 1";
constexpr const char* kEnds =
    "SELECT c.not_after, l.position, c.subject, c.issuer, count(DISTINCT server), min(name) FROM survey_results JOIN "
    "servers ON servers.id = server "
    "JOIN chain_certificates l ON l.chain = survey_results.chain "
    "JOIN certificates c ON c.id = l.certificate WHERE survey = ? AND c.not_after <= ? "
    "GROUP BY c.id ORDER BY 1, c.id";
constexpr const char* kFailed =
    "SELECT name, address, failure_code, failure FROM survey_results JOIN servers ON servers.id = server "
    "WHERE survey = ? AND failure_code <> '' ORDER BY failure_code, host, port";
constexpr const char* kRestingPins =
    "SELECT pin, count(*), sum(is_needed), coalesce(min(CASE is_needed WHEN 1 THEN name END), '') FROM survey_pins "
    "JOIN servers ON servers.id = server WHERE survey = ? GROUP BY pin ORDER BY 3 DESC, 1";
constexpr const char* kRestingOnPin =
    "SELECT name, is_needed FROM survey_pins JOIN servers ON servers.id = server WHERE survey = ? AND pin = ? ORDER BY "
    "host, port";
constexpr const char* kChains =
    "SELECT name, c.der FROM survey_results JOIN servers ON servers.id = server "
    "JOIN chain_certificates l ON l.chain = survey_results.chain "
    "JOIN certificates c ON c.id = l.certificate WHERE survey = ? ORDER BY host, port";

std::string pin_text(const SQLite::Column& spki) {
    const ByteVector octets = octets_of(spki);
    return octets.empty() ? std::string() : "sha256/" + text::base64(octets);
}

std::string time_text(std::int64_t seconds) {
    return seconds == 0 ? std::string() : text::rfc3339(x509::Time(std::chrono::seconds(seconds)));
}

/// Rows as text, each column by its own rule.
using Cell = std::string (*)(const SQLite::Column&);
std::string as_it_is(const SQLite::Column& column) {
    return column.getString();
}
std::string as_time(const SQLite::Column& column) {
    return time_text(column.getInt64());
}
std::string as_place(const SQLite::Column& column) {
    return column.getInt64() == 0 ? "leaf" : "issuer " + column.getString();
}
std::string as_answer(const SQLite::Column& column) {
    return column.getInt() != 0 ? "yes" : "no";
}

struct ReportColumn {
    std::string name;
    Cell text_of = as_it_is;
    Column::Kind kind = Column::Kind::kText;
};
constexpr Column::Kind kNumber = Column::Kind::kNumber;
constexpr Column::Kind kDetail = Column::Kind::kDetail;

class Question {
  public:
    Question(Archive& archive, const Survey& survey, const char* sql) : rows_(archive.database(), sql) {
        rows_.bind(1, survey.id);
    }
    [[nodiscard]] SQLite::Statement& statement() { return rows_; }

    Table table(std::string_view name, const std::vector<ReportColumn>& columns) {
        Table table{.name = std::string(name), .columns = {}, .rows = {}};
        for (const ReportColumn& column : columns) table.columns.push_back({column.name, column.kind});
        while (rows_.executeStep()) {
            std::vector<std::string> row;
            for (std::size_t i = 0; i < columns.size(); ++i)
                row.push_back(columns[i].text_of(rows_.getColumn(static_cast<int>(i))));
            table.rows.push_back(std::move(row));
        }
        return table;
    }

  private:
    SQLite::Statement rows_;
};

Table summary_of(Archive& archive, const Survey& survey) {
    Table table{.name = "summary", .columns = {{"what"}, {"count", kNumber}}, .rows = {}};
    const auto count = [&](const char* what, const char* condition) {
        SQLite::Statement row(archive.database(),
                              "SELECT count(*) FROM survey_results WHERE survey = ? AND " + std::string(condition));
        row.bind(1, survey.id);
        row.executeStep();
        table.rows.push_back({what, row.getColumn(0).getString()});
    };
    table.rows.push_back({"servers in the list", std::to_string(survey.total)});
    count("looked at", "1");
    count("showed a certificate", "chain IS NOT NULL");
    count("could not be looked at", "failure_code <> ''");
    count("trusted by the roots", "roots_verdict = 'trusted'");
    count("refused by the roots", "roots_verdict = 'refused'");
    count("trusted by the policy", "policy_verdict = 'trusted'");
    count("reported by the policy", "policy_verdict = 'reported'");
    count("refused by the policy", "policy_verdict = 'refused'");
    const auto distinct = [&](const char* what, const char* column) {
        SQLite::Statement row(archive.database(),
                              "SELECT count(DISTINCT " + std::string(column) +
                                  ") FROM survey_results JOIN chain_certificates l ON l.chain = survey_results.chain "
                                  "JOIN certificates c ON c.id = l.certificate WHERE survey = ?");
        row.bind(1, survey.id);
        row.executeStep();
        table.rows.push_back({what, row.getColumn(0).getString()});
    };
    distinct("distinct certificates", "c.id");
    distinct("distinct keys", "c.canonical");
    return table;
}

/// Who presents it or rests on it.
Table holders_of(Archive& archive, const Survey& survey, const Pin& pin) {
    std::map<std::string, std::array<std::string, 2>> servers;  ///< presents it, would be refused without it
    Question chains(archive, survey, kChains);
    while (chains.statement().executeStep()) {
        const auto certificate = x509::Certificate::parse(octets_of(chains.statement().getColumn(1)));
        if (certificate && certificate->matches(pin))
            servers[chains.statement().getColumn(0).getString()] = {"yes", "no policy"};
    }
    Question resting(archive, survey, kRestingOnPin);
    resting.statement().bind(2, pin.to_string());
    while (resting.statement().executeStep()) {
        auto& answers = servers[resting.statement().getColumn(0).getString()];
        if (answers[0].empty()) answers[0] = "no";
        answers[1] = as_answer(resting.statement().getColumn(1));
    }
    Table table{.name = "pins", .columns = {{"server"}, {"presents_it"}, {"refused_without_it"}}, .rows = {}};
    for (const auto& [server, answers] : servers) table.rows.push_back({server, answers[0], answers[1]});
    return table;
}

Table table_of(Archive& archive, const Survey& survey, const ReportRequest& request) {
    const auto ask = [&](const char* sql) { return Question(archive, survey, sql); };
    switch (request.kind) {
        case ReportKind::kSummary: return summary_of(archive, survey);
        case ReportKind::kServers:
            return ask(kServers).table("servers", {{"server", as_it_is},
                                                   {"address", as_it_is, kDetail},
                                                   {"versions", as_it_is},
                                                   {"suite", as_it_is, kDetail},
                                                   {"key", as_it_is},
                                                   {"pin", pin_text, kDetail},
                                                   {"not_after", as_time},
                                                   {"roots", as_it_is},
                                                   {"roots_reasons", as_it_is},
                                                   {"policy", as_it_is},
                                                   {"policy_reasons", as_it_is},
                                                   {"failure", as_it_is},
                                                   {"subject", as_it_is, kDetail},
                                                   {"took_ms", as_it_is, kDetail},
                                                   {"at", as_time, kDetail}});
        case ReportKind::kKeys:
            return ask(kSharedKeys)
                .table("keys", {{"pin", pin_text},
                                {"key", as_it_is},
                                {"hosts", as_it_is, kNumber},
                                {"certificates", as_it_is, kNumber},
                                {"which", as_it_is}});
        case ReportKind::kWeak:
            return ask(kWeakOnes).table("weak", {{"weakness", as_it_is},
                                                 {"key", as_it_is},
                                                 {"place", as_place},
                                                 {"subject", as_it_is},
                                                 {"servers", as_it_is, kNumber},
                                                 {"for_example", as_it_is}});
        case ReportKind::kIssuers:
            return ask(kIssuerCounts)
                .table("issuers", {{"issuer", as_it_is},
                                   {"servers", as_it_is, kNumber},
                                   {"certificates", as_it_is, kNumber},
                                   {"first_ends", as_time}});
        case ReportKind::kExpiring: {
            Question question = ask(kEnds);
            question.statement().bind(2, static_cast<std::int64_t>(request.until.time_since_epoch().count()));
            return question.table("expiring", {{"not_after", as_time},
                                               {"place", as_place},
                                               {"subject", as_it_is},
                                               {"issuer", as_it_is},
                                               {"servers", as_it_is, kNumber},
                                               {"for_example", as_it_is}});
        }
        case ReportKind::kPins:
            if (request.pin) return holders_of(archive, survey, *request.pin);
            return ask(kRestingPins)
                .table("pins", {{"pin", as_it_is},
                                {"servers", as_it_is, kNumber},
                                {"refused_without_it", as_it_is, kNumber},
                                {"for_example", as_it_is}});
        case ReportKind::kFailures:
            return ask(kFailed).table(
                "failures", {{"server", as_it_is}, {"address", as_it_is}, {"code", as_it_is}, {"why", as_it_is}});
    }
    return {};
}

}  // namespace

std::string_view text_of(ReportKind kind) {
    return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<ReportKind> report_kind_from(std::string_view text) {
    const auto* const found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return kReportKinds.at(static_cast<std::size_t>(found - kNames.begin()));
}

Result<Table> report_on(Archive& archive, const Survey& survey, const ReportRequest& request) {
    return archive.transact<Table>("reading the archive",
                                   [&]() -> Result<Table> { return table_of(archive, survey, request); });
}

}  // namespace cotter::observatory
