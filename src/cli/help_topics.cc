// What the topics say.
#include "cli/help_topics.h"

#include <array>

namespace cotter::cli {
namespace {

constexpr std::string_view kPinsTopic =
    R"(A pin names one key or certificate: [WHAT-]FORM/VALUE

  sha256/…            the key (its SubjectPublicKeyInfo): what `cotter id` prints
  cert-sha256/…       the whole certificate; changes at each renewal
  key-sha256/…        the key's own octets, without its algorithm
FORM is sha256, sha384 or sha512 (VALUE: the digest in base64), or der (VALUE: all
of it in base64), as in cert-der/…

Also understood: curl's sha256//… (several joined by ;), HPKP's pin-sha256="…",
cert-sha256:HEX, spki-sha256:HEX and key-sha256:HEX with or without colons, the
line of `openssl x509 -fingerprint -sha256`, and file:PATH (a certificate, CSR or
key: its key; cert:file:PATH: the certificate). Bare hex, a bare sha256:, SHA-1
and MD5 are refused: they don't say what is pinned, or bind nothing.

Where pins come from:
  cotter id                       this side's own
  cotter pin FILE|HOST:PORT       those of a file, or of what a server presents
A pin that a server presents says who answered, not who should have: compare it
with the owner's, by another way than the network.
)";

constexpr std::string_view kTrustTopic =
    R"(--trust MODE says what must hold before a byte of the stream is sent:

  pins         a --pin matches the key that the server proved to have. Names, dates
               and issuers don't count. What --pin alone means
  chain+pins   a certificate path to a trust anchor (--roots, else the system's)
               with dates, purpose and host name, and a --pin in that path
  chain        the path alone
  strict       only a key that is remembered in known_peers. What is meant where
               nothing is said and a key is remembered, as after `cotter join`
  accept-new   as strict, but the first key seen is remembered; a changed one is
               refused
  ask          as strict, but an unknown key is shown at the terminal, where a person
               says yes or pastes the owner's pin
  dane         a TLSA record of the name, validated by DNSSEC, matches: cotter help
               evidence

Where neither this nor --pin is said, the server's entry in the policy file counts
(--policy, else policy.toml in the state folder), else a remembered key; else the
server is refused (no_policy). A --pin replaces the pins of the entry in the state
folder's file, and nothing of what it denies.
--match issuer|any lets a pin be of a certificate above the server's own.

A server trusts clients in one way: a pin of the client's key is active on its
list (cotter client list). serve --client-ca FILE also admits whom that CA has
certified, unless the list says suspended or revoked.
)";

constexpr std::string_view kEvidenceTopic =
    R"(What a verdict may rest on besides pins and the certificates presented:

  --roots FILE         trust anchors, PEM; else the system's
  --crl FILE           a CRL, PEM or DER; may be repeated
  --ocsp-response FILE an OCSP response, DER; may be repeated
  --fetch-crl          fetch the CRLs that the certificates of the path name
  --fetch-ocsp         ask the OCSP responders that they name
  --fetch-private      let both reach addresses that are not public
                       Once one of these is said, each certificate below the trust
                       anchor needs a current CRL or answer of its own issuer, else:
                       revocation_unknown, stale_revocation. Any revocation refuses
  --revocation WHAT    chain: every certificate below the anchor [chain]
                       leaf: the server's own alone; off: nothing, must-staple
                       neither
  --purpose WHAT       server, or client: what verify --chain judges a file for

  --tlsa RECORD        a TLSA record, as in '3 1 1 23f4…' (usage, selector, matching
                       type, hex); may be repeated. In place of a look-up; means
                       --trust dane where no trust is said
  --resolver ADDR      where --trust dane asks, as in 192.0.2.1 or [2001:db8::1]:53;
                       else as /etc/resolv.conf says. DNSSEC is checked here
  --dnssec-anchor FILE DS or DNSKEY records to begin with; else the root zone's

  --key-log URL|DIR    the public log of the server's keys, read where its key is not
                       the remembered one: only a key that it has gets in, and is
                       remembered. Means --trust strict where no trust is said
  --key-log-key KEY    whose signature it must have, as `cotter log publish` says, or
                       a file with that

  --notary NOTARY      HOST:PORT,PIN of a notary that is asked which key it sees, at a
                       first contact under accept-new or ask; may be repeated
  --quorum N           how many of them must see the server's key [all]
  --notary-relay NOTARY the notary that questions go through, sealed

  --hash-hosts         servers remembered now stand in known_peers under hashed
                       names
  --bundle URL|DIR     signed policies: cotter help bundles

  --report TARGET      whom to tell of a server that is refused, or let in by
                       mode = "report" alone: file:PATH, syslog or https://…; may
                       be repeated. Never the server that failed
  --report-pin PIN     the collector's key; else its name and the system's anchors
)";

constexpr std::string_view kFormatsTopic =
    R"(What `cotter policy convert` reads and writes, and `cotter pin --format` writes:

  cotter       policy.toml
  hpkp         Public-Key-Pins header fields (RFC 7469)            needs --host
  android      Network Security Config, with TrustKit's elements
  trustkit     TSKConfiguration: a property list, or its JSON
  apple        NSPinnedDomains of an Info.plist
  curl         the argument of --pinnedpubkey                      needs --host
  okhttp       CertificatePinner's .add(…), or lines of PATTERN PIN
  tlsa         TLSA records (RFC 6698)
  envoy        a validation context, YAML or JSON                  needs --host
  chromium     the static pin list, JSON or .pins
  gnutls       known_hosts of gnutls_store_pubkey
  nats         pinned_certs                                        needs --host
  ghostunnel   --allow-spki-pin                                    needs --host
  stubby       tls_pubkey_pinset
  openvpn      peer-fingerprint                                    needs --host
  kubeadm      --discovery-token-ca-cert-hash                      needs --host

--host NAME[:PORT] says whose pins they are where the text doesn't; where it
does, only what covers that host is converted. What a format can't say is a
warning, and "lost" with --json; what would trust more in silence is refused. A
file is read whole or not at all: one bad pin refuses it, with its line.
)";

constexpr std::string_view kKeysTopic =
    R"(How keys change, and nobody is locked out (docs/rotation.md):

  cotter rotate prepare|status|commit|abort
                       the server's key: the next one is announced to clients, who
                       remember it beside the present one; commit switches once all
                       of them have. A --pin or a policy file is never added to: such
                       clients are named, with the line that they need
  cotter renew         a client's own key: its servers admit the next one, then drop
                       the former. Where the owner's cotter ca has certified it, its
                       certificate instead, once half of its life has passed:
    --cert, --key      whose files; else the state folder's
    --next-key         another key, too
    --if-due           nothing before half has passed, and exit code 0: for cron
  --no-renewal         serve: clients may not change their own keys; only the owner
                       does, by client add-key and drop-key
  --renew-certificates
                       serve: reads the authority's key, and renews the certificates
                       of clients who ask; whoever breaks into this server has that key
    --ca-folder DIR    where the authority is; else ca/ in the state folder
    --ca-passphrase-file FILE
                       opens its key, if that is encrypted
  --end-with-certificate
                       a client's certificate counts to its end and no longer, and
                       with it end its streams, also where its key is pinned
)";

constexpr std::string_view kAuditTopic =
    R"(What `cotter log` keeps: every change, and every refusal, each an entry.

  clients     add, suspend, restore, revoke, remove, add-key, drop-key, learn-key,
              invite, withdraw, join, approve, rules, disconnect
  refusals    refuse, refuse-join: one by one as long as they are few (sixty at once,
              six a minute, twenty of one network in ten minutes), then counted
  authority   ca-init, ca-issue, ca-revoke, ca-list
  server      server-key (it serves with another key than before), rotate-prepare,
              rotate-commit, rotate-abort
  log         prune

The entries form a Merkle tree (RFC 9162). A checkpoint is its head, signed with
audit.key; whoever has one, and the key, can later be shown that nothing before it
was changed, removed or put in between:

  owner$  cotter log checkpoint > monday.checkpoint     (and away with it)
  owner$  cotter log prove --since monday.checkpoint --out monday.proof
  other$  cotter log verify monday.checkpoint monday.proof --key KEY

`cotter log verify` alone reads the whole log and holds it against what this state
folder saw of it before. Exit code 3: it is not what it was.

Nothing is dropped but by `cotter log prune` (what is older than 400 days, unless
you say otherwise) and beyond a million entries (the oldest tenth). 32 octets of
each stay for good, so that every proof of the rest can be made.
)";

constexpr std::string_view kRulesTopic =
    R"(What bounds a client that is on the list (cotter client rules NAME …):

  --service NAME       a service of serve --config that it may use; may be repeated,
                       as may --from and --hours: any of them will do
  --from CIDR          a network that it may come from: 10.0.0.0/8, 2001:db8::/32
  --hours HOURS        when it may come: 'mon-fri 08:00-18:00 +01:00'. Days: mon, tue,
                       … sun, lists and ranges of them, or daily; the offset is from
                       UTC, which is meant where there is none
  --max-streams N      so many streams at once, on each server
  --rate N             octets a second, each way, for all of its streams on each
                       server: 64k, 1M (k is 1024)
  --clear              nothing any more
The rules given take the place of those that there were. Open streams are held to
them within a second, and end when the hours do. Whoever is refused by them is told
no more than a stranger; the server's log says why, and so does cotter status.
A service has the same in its table [service.rules] of serve --config.

For a server:
  --pending            strangers who are refused are put on a short list for a week:
                       cotter client pending, cotter client approve PIN NAME
  --client-name NAME   with --client-ca: which names in certificates count:
                       DNS:*.x.example, URI:…, EMAIL:…; may be repeated
  --registry-grace TIME
                       how long the last list serves while it can't be read
  --threads N          how many threads; 0: one a core
)";

constexpr std::string_view kOperationTopic =
    R"(What whoever runs serve or connect --listen may want to set and to see:

  --metrics [HOST:]PORT
                       answers http://HOST:PORT/metrics in Prometheus's text format
                       (docs/metrics.md says what each number is); without a HOST,
                       at 127.0.0.1; port 0 takes a free one
                         /livez   200 while every loop of the process turns
                         /readyz  200 while it accepts, and the list of clients is
                                  read; else 503 and why, as when it drains
                       Nobody is asked who he is, so no client, pin or address is
                       named there. Only GET and HEAD, and only where the Host is
                       the address of the listener, or this machine's own
  --unsafe-metrics     allow a HOST that others than this machine reach

  --drain-timeout TIME at SIGTERM, wait so long for open streams [5m]
  --max-connections N  at once; 0: as many as descriptors allow [0]
  --log-level LEVEL    debug, info, warning or error [info]

SIGHUP reads certificates, keys, CAs, CRLs and policy again. SIGTERM stops accepting,
waits for open streams and ends; a second one ends at once.

A look from the machine itself needs none of this: cotter status, cotter client show
NAME, cotter explain.
)";

constexpr std::string_view kBundlesTopic =
    R"(A bundle is a set of policies that its owner signs, dates and numbers (as The Update
Framework has it), so that a change reaches every client at once, and nobody between
can serve an old one, or keep the new one back for long.

  --bundle URL|DIR     where it is: http(s)://…, or a folder. Its policy counts in the
                       place of --policy
  --bundle-root FILE   root.json, which says whose signatures count: from the owner,
                       by a way that you trust. Needed the first time; then the state
                       folder keeps what was trusted, and follows changed keys
  --bundle-target NAME which of its policies [policy.toml]

Each connection asks for what is new; connect --listen also asks from time to time.
Refused: too few signatures, an older version than was seen, parts of different
versions, more octets than were signed. Then, or where nobody answers, the policy that
was found good before is used, to its end, and standard error says so. Once it is past
its end, servers are refused: policy_expired, exit code 3.

  owner$  cotter bundle init /srv/pins --keys keys
  owner$  cotter bundle publish /srv/pins policy.toml --keys keys
  owner$  cotter bundle publish /srv/pins --refresh --keys keys        (daily)
  client$ cotter connect HOST:PORT --bundle https://example.com/pins \
            --bundle-root root.json
)";

constexpr std::array kTopics{
    HelpTopic{"pins", kPinsTopic},       HelpTopic{"trust", kTrustTopic},         HelpTopic{"evidence", kEvidenceTopic},
    HelpTopic{"formats", kFormatsTopic}, HelpTopic{"rules", kRulesTopic},         HelpTopic{"keys", kKeysTopic},
    HelpTopic{"audit", kAuditTopic},     HelpTopic{"operation", kOperationTopic}, HelpTopic{"bundles", kBundlesTopic}};

}  // namespace

std::span<const HelpTopic> help_topics() {
    return kTopics;
}

std::optional<std::string_view> topic_text(std::string_view name) {
    for (const HelpTopic& topic : kTopics) {
        if (topic.name == name) return topic.text;
    }
    return std::nullopt;
}

std::string topic_names() {
    std::string names;
    for (const HelpTopic& topic : kTopics) names += (names.empty() ? "" : ", ") + std::string(topic.name);
    return names;
}

}  // namespace cotter::cli
