// OpenSSL's error queue as text.
#include "x509/openssl.h"

#include "text/escape.h"

#include <openssl/err.h>

#include <array>

namespace cotter::x509 {

std::string drain_error_queue() {
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        const char* reason = ERR_reason_error_string(code);
        std::array<char, 256> whole{};
        if (reason == nullptr) {
            ERR_error_string_n(code, whole.data(), whole.size());
            reason = whole.data();
        }
        text += (text.empty() ? "" : "; ") + text::escape(reason, 200);
    }
    return text;
}

}  // namespace cotter::x509
