// What is served as a key log: any octets are refused readably, or are the one spelling of what they say.
#include "check.h"
#include "keylog/key_entry.h"
#include "keylog/layout.h"

using cotter::fuzz::promise;
namespace keylog = cotter::keylog;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = cotter::fuzz::text_of(data, size);
    if (const auto entry = keylog::KeyEntry::parse(text)) {
        promise(entry->text() == text && text.size() <= keylog::kMostEntryOctets);
    } else {
        cotter::fuzz::promise_readable(entry.error());
    }
    const cotter::Bytes octets = cotter::fuzz::bytes_of(data, size);
    if (const auto bundle = keylog::parse_bundle(octets)) {
        promise(!bundle->empty() && bundle->size() <= 256);
        promise(std::ranges::equal(keylog::bundle_of(*bundle), octets));
    } else {
        cotter::fuzz::promise_readable(bundle.error());
    }
    return 0;
}
