// Metadata of bundles: any text is refused readably, or is a file whose canonical form stays the same when it is
// written and read again; and nothing that nobody has signed counts.
#include "bundle/canonical_json.h"
#include "bundle/updater.h"
#include "bundle/verification.h"
#include "check.h"

using cotter::fuzz::promise;
namespace bundle = cotter::bundle;

namespace {

template <class Content>
void look_at(const std::string& text) {
    const auto file = bundle::parse_metadata<Content>(text, "file");
    if (!file) return cotter::fuzz::promise_readable(file.error());
    promise(file->content.version > 0);
    const auto again = bundle::parse_metadata<Content>(bundle::json_text(file->document), "file");
    promise(again && again->canonical == file->canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = cotter::fuzz::text_of(data, size);
    look_at<bundle::Root>(text);
    look_at<bundle::Timestamp>(text);
    look_at<bundle::Snapshot>(text);
    look_at<bundle::Targets>(text);
    if (const auto root = bundle::parse_metadata<bundle::Root>(text, "file")) {
        for (const auto& [role, keys] : root->content.roles) {
            promise(keys.threshold > 0 && keys.threshold <= keys.key_ids.size());
            // Not what anybody can have signed by chance: another text under the same signatures.
            promise(!bundle::check_signatures(root->content, role, "other", root->signatures, "file"));
        }
    }
    if (const auto begun = bundle::begin_with(text); !begun) cotter::fuzz::promise_readable(begun.error());
    static_cast<void>(bundle::is_target_name(text));
    return 0;
}
