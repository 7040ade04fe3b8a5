// SurveyRecords: surveys in the archive: which list, how far it got, and one result a server.
#pragma once

#include "observatory/archive.h"
#include "observatory/crew.h"

#include <optional>
#include <span>

namespace cotter::observatory {

struct Survey {
    std::int64_t id = 0;
    x509::Time started{};
    std::optional<x509::Time> finished;
    std::size_t total = 0;
    std::size_t looked_at = 0;
};

class SurveyRecords {
  public:
    explicit SurveyRecords(Archive& archive) : archive_(archive) {}

    enum class Begin : std::uint8_t { kResumeOrNew, kNew };
    struct Begun {
        Survey survey;
        std::vector<Target> left;  ///< those without a result yet
        [[nodiscard]] bool is_resumed() const { return survey.looked_at > 0; }
    };
    /// Goes on with the last survey if it was of this very list and did not end; else begins one.
    [[nodiscard]] Result<Begun> begin(const TargetList& list, Begin how, x509::Time now);

    /// All of them, or none.
    [[nodiscard]] Result<void> record(const Survey& survey, std::span<const Assessed> results);
    [[nodiscard]] Result<void> finish(const Survey& survey, x509::Time now);

    /// The one of that id, else the last one; an Error where there is none.
    [[nodiscard]] Result<Survey> find(std::optional<std::int64_t> id);

  private:
    void add(const Survey& survey, const Assessed& result);
    Archive& archive_;
};

/// "chain_untrusted host_mismatch": the codes of a verdict's reasons, most urgent first, each once.
[[nodiscard]] std::string codes_of(const trust::Verdict& verdict);
/// "TLSv1.3"
[[nodiscard]] std::string_view text_of(trust::Protocol protocol);

}  // namespace cotter::observatory
