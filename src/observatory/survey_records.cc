// Surveys as rows.
#include "observatory/survey_records.h"

#include "text/escape.h"
#include "trust/words.h"

#include <unordered_set>

namespace cotter::observatory {
namespace {

std::int64_t seconds_of(x509::Time time) {
    return time.time_since_epoch().count();
}

std::string versions_of(const Look& look) {
    std::string text;
    if (!look.appearance) return text;
    for (const trust::Protocol version : look.appearance->versions)
        text += (text.empty() ? "" : " ") + std::string(text_of(version));
    return text;
}

Survey survey_from(SQLite::Statement& row) {
    Survey survey{.id = row.getColumn(0).getInt64(),
                  .started = x509::Time(std::chrono::seconds(row.getColumn(1).getInt64())),
                  .finished = std::nullopt,
                  .total = static_cast<std::size_t>(row.getColumn(3).getInt64()),
                  .looked_at = static_cast<std::size_t>(row.getColumn(4).getInt64())};
    if (const std::int64_t finished = row.getColumn(2).getInt64(); finished != 0)
        survey.finished = x509::Time(std::chrono::seconds(finished));
    return survey;
}

constexpr const char* kFind =
    "SELECT id, started, finished, total, (SELECT count(*) FROM survey_results WHERE survey = surveys.id) FROM "
    "surveys ";

}  // namespace

std::string codes_of(const trust::Verdict& verdict) {
    std::string codes;
    std::string_view last;
    for (const trust::Reason& reason : verdict.reasons) {
        const std::string_view code = trust::text_of(reason.code);
        if (code == last) continue;
        codes += (codes.empty() ? "" : " ") + std::string(code);
        last = code;
    }
    return codes;
}

std::string_view text_of(trust::Protocol protocol) {
    switch (protocol) {
        case trust::Protocol::kNone: return "";
        case trust::Protocol::kTls12: return "TLSv1.2";
        case trust::Protocol::kTls13: return "TLSv1.3";
    }
    return "";
}

Result<SurveyRecords::Begun> SurveyRecords::begin(const TargetList& list, Begin how, x509::Time now) {
    return archive_.transact<Begun>("beginning a survey", [&]() -> Result<Begun> {
        SQLite::Database& database = archive_.database();
        SQLite::Statement last(
            database, std::string(kFind) + "WHERE id = (SELECT max(id) FROM surveys) AND finished = 0 AND list = ?");
        bind_octets(last, 1, list.digest());
        if (how == Begin::kResumeOrNew && last.executeStep()) {
            Begun begun{survey_from(last), {}};
            SQLite::Statement done(database,
                                   "SELECT host, port, start_tls FROM survey_results JOIN servers ON servers.id = "
                                   "server WHERE survey = ?");
            done.bind(1, begun.survey.id);
            const auto text_of_row = [](const std::string& host, int port, const std::string& start_tls) {
                return host + " " + std::to_string(port) + " " + start_tls;
            };
            std::unordered_set<std::string> seen;
            while (done.executeStep()) {
                seen.insert(text_of_row(done.getColumn(0).getString(), done.getColumn(1).getInt(),
                                        done.getColumn(2).getString()));
            }
            for (const Target& target : list.targets) {
                if (!seen.contains(
                        text_of_row(target.server.host.to_string(), target.server.port, target.start_tls_text())))
                    begun.left.push_back(target);
            }
            return begun;
        }
        SQLite::Statement add(database, "INSERT INTO surveys (list, total, started, finished) VALUES (?, ?, ?, 0)");
        bind_octets(add, 1, list.digest());
        add.bind(2, static_cast<std::int64_t>(list.targets.size()));
        add.bind(3, seconds_of(now));
        add.exec();
        Survey survey{
            .id = database.getLastInsertRowid(), .started = now, .finished = {}, .total = list.targets.size()};
        return Begun{survey, list.targets};
    });
}

void SurveyRecords::add(const Survey& survey, const Assessed& result) {
    SQLite::Database& database = archive_.database();
    const Look& look = result.look;
    const std::int64_t server = archive_.server(look.target);
    SQLite::Statement add(
        database,
        "INSERT OR REPLACE INTO survey_results (survey, server, at, took_ms, address, chain, versions, "
        "suite, failure_code, failure, roots_verdict, roots_reasons, policy_trust, policy_verdict, "
        "policy_reasons) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    add.bind(1, survey.id);
    add.bind(2, server);
    add.bind(3, seconds_of(look.at));
    add.bind(4, static_cast<std::int64_t>(look.took.count()));
    add.bind(5, look.address);
    if (look.appearance && !look.appearance->peer.presented.empty())
        add.bind(6, archive_.chain(look.appearance->peer.presented));
    add.bind(7, versions_of(look));
    add.bind(8, look.appearance ? look.appearance->suite : std::string());
    add.bind(9, look.failure ? look.failure->code : std::string());
    add.bind(10, look.failure ? text::escape_remaining(look.failure->why) : std::string());
    const Assessment* const judged = result.assessment ? &*result.assessment : nullptr;
    const PolicyAssessment* const policy = judged != nullptr && judged->by_policy ? &*judged->by_policy : nullptr;
    add.bind(11, judged != nullptr ? std::string(trust::text_of(judged->by_roots.outcome)) : std::string());
    add.bind(12, judged != nullptr ? codes_of(judged->by_roots) : std::string());
    add.bind(13, policy != nullptr ? std::string(trust::text_of(policy->trust)) : std::string());
    add.bind(14, policy != nullptr ? std::string(trust::text_of(policy->verdict.outcome)) : std::string());
    add.bind(15, policy != nullptr ? codes_of(policy->verdict) : std::string());
    add.exec();
    if (policy == nullptr) return;
    for (const RestingPin& pin : policy->pins) {
        SQLite::Statement rests(database,
                                "INSERT OR REPLACE INTO survey_pins (survey, server, pin, is_needed) VALUES (?, ?, ?, "
                                "?)");
        SQLite::bind(rests, survey.id, server, pin.pin.to_string(), pin.is_needed ? 1 : 0);
        rests.exec();
    }
}

Result<void> SurveyRecords::record(const Survey& survey, std::span<const Assessed> results) {
    return archive_.transact<void>("keeping what was seen", [&]() -> Result<void> {
        for (const Assessed& result : results) add(survey, result);
        return {};
    });
}

Result<void> SurveyRecords::finish(const Survey& survey, x509::Time now) {
    return archive_.transact<void>("ending the survey", [&]() -> Result<void> {
        SQLite::Statement end(archive_.database(), "UPDATE surveys SET finished = ? WHERE id = ?");
        SQLite::bind(end, static_cast<std::int64_t>(seconds_of(now)), survey.id);
        end.exec();
        return {};
    });
}

Result<Survey> SurveyRecords::find(std::optional<std::int64_t> id) {
    const std::string what = "looking for the survey";
    return archive_.transact<Survey>(what, [&]() -> Result<Survey> {
        SQLite::Statement rows(archive_.database(),
                               std::string(kFind) + (id ? "WHERE id = ?" : "ORDER BY id DESC LIMIT 1"));
        if (id) rows.bind(1, *id);
        if (!rows.executeStep())
            return failed("no_survey", what, id ? "the archive has none of that number" : "the archive has none",
                          "cotter survey FILE makes one");
        return survey_from(rows);
    });
}

}  // namespace cotter::observatory
