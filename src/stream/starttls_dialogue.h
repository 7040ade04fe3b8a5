// The words that other protocols want before TLS, without a socket: what to say next, given what the server has said.
// The sockets are stream/starttls.h.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cotter::stream {

enum class StartTls : std::uint8_t { kSmtp, kImap, kPop3, kFtp, kLdap, kXmpp, kPostgres, kMysql };

/// "smtp", "imap", "pop3", "ftp", "ldap", "xmpp", "postgres", "mysql".
[[nodiscard]] std::vector<std::string> start_tls_names();
[[nodiscard]] std::optional<StartTls> start_tls_from(std::string_view text);  ///< by its name
/// Where such a server listens when nobody says where.
[[nodiscard]] std::uint16_t usual_port(StartTls protocol);

/// One dialogue, up to the last octet before TLS. A server that says anything else than the one word that leads on is
/// refused: nothing is ever done in clear text instead (INVARIANT A230), and nothing that it sent ahead of TLS is left
/// for after it (A229). RFC 3207 (SMTP), 9051 (IMAP), 2595 (POP3), 4217 (FTP), 4511 4.14 (LDAP), 6120 5 (XMPP);
/// PostgreSQL's SSLRequest and MySQL's SSLRequest packet as their manuals' protocol chapters have them.
class StartTlsDialogue {
  public:
    enum class State : std::uint8_t {
        kIncomplete,  ///< more is to come; say() what there is to say
        kReady,       ///< say() that, and then TLS begins
        kRefused,     ///< why() says why
    };

    /// `host`: what the server is called, in A-labels or as an address; XMPP is told.
    StartTlsDialogue(StartTls protocol, std::string_view host);

    /// Takes what the server sent. The first call, before it has said anything, takes nothing.
    State take(Bytes received);
    /// What is to be sent now; empty if nothing. Each is given once.
    [[nodiscard]] std::string say() { return std::exchange(to_say_, {}); }
    /// After kRefused: a sentence, in which what the server said is escaped.
    [[nodiscard]] const std::string& why() const { return why_; }

    /// What a server may say before TLS, in all and in one line.
    static constexpr std::size_t kMost = 32U << 10U;
    static constexpr std::size_t kMostLine = 4096;

  private:
    State step();
    State lines(State (StartTlsDialogue::*on_line)(std::string_view line));
    State on_numbered(std::string_view line);
    State on_smtp(std::string_view whole);
    State on_ftp(std::string_view whole);
    State on_imap(std::string_view line);
    State on_pop3(std::string_view line);
    State on_ldap();
    State on_xmpp();
    State on_postgres();
    State on_mysql();

    State ask(std::string what);
    State finish();
    State refuse(std::string why);
    State refuse_with(std::string_view line);

    StartTls protocol_;
    std::string host_;
    std::string buffer_;       ///< received and not yet understood
    std::size_t total_ = 0;    ///< octets received
    unsigned asked_ = 0;       ///< how many questions have been put
    bool is_offered_ = false;  ///< SMTP: STARTTLS is among the extensions
    std::string reply_code_;   ///< SMTP, FTP: of the reply whose further lines are awaited
    std::string to_say_;
    std::string why_;
};

}  // namespace cotter::stream
