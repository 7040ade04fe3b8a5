// Counting notaries.
#include "trust/notary_finding.h"

#include "text/time.h"

#include <algorithm>

namespace cotter::trust {
namespace {

std::string counted_verb(std::size_t count, const std::string& one, const std::string& several) {
    return std::to_string(count) + " " + (count == 1 ? one : several);
}

bool is_old(const NotaryFindings& findings, x509::Time now) {
    return now < findings.heard || now - findings.heard > kNotaryWordLasts;
}

}  // namespace

NotaryOutcome outcome_of(const NotaryFindings& findings, const NotaryWord& word, const x509::Certificate& leaf,
                         x509::Time now) {
    if (word.sights.empty() || is_old(findings, now)) return NotaryOutcome::kSilent;
    const bool sees_it =
        std::ranges::any_of(word.sights, [&](const NotarySight& sight) { return leaf.matches(sight.key); });
    return sees_it ? NotaryOutcome::kAgrees : NotaryOutcome::kDisagrees;
}

NotaryTally tally_of(const NotaryFindings& findings, const x509::Certificate& leaf, x509::Time now) {
    NotaryTally tally;
    for (const NotaryWord& word : findings.words) {
        switch (outcome_of(findings, word, leaf, now)) {
            case NotaryOutcome::kAgrees: ++tally.agree; break;
            case NotaryOutcome::kDisagrees: ++tally.disagree; break;
            case NotaryOutcome::kSilent: ++tally.silent; break;
        }
    }
    return tally;
}

std::string NotaryTally::text(std::size_t quorum) const {
    return std::to_string(agree) + " of " + counted_verb(agree + disagree + silent, "notary", "notaries") +
           (agree == 1 ? " sees" : " see") + " this key, " + counted_verb(disagree, "sees", "see") + " another, " +
           counted_verb(silent, "is", "are") + " silent; " + std::to_string(quorum) + " must see it";
}

bool is_vouched_for(const NotaryFindings& findings, const x509::Certificate& leaf, x509::Time now) {
    if (findings.words.empty()) return findings.quorum == 0;
    return tally_of(findings, leaf, now).agree >= std::max<std::size_t>(findings.quorum, 1);
}

std::vector<std::string> sentences_of(const NotaryFindings& findings, const x509::Certificate& leaf, x509::Time now) {
    std::vector<std::string> sentences;
    for (const NotaryWord& word : findings.words) {
        const std::string notary = "notary " + word.notary;
        switch (outcome_of(findings, word, leaf, now)) {
            case NotaryOutcome::kAgrees: {
                const auto sight =
                    std::ranges::find_if(word.sights, [&](const NotarySight& one) { return leaf.matches(one.key); });
                sentences.push_back(notary + " sees this key, and has since " + text::rfc3339(sight->since));
                break;
            }
            case NotaryOutcome::kDisagrees: {
                std::string keys;
                for (const NotarySight& sight : word.sights) keys += (keys.empty() ? "" : ", ") + sight.key.to_string();
                sentences.push_back(notary + " sees another key: " + keys);
                break;
            }
            case NotaryOutcome::kSilent:
                sentences.push_back(
                    notary + " is silent: " + (word.sights.empty() ? word.silence : "its word is too old to count"));
                break;
        }
    }
    return sentences;
}

}  // namespace cotter::trust
