// Writing and reading proof files.
#include "audit/proof_file.h"

#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>
#include <span>

namespace cotter::audit {
namespace {

constexpr std::string_view kInclusionLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtraWord = "extra ";
constexpr std::string_view kIndexWord = "index ";
constexpr std::string_view kOldWord = "old ";
constexpr std::string_view kSeenLine = "cotter-audit-seen 1";
// A path has at most one hash a level on either side.
constexpr std::size_t kMostHashes = 128;

unexpected<Error> bad_proof(std::string why) {
    return malformed("proof", "reading a proof", std::move(why), "give the file as \"cotter log\" wrote it");
}

std::string lines_of(std::span<const Hash> hashes) {
    std::string lines;
    for (const Hash& hash : hashes) lines += text::base64(hash) + "\n";
    return lines;
}

/// What is left of a file, line by line.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    /// The next line without its newline; nothing where a newline is missing.
    std::optional<std::string_view> line() {
        const std::size_t end = rest_.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }

    /// What follows `word` on the next line, which must begin with it.
    std::optional<std::string_view> after(std::string_view word) {
        if (!rest_.starts_with(word)) return std::nullopt;
        const auto whole = line();
        return whole ? std::optional(whole->substr(word.size())) : std::nullopt;
    }

    std::optional<std::uint64_t> count_after(std::string_view word) {
        const auto text = after(word);
        return text ? parse_count(*text) : std::nullopt;
    }

    /// The hashes up to the empty line, which goes too.
    Result<std::vector<Hash>> hashes() {
        std::vector<Hash> hashes;
        for (auto next = line(); next; next = line()) {
            if (next->empty()) return hashes;
            const auto hash = parse_hash(*next);
            if (!hash) return bad_proof("a line of it is no hash in base64");
            if (hashes.size() == kMostHashes) return bad_proof("it has more hashes than any tree needs");
            hashes.push_back(*hash);
        }
        return bad_proof("it is cut off before its checkpoint");
    }

    Result<SignedCheckpoint> checkpoint() { return SignedCheckpoint::parse(rest_); }

  private:
    std::string_view rest_;
};

Result<ProofFile> parse_inclusion(std::string_view text) {
    Reader reader(text);
    static_cast<void>(reader.line());
    const auto extra = reader.after(kExtraWord);
    const auto entry = extra ? text::octets_of_base64(*extra) : std::nullopt;
    if (!entry) return bad_proof("its second line is not \"extra\" and an entry in base64");
    const auto index = reader.count_after(kIndexWord);
    if (!index) return bad_proof("its third line is not \"index\" and a number");
    auto hashes = reader.hashes();
    if (!hashes) return unexpected(hashes.error());
    auto checkpoint = reader.checkpoint();
    if (!checkpoint) return unexpected(checkpoint.error());
    InclusionProof proof{{}, *index, std::move(*hashes), std::move(*checkpoint)};
    std::ranges::transform(*entry, std::back_inserter(proof.entry),
                           [](std::byte octet) { return static_cast<char>(octet); });
    return proof;
}

Result<ProofFile> parse_consistency(std::string_view text) {
    Reader reader(text);
    const auto old_size = reader.count_after(kOldWord);
    if (!old_size) return bad_proof("its first line is not \"old\" and a number of entries");
    auto hashes = reader.hashes();
    if (!hashes) return unexpected(hashes.error());
    auto checkpoint = reader.checkpoint();
    if (!checkpoint) return unexpected(checkpoint.error());
    return ConsistencyProof{*old_size, std::move(*hashes), std::move(*checkpoint)};
}

Result<ProofFile> parse_seen(std::string_view text) {
    Reader reader(text);
    static_cast<void>(reader.line());
    auto hashes = reader.hashes();
    if (!hashes) return unexpected(hashes.error());
    auto checkpoint = reader.checkpoint();
    if (!checkpoint) return unexpected(checkpoint.error());
    auto frontier = Frontier::from(checkpoint->head.size, std::move(*hashes));
    if (!frontier || frontier->root() != checkpoint->head.root)
        return bad_proof("its hashes are not those of its checkpoint");
    return SeenHead{std::move(*frontier), std::move(*checkpoint)};
}

}  // namespace

std::string InclusionProof::text() const {
    return std::string(kInclusionLine) + "\n" + std::string(kExtraWord) + text::base64(x509::as_bytes(entry)) + "\n" +
           std::string(kIndexWord) + std::to_string(index) + "\n" + lines_of(hashes) + "\n" + checkpoint.text;
}

std::string ConsistencyProof::text() const {
    return std::string(kOldWord) + std::to_string(old_size) + "\n" + lines_of(hashes) + "\n" + checkpoint.text;
}

std::string SeenHead::text() const {
    return std::string(kSeenLine) + "\n" + lines_of(frontier.subtrees()) + "\n" + checkpoint.text;
}

const SignedCheckpoint& checkpoint_of(const ProofFile& file) {
    struct {
        const SignedCheckpoint& operator()(const SignedCheckpoint& checkpoint) const { return checkpoint; }
        const SignedCheckpoint& operator()(const InclusionProof& proof) const { return proof.checkpoint; }
        const SignedCheckpoint& operator()(const ConsistencyProof& proof) const { return proof.checkpoint; }
        const SignedCheckpoint& operator()(const SeenHead& seen) const { return seen.checkpoint; }
    } constexpr kFind;
    return std::visit(kFind, file);
}

Result<ProofFile> parse_proof_file(std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\n'));
    if (first == kInclusionLine) return parse_inclusion(text);
    if (first == kSeenLine) return parse_seen(text);
    if (first.starts_with(kOldWord)) return parse_consistency(text);
    auto checkpoint = SignedCheckpoint::parse(text);
    if (!checkpoint) return unexpected(checkpoint.error());
    return std::move(*checkpoint);
}

}  // namespace cotter::audit
