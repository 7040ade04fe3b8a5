// Reading and rewriting crl_numbers.
#include "evidence/crl_numbers.h"

#include "files/files.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <sstream>

namespace cotter::evidence {
namespace {

using Digest = std::array<std::byte, 32>;
constexpr std::string_view kNone = "-";
constexpr std::size_t kMostNumberDigits = 40;  // RFC 5280 5.2.3: at most 20 octets

bool is_hex(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<Digest> digest_from(std::string_view text) {
    if (text.size() != 64 || !is_hex(text)) return std::nullopt;
    Digest digest{};
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest.at(i) = static_cast<std::byte>(std::stoul(std::string(text.substr(2 * i, 2)), nullptr, 16));
    return digest;
}

std::optional<x509::CrlSighting> parse_line(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
    if (fields.size() != 5) return std::nullopt;
    x509::CrlSighting sighting;
    const auto key = digest_from(fields[0]);
    const auto part = fields[1] == kNone ? std::nullopt : digest_from(fields[1]);
    const auto time = text::parse_rfc3339(fields[3]);
    const auto digest = digest_from(fields[4]);
    const bool has_number = fields[2] != kNone;
    if (!key || (!part && fields[1] != kNone) || !time || !digest ||
        (has_number && (!is_hex(fields[2]) || fields[2].size() > kMostNumberDigits))) {
        return std::nullopt;
    }
    sighting.scope = {*key, part};
    sighting.edition = {has_number ? std::optional(fields[2]) : std::nullopt, *time, *digest};
    return sighting;
}

std::string printed(const x509::CrlMemory& memory) {
    std::string text = "# The newest CRLs seen: issuer's key, part, number, thisUpdate, digest (docs/files.md)\n";
    for (const auto& [scope, edition] : memory) {
        text += text::hex(scope.issuer_key) + " " + (scope.part ? text::hex(*scope.part) : std::string(kNone)) + " " +
                edition.number.value_or(std::string(kNone)) + " " + text::rfc3339(edition.this_update) + " " +
                text::hex(edition.digest) + "\n";
    }
    return text;
}

/// Takes what is newer; gives whether anything was.
bool take(x509::CrlMemory& memory, const std::vector<x509::CrlSighting>& seen) {
    bool is_changed = false;
    for (const x509::CrlSighting& one : seen) {
        const auto [place, is_first] = memory.try_emplace(one.scope, one.edition);
        // Newer in one respect and older in the other is no successor.
        const bool is_newer =
            !is_first && one.edition.is_newer_than(place->second) && !place->second.is_newer_than(one.edition);
        if (is_newer) place->second = one.edition;
        is_changed = is_changed || is_first || is_newer;
    }
    return is_changed;
}

}  // namespace

Result<x509::CrlMemory> CrlNumbers::read() const {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) != 0 && errno == ENOENT) return x509::CrlMemory();
    const auto content = files::read_private(path_);
    if (!content) return unexpected(content.error());
    std::string text;
    std::ranges::transform(*content, std::back_inserter(text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    const auto bad = [&](std::size_t line) {
        return failed("crl_numbers_line", "reading " + text::escape(path_.string()),
                      "line " + std::to_string(line) + " can't be understood",
                      "mend or remove that line; no CRL counts until then");
    };
    x509::CrlMemory memory;
    std::size_t number = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const auto sighting = parse_line(line);
        if (!sighting || !memory.emplace(sighting->scope, sighting->edition).second) return bad(number);
    }
    if (!text.empty() && text.back() != '\n') return bad(number);
    return memory;
}

Result<std::shared_ptr<const x509::CrlMemory>> CrlNumbers::note(
    const std::vector<x509::CertificateRevocationList>& crls, const std::vector<x509::Certificate>& presented,
    const x509::TrustAnchors& anchors, x509::Time now) const {
    const auto shared = [](x509::CrlMemory memory) {
        return std::make_shared<const x509::CrlMemory>(std::move(memory));
    };
    auto memory = read();
    if (!memory) return unexpected(memory.error());
    const auto seen = x509::sightings(crls, presented, anchors, now);
    if (!take(*memory, seen)) return shared(std::move(*memory));
    // Something is new: read again under the lock, for another may have written meanwhile.
    const auto lock = files::Lock::take(path_.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    memory = read();
    if (!memory) return unexpected(memory.error());
    if (take(*memory, seen)) {
        const std::string text = printed(*memory);
        if (auto written = files::write_private(path_, x509::as_bytes(text), files::Replace::kExisting); !written)
            return unexpected(written.error());
    }
    return shared(std::move(*memory));
}

}  // namespace cotter::evidence
