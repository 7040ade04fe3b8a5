// Getting a passphrase.
#include "cli/passphrase.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/ui.h>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace cotter::cli {
namespace {

constexpr std::size_t kMostPassphrase = 1024;

Result<x509::Passphrase> first_line_of(const std::string& path) {
    auto content = files::read_private(path, std::size_t{64} << 10U);
    if (!content) return unexpected(content.error());
    const auto end = std::ranges::find(*content, std::byte{'\n'});
    std::size_t size = static_cast<std::size_t>(end - content->begin());
    if (size > 0 && (*content)[size - 1] == std::byte{'\r'}) --size;
    x509::Passphrase passphrase(Bytes(*content).first(size));
    OPENSSL_cleanse(content->data(), content->size());
    if (size > kMostPassphrase)
        return malformed("bad_passphrase", "reading " + text::escape(path, 300), "its first line is no passphrase",
                         "put the passphrase alone on the first line");
    return passphrase;
}

/// The terminal without its echo, as long as this lives. OpenSSL turns the echo off, too, but only when the prompt has
/// been shown already; it catches the signals that would end us meanwhile.
class SilentTerminal {
  public:
    SilentTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        is_silent_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;
    ~SilentTerminal() {
        if (is_silent_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] bool is_silent() const { return is_silent_; }

  private:
    int descriptor_;
    termios before_{};
    bool is_silent_ = false;
};

enum class Ask : std::uint8_t { kOnce, kTwice };

Result<x509::Passphrase> ask_on_terminal(const std::string& source, Ask ask) {
    const std::string name = text::escape(source, 200);
    const SilentTerminal terminal;
    if (!terminal.is_silent()) {
        return failed("no_passphrase", (ask == Ask::kOnce ? "opening " : "protecting ") + name,
                      ask == Ask::kOnce ? "it is under a passphrase, and there is no terminal to ask on"
                                        : "a passphrase is wanted, and there is no terminal to ask on",
                      "put the passphrase in a file that only you can read, and say --passphrase-file FILE");
    }
    std::array<char, kMostPassphrase + 1> typed{};
    const std::string prompt = (ask == Ask::kOnce ? "Passphrase of " : "New passphrase of ") + name + ": ";
    const int outcome = UI_UTIL_read_pw_string(typed.data(), static_cast<int>(typed.size() - 1), prompt.c_str(),
                                               /*verify=*/ask == Ask::kTwice ? 1 : 0);
    static_cast<void>(x509::drain_error_queue());
    x509::Passphrase passphrase(x509::as_bytes(std::string_view(typed.data(), std::strlen(typed.data()))));
    OPENSSL_cleanse(typed.data(), typed.size());
    if (outcome != 0)
        return failed("no_passphrase", (ask == Ask::kOnce ? "opening " : "protecting ") + name,
                      ask == Ask::kOnce ? "no passphrase was given" : "no passphrase was given twice alike",
                      "try again");
    return passphrase;
}

}  // namespace

x509::AskPassphrase passphrase_from(std::string passphrase_file, std::string source) {
    return [file = std::move(passphrase_file), source = std::move(source)] {
        return file.empty() ? ask_on_terminal(source, Ask::kOnce) : first_line_of(file);
    };
}

Result<x509::Passphrase> new_passphrase(const std::string& passphrase_file, const std::string& target) {
    auto passphrase = passphrase_file.empty() ? ask_on_terminal(target, Ask::kTwice) : first_line_of(passphrase_file);
    constexpr int kLeast = 8;
    if (passphrase && passphrase->size() < kLeast) {
        return malformed("bad_passphrase", "protecting " + text::escape(target, 200),
                         "the passphrase has fewer than eight characters", "give a longer one: a few words");
    }
    return passphrase;
}

Result<x509::Passphrase> random_passphrase() {
    constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
    static_assert(kLetters.size() == 32);
    constexpr std::size_t kCount = 25;
    constexpr std::size_t kGroup = 5;
    std::array<std::byte, kCount> octets{};
    if (RAND_bytes(x509::octets(std::span<std::byte>(octets)), static_cast<int>(octets.size())) != 1)
        return failed("no_randomness", "making a passphrase", x509::drain_error_queue());
    std::array<char, kCount + kCount / kGroup - 1> text{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
        if (i > 0 && i % kGroup == 0) text.at(at++) = '-';
        text.at(at++) = kLetters[std::to_integer<unsigned>(octets.at(i)) & 0x1fU];
    }
    x509::Passphrase passphrase(x509::as_bytes(std::string_view(text.data(), text.size())));
    OPENSSL_cleanse(octets.data(), octets.size());
    OPENSSL_cleanse(text.data(), text.size());
    return passphrase;
}

Result<std::vector<x509::PemBlock>> read_unpacked(const std::string& path, const std::string& passphrase_file) {
    auto content = files::read(path);
    if (!content) return unexpected(content.error());
    auto blocks = x509::pem_blocks(*content, path);
    OPENSSL_cleanse(content->data(), content->size());
    if (!blocks) return unexpected(blocks.error());
    return x509::unpacked(std::move(*blocks), path, passphrase_from(passphrase_file, path));
}

}  // namespace cotter::cli
