// What a server says before TLS: however it comes in pieces, the dialogue ends, says something printable, and goes over
// to TLS only when nothing is left over.
#include "check.h"
#include "stream/starttls_dialogue.h"

using cotter::fuzz::promise;
using cotter::stream::StartTls;
using cotter::stream::StartTlsDialogue;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    constexpr unsigned kProtocols = 8;
    const auto protocol = static_cast<StartTls>(data[0] % kProtocols);
    const std::size_t piece = data[1] == 0 ? size : data[1];
    auto said = cotter::fuzz::bytes_of(data + 2, size - 2);
    StartTlsDialogue dialogue(protocol, "db.example");
    auto state = dialogue.take({});
    for (;;) {
        const std::string asked = dialogue.say();
        promise(asked.size() <= 256);
        if (state != StartTlsDialogue::State::kIncomplete || said.empty()) break;
        const auto now = said.first(std::min(piece, said.size()));
        said = said.subspan(now.size());
        state = dialogue.take(now);
    }
    if (state == StartTlsDialogue::State::kRefused) {
        promise(!dialogue.why().empty() && dialogue.why().size() <= 512);
        promise(std::ranges::none_of(dialogue.why(),
                                     [](char octet) { return (octet >= 0 && octet < 0x20) || octet == 0x7f; }));
    }
    return 0;
}
