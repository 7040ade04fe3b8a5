// Printing rounds of watching.
#include "cli/watch_print.h"

#include "cli/certificate_json.h"
#include "cli/print.h"
#include "text/escape.h"
#include "text/time.h"
#include "trust/words.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;
using observatory::Round;
using observatory::ServerChange;
using Chain = std::vector<x509::Certificate>;

constexpr std::size_t kNameColumn = 14;
constexpr std::size_t kMostCell = 60;

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

struct Row {
    std::string name;
    std::string before;
    std::string after;
};

std::vector<Row> rows_of(const Chain& before, const Chain& after) {
    const auto row = [&](std::string name, auto text_of) {
        const auto side = [&](const Chain& chain) { return chain.empty() ? std::string("-") : text_of(chain.front()); };
        return Row{std::move(name), side(before), side(after)};
    };
    const auto pin = [](const x509::Certificate& leaf) {
        return leaf.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string();
    };
    return {row("key", pin),
            row("", [](const auto& leaf) { return leaf.public_key().description(); }),
            row("subject", [](const auto& leaf) { return leaf.subject_text(); }),
            row("issuer", [](const auto& leaf) { return leaf.issuer_text(); }),
            row("serial", [](const auto& leaf) { return leaf.serial_text(); }),
            row("from", [](const auto& leaf) { return text::rfc3339(leaf.not_before()); }),
            row("until", [](const auto& leaf) { return text::rfc3339(leaf.not_after()); })};
}

/// Old and new beside each other; a row that is the same in both says so once.
std::string side_by_side(const Chain& before, const Chain& after, const std::string& left, const std::string& right) {
    const std::vector<Row> rows = rows_of(before, after);
    std::size_t width = left.size();
    for (const Row& row : rows) width = std::max(width, std::min(row.before.size(), kMostCell));
    std::string text = "  " + padded("", kNameColumn) + padded(left, width + 2) + right;
    for (const Row& row : rows) {
        text += "\n  " + padded(row.name, kNameColumn) + padded(row.before, width) + "  ";
        text += row.before == row.after ? "the same" : row.after;
    }
    return text;
}

Json leaf_json(const Chain& chain) {
    return chain.empty() ? Json() : certificate_json(chain.front(), 0);
}

Json time_or_null(const std::optional<x509::Time>& time) {
    return time ? Json(text::rfc3339(*time)) : Json();
}

Json change_document(const std::string& server, const observatory::Graded& graded, const std::string& addresses,
                     const Chain& before, const Chain& after, x509::Time at) {
    return {
        {"event", "change"}, {"server", server},       {"at", text::rfc3339(at)},     {"grade", text_of(graded.grade)},
        {"why", graded.why}, {"addresses", addresses}, {"before", leaf_json(before)}, {"after", leaf_json(after)}};
}

WatchEvent event_of(const ServerChange& change, x509::Time at, observatory::Grade alarm) {
    const std::string server = change.target.to_string();
    const bool is_split = change.graded.grade == observatory::Grade::kSplit;
    WatchEvent event{change.graded.grade >= alarm, {change.target.server}, {}, {}};
    Json document = change_document(server, change.graded, change.addresses, change.before, change.after, at);
    document["alarm"] = event.is_alarm;
    document["before_first_seen"] = time_or_null(change.before_first_seen);
    document["before_last_seen"] = time_or_null(change.before_last_seen);
    event.json = document.dump(-1, ' ', false, Json::error_handler_t::replace);
    event.text = server + "  " + std::string(text_of(change.graded.grade)) + (event.is_alarm ? "  ALARM" : "") +
                 "\n  " + change.graded.why + "\n  at " + change.addresses +
                 (change.before_last_seen ? "; the old one was seen from " + text::rfc3339(*change.before_first_seen) +
                                                " to " + text::rfc3339(*change.before_last_seen)
                                          : "") +
                 "\n" +
                 side_by_side(change.before, change.after, is_split ? "ONE" : "OLD", is_split ? "ANOTHER" : "NEW");
    return event;
}

WatchEvent event_of(const observatory::PolicyRefusal& refusal, x509::Time at) {
    const std::string server = refusal.target.to_string();
    const Json document{{"event", "refused"},      {"server", server},
                        {"at", text::rfc3339(at)}, {"addresses", refusal.addresses},
                        {"alarm", true},           {"reasons", reasons_json(refusal.verdict.reasons)}};
    const trust::Reason& first = refusal.verdict.first_reason();
    return {true,
            {refusal.target.server},
            server + "  refused by the policy  ALARM\n  " + std::string(trust::text_of(first.code)) + ": " +
                first.message + "\n  at " + refusal.addresses,
            document.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

WatchEvent event_of(const observatory::Unreached& unreached, x509::Time at) {
    const std::string server = unreached.target.to_string();
    const Json document{{"event", "unreached"},
                        {"server", server},
                        {"at", text::rfc3339(at)},
                        {"address", unreached.address},
                        {"code", unreached.failure.code},
                        {"message", unreached.failure.why},
                        {"alarm", false}};
    return {false,
            {unreached.target.server},
            server + "  not seen" + (unreached.address.empty() ? "" : " at " + unreached.address) + "\n  " +
                unreached.failure.code + ": " + unreached.failure.why,
            document.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

WatchEvent event_of(const observatory::UnseenPin& unseen, x509::Time at) {
    const Json document{{"event", "unseen_pin"},
                        {"host", unseen.host},
                        {"at", text::rfc3339(at)},
                        {"pin", unseen.pin.to_string()},
                        {"role", trust::text_of(unseen.role)},
                        {"was_seen", unseen.was_seen},
                        {"alarm", false}};
    return {false,
            {},
            unseen.host + "  nobody presents the pin " + unseen.pin.to_string() +
                (unseen.was_seen ? " any more" : ", and nobody has") + " (" + std::string(trust::text_of(unseen.role)) +
                ")",
            document.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

WatchEvent event_of(const service::Expiry& ending, x509::Time at) {
    const bool is_past = ending.at < at;
    const Json document{{"event", is_past ? "expired" : "expiring"},
                        {"what", ending.what},
                        {"at", text::rfc3339(at)},
                        {"ends", text::rfc3339(ending.at)},
                        {"alarm", false}};
    return {false,
            {},
            ending.what + (is_past ? " ended " : " ends ") + text::relative(ending.at, at) + ", " +
                text::rfc3339(ending.at),
            document.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace

std::vector<WatchEvent> events_of(const Round& round, observatory::Grade alarm) {
    std::vector<WatchEvent> events;
    std::vector<WatchEvent> rest;
    for (const auto& change : round.changes) {
        WatchEvent event = event_of(change, round.at, alarm);
        (event.is_alarm ? events : rest).push_back(std::move(event));
    }
    for (const auto& refusal : round.refusals) events.push_back(event_of(refusal, round.at));
    std::ranges::move(rest, std::back_inserter(events));
    for (const auto& failure : round.failures) events.push_back(event_of(failure, round.at));
    for (const auto& unseen : round.unseen_pins) events.push_back(event_of(unseen, round.at));
    for (const auto& ending : round.endings) events.push_back(event_of(ending, round.at));
    return events;
}

std::string summary_text(const Round& round) {
    std::string text = count_text(round.servers, "server") + ": " + std::to_string(round.same) + " as before";
    if (round.first > 0) text += ", " + std::to_string(round.first) + " seen for the first time";
    if (round.unreached > 0) text += ", " + std::to_string(round.unreached) + " not reached";
    if (const auto worst = round.worst())
        text += ", " + count_text(round.changes.size(), "change") + " (at worst " + std::string(text_of(*worst)) + ")";
    return text;
}

Json summary_json(const Round& round) {
    const auto worst = round.worst();
    return {{"event", "round"},
            {"at", text::rfc3339(round.at)},
            {"servers", round.servers},
            {"same", round.same},
            {"first", round.first},
            {"unreached", round.unreached},
            {"changes", round.changes.size()},
            {"worst", worst ? Json(text_of(*worst)) : Json()}};
}

std::string history_text(const observatory::PastChange& change) {
    return text::rfc3339(change.at) + "  " + change.server + "  " + std::string(text_of(change.grade)) + "\n  " +
           change.why + "\n  at " + change.addresses + "\n" + side_by_side(change.before, change.after, "OLD", "NEW");
}

Json history_json(const observatory::PastChange& change) {
    return change_document(change.server, {change.grade, change.why}, change.addresses, change.before, change.after,
                           change.at);
}

}  // namespace cotter::cli
