// Checkpoints, proofs, keys and entries of an audit log: any text is refused readably, or says the same once more when
// it is written again; and nothing is shown that no key has signed.
#include "audit/examination.h"
#include "check.h"

using cotter::fuzz::promise;
namespace audit = cotter::audit;

namespace {

std::string written(const audit::ProofFile& file) {
    if (const auto* checkpoint = std::get_if<audit::SignedCheckpoint>(&file)) return checkpoint->text;
    if (const auto* inclusion = std::get_if<audit::InclusionProof>(&file)) return inclusion->text();
    if (const auto* consistency = std::get_if<audit::ConsistencyProof>(&file)) return consistency->text();
    return std::get<audit::SeenHead>(file).text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = cotter::fuzz::text_of(data, size);
    if (const auto file = audit::parse_proof_file(text)) {
        promise(written(*file) == text);
        for (const audit::Finding& finding : audit::examine({{"file", *file}}, {}))
            promise(finding.kind == audit::Finding::Kind::kRefuted && finding.code == "signature");
    } else {
        cotter::fuzz::promise_readable(file.error());
    }
    if (const auto entry = audit::parse_entry(text)) {
        promise(audit::canonical_text(*entry) == text);
    } else {
        cotter::fuzz::promise_readable(entry.error());
    }
    if (const auto key = audit::Verifier::parse(text)) {
        promise(key->to_string() == text);
    } else {
        cotter::fuzz::promise_readable(key.error());
    }
    return 0;
}
