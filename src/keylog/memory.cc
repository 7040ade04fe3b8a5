// key-log-….seen, and reading a log against it.
#include "keylog/memory.h"

#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

namespace cotter::keylog {
namespace {

constexpr std::size_t kMostSeenOctets = 64UL * 1024;

}  // namespace

Memory::Memory(const identity::StateFolder& state, audit::Verifier key)
    : key_(std::move(key)),
      file_(state.path() /
            ("key-log-" + text::hex(Bytes(sha256(x509::as_bytes(key_.to_string()))).first(8)) + ".seen")) {}

Result<std::optional<audit::SignedCheckpoint>> Memory::seen() const {
    if (!files::is_there(file_)) return std::optional<audit::SignedCheckpoint>();
    const auto content = files::read_private(file_, kMostSeenOctets);
    if (!content) return unexpected(content.error());
    auto checkpoint = audit::SignedCheckpoint::parse(text::of_octets(*content));
    if (!checkpoint || !checkpoint->is_by(key_)) {
        return failed("key_log_seen", "reading " + text::escape(file_.string()),
                      checkpoint ? "it is not signed with the log's key" : checkpoint.error().why,
                      "if you know why, remove it; it is all that this folder remembers of the log");
    }
    return std::optional(std::move(*checkpoint));
}

Result<bool> Memory::keep(const std::optional<audit::SignedCheckpoint>& before,
                          const audit::SignedCheckpoint& newest) const {
    if (before && before->head == newest.head) return true;
    const auto lock = files::Lock::take(file_.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    const auto present = seen();
    if (!present) return unexpected(present.error());
    if (present->has_value() != before.has_value() || (before && (*present)->head != before->head)) return false;
    const auto written = files::write_private(file_, x509::as_bytes(newest.text), files::Replace::kExisting);
    if (!written) return unexpected(written.error());
    return true;
}

Result<std::filesystem::path> Memory::keep_contradiction(std::string_view checkpoint) const {
    std::filesystem::path other = file_;
    other.replace_extension(".contradiction");
    const auto written = files::write_private(other, x509::as_bytes(checkpoint), files::Replace::kExisting);
    if (!written) return unexpected(written.error());
    return other;
}

Reading<LogView> follow(Source& source, const Memory& memory) {
    constexpr int kMostTurns = 3;
    for (int turn = 0; turn < kMostTurns; ++turn) {
        const auto before = memory.seen();
        if (!before) return unreadable(before.error());
        auto view = read_log(source, memory.key(), *before);
        if (!view) {
            if (!view.error().contradiction.empty()) {
                if (const auto kept = memory.keep_contradiction(view.error().contradiction))
                    view.error().message += "; both checkpoints are kept: " + text::escape(kept->string()) +
                                            " contradicts the .seen beside it";
            }
            return view;
        }
        const auto kept = memory.keep(*before, view->checkpoint);
        if (!kept) return unreadable(kept.error());
        if (*kept) return view;
    }
    return unexpected<LogFault>(LogFault{LogFault::Kind::kUnreadable, "key_log_busy",
                                         "others read it at the same time, again and again: try once more"});
}

}  // namespace cotter::keylog
