"""The cases that three judges are asked about, and what each says: one row a case.

A row names what cotter says (the reasons' codes in order; "" is trusted). The other two say the same unless the row names
them: `openssl` and `gnutls` are their verdicts where they differ from cotter's, `strict` that of `openssl verify
-x509_strict` where it differs from plain `openssl verify`. docs/agreement.md argues each difference.
"""

import calendar

from harness.handmade import (ANY_USAGE, CLIENT_AUTH, CRL_SIGN, DAY, DIGITAL_SIGNATURE, EMAIL, KEY_CERT_SIGN, KEY_ENCIPHERMENT, MD5,
                              NOW, SERVER_AUTH, SHA1, SHA384, Certificate, ForeignKey, RsaKey, address, alternative_names,
                              authority_key_identifier, basic_constraints, dns, extended_key_usage, extension, key_usage, name,
                              name_constraints, oid, revocation_list, sequence, subject_key_identifier, tlv)

TRUSTED, REFUSED = "trusted", "refused"
HOST = "db.example.org"
SERVER, CLIENT = "server", "client"


class Case:
    def __init__(self, title, chain, cotter="", *, host=HOST, roots=None, crls=(), purpose=SERVER, openssl=None, strict=None,
                 gnutls=None):
        self.title, self.chain, self.cotter, self.host, self.roots, self.crls = title, chain, cotter, host, roots, crls
        self.purpose = purpose
        verdict = REFUSED if cotter else TRUSTED
        self.openssl = openssl or verdict
        self.strict = strict or self.openssl
        self.gnutls = gnutls or verdict

    def differs(self):
        return len({REFUSED if self.cotter else TRUSTED, self.openssl, self.strict, self.gnutls}) > 1


class World:
    """Keys, made once, and the chain from which each case departs: root > middle > leaf."""

    def __init__(self):
        self.root_key, self.middle_key, self.other_key, self.leaf_key = (RsaKey() for _ in range(4))
        self.root = self.authority("root", self.root_key)
        self.middle = self.authority("middle", self.middle_key, self.root)
        self.other = self.authority("other", self.other_key)

    def authority(self, subject, key, issuer=None, *, constraints=basic_constraints(True),
                  usage=key_usage(KEY_CERT_SIGN, CRL_SIGN), identifier=True, more=(), **options):
        named = [authority_key_identifier(issuer.key)] if identifier and issuer else []
        named += [subject_key_identifier(key)] if identifier else []
        return Certificate(subject, key, issuer, self._list(constraints, usage, *named, *more), **options)

    def leaf(self, issuer=None, *names, subject=HOST, key=None, constraints=basic_constraints(False),
             usage=key_usage(DIGITAL_SIGNATURE, KEY_ENCIPHERMENT), extended=extended_key_usage(SERVER_AUTH), alternative=None,
             identifier=True, more=(), **options):
        """For HOST unless `names` says otherwise; of `middle` unless an issuer is given."""
        issuer = issuer or self.middle
        key = key or self.leaf_key
        names = alternative_names(*(names or [dns(HOST)])) if alternative is None else alternative
        named = [authority_key_identifier(issuer.key), subject_key_identifier(key)] if identifier else []
        return Certificate(subject, key, issuer, self._list(constraints, usage, extended, names, *named, *more), **options)

    @staticmethod
    def _list(*extensions):
        return [one for one in extensions if one]

    def chain(self, **options):
        return [self.leaf(**options), self.middle]

    def under(self, middle, *names, **options):
        """A leaf and its own authority of the middle's key."""
        return [self.leaf(middle, *names, **options), middle]


def _at(year, month, day, hour=0, minute=0, second=0):
    return calendar.timegm((year, month, day, hour, minute, second))


def paths(w):
    middle_of = lambda **options: w.authority("middle", w.middle_key, w.root, **options)  # noqa: E731
    lower = w.authority("lower", w.other_key, w.middle)
    alone = Certificate(HOST, w.leaf_key, None, [alternative_names(dns(HOST)), extended_key_usage(SERVER_AUTH)])
    alone_authority = w.authority(HOST, w.leaf_key, usage=key_usage(DIGITAL_SIGNATURE, KEY_CERT_SIGN),
                                  more=[alternative_names(dns(HOST)), extended_key_usage(SERVER_AUTH)])
    second_root = w.authority("root", w.other_key)
    expired_root = w.authority("old root", w.other_key, begin=NOW - 90 * DAY, end=NOW - DAY)
    cross = w.authority("root", w.root_key, expired_root)
    forged = w.authority("middle", w.middle_key, w.root, signer=w.other_key)
    plain_leaf_issuer = w.leaf(w.middle, dns("issuer.example.org"), subject="issuer")
    return [
        Case("leaf, middle, root", w.chain()),
        Case("the root is sent along", [*w.chain(), w.root]),
        Case("wrong order above the leaf", [w.leaf(lower), w.root, w.middle, lower]),
        Case("certificates that have nothing to do with it", [w.leaf(), w.other, second_root, w.middle, alone]),
        Case("the same certificate three times", [w.leaf(), w.middle, w.middle, w.leaf(), w.middle]),
        Case("the middle is missing", [w.leaf()], "chain_untrusted"),
        Case("another root", w.chain(), "chain_untrusted", roots=[w.other]),
        Case("self-signed", [alone], "chain_untrusted"),
        Case("the middle is the anchor", [w.leaf()], roots=[w.middle]),
        Case("a leaf as its own anchor", [alone], "chain_untrusted", roots=[alone], openssl=TRUSTED, gnutls=TRUSTED),
        Case("a leaf that another signed as its own anchor", [w.leaf()], "chain_untrusted", roots=[w.leaf()]),
        Case("an authority as its own server, as anchor", [alone_authority], roots=[alone_authority]),
        Case("two anchors of one name", w.chain(), roots=[second_root, w.root]),
        Case("two anchors of one name, the other way round", w.chain(), roots=[w.root, second_root]),
        Case("cross-signed by an expired root, the new one trusted", [*w.chain(), cross], roots=[expired_root, w.root]),
        Case("cross-signed by an expired root alone", [*w.chain(), cross], "expired", roots=[expired_root]),
        Case("two middles of one key, the expired one first",
             [w.leaf(), middle_of(begin=NOW - 90 * DAY, end=NOW - DAY), w.middle], gnutls=REFUSED),
        Case("two middles of one key, a stranger's first", [w.leaf(), w.authority("middle", w.middle_key, w.other), w.middle],
             openssl=REFUSED, gnutls=REFUSED),
        Case("a signature that another key made", [w.leaf(forged), forged], "chain_untrusted"),
        Case("the leaf's signature by another key", [w.leaf(signer=w.other_key), w.middle], "chain_untrusted"),
        Case("the issuer's name in other letters",
             [w.leaf(issuer_name=name("MIDDLE")), w.middle], gnutls=REFUSED),
        Case("the issuer's name as PrintableString", [w.leaf(issuer_name=name("middle", 0x13)), w.middle]),
        Case("the issuer's name with another word", [w.leaf(issuer_name=name("middling")), w.middle], "chain_untrusted"),
        Case("an authority key identifier of another key",
             [w.leaf(identifier=False, more=[authority_key_identifier(b"\1" * 20)]), w.middle], "chain_untrusted"),
        Case("no key identifiers at all",
             [w.leaf(unnamed := middle_of(identifier=False), identifier=False), unnamed], strict=REFUSED),
        Case("an ordinary leaf as issuer", [w.leaf(plain_leaf_issuer), plain_leaf_issuer, w.middle],
             "chain_untrusted"),
        Case("an issuer without basicConstraints", w.under(middle_of(constraints=None)), "chain_untrusted"),
        Case("an issuer with CA:false", w.under(middle_of(constraints=basic_constraints(False))), "chain_untrusted"),
        Case("an issuer whose CA:true is not critical", w.under(middle_of(constraints=basic_constraints(True, critical=False))),
             strict=REFUSED),
        Case("an issuer without keyCertSign", w.under(middle_of(usage=key_usage(CRL_SIGN))), "chain_untrusted"),
        Case("an issuer without keyUsage", w.under(middle_of(usage=None)), strict=REFUSED),
        Case("an issuer of version 1", w.under(Certificate("middle", w.middle_key, w.root, version=1)), "chain_untrusted"),
        Case("an anchor of version 1",
             [w.leaf(v1 := Certificate("v1", w.other_key, version=1))], "chain_untrusted", roots=[v1], openssl=TRUSTED,
             strict=REFUSED, gnutls=TRUSTED),
        Case("an anchor without CA:true",
             [w.leaf(plain := Certificate("plain", w.other_key, None, [subject_key_identifier(w.other_key)]))],
             "chain_untrusted", roots=[plain], gnutls=TRUSTED),
        Case("path length 0 kept", w.under(middle_of(constraints=basic_constraints(True, 0)))),
        Case("path length 0 exceeded",
             [w.leaf(under := w.authority("under", w.other_key, short := middle_of(constraints=basic_constraints(True, 0)))),
              under, short], "chain_untrusted"),
        Case("the anchor's path length exceeded",
             [w.leaf(below := w.authority("below", w.middle_key, short_root := w.authority(
                 "short", w.other_key, constraints=basic_constraints(True, 0)))), below], "chain_untrusted", roots=[short_root]),
        Case("a self-issued certificate between, under path length 0",
             [w.leaf(again := w.authority("middle", w.other_key, zero := middle_of(constraints=basic_constraints(True, 0)))),
              again, zero], gnutls=REFUSED),
        Case("a path length without CA:true",
             [w.leaf(constraints=extension("2.5.29.19", sequence(tlv(2, b"\0")), True)), w.middle], strict=REFUSED),
        Case("a leaf with CA:true", [w.leaf(constraints=basic_constraints(True)), w.middle]),
        Case("a leaf without basicConstraints", [w.leaf(constraints=None), w.middle]),
        Case("a leaf of version 1 for that name", [Certificate(HOST, w.leaf_key, w.middle, version=1), w.middle], "host_mismatch",
             openssl=TRUSTED, gnutls=TRUSTED),
    ]


def dates(w):
    old = {"begin": NOW - 90 * DAY, "end": NOW - DAY}
    early = {"begin": NOW + DAY, "end": NOW + 90 * DAY}
    old_root = w.authority("root", w.root_key, **old)
    return [
        Case("the leaf has expired", w.chain(**old), "expired"),
        Case("the middle has expired", w.under(w.authority("middle", w.middle_key, w.root, **old)), "expired"),
        Case("the anchor has expired", w.chain(), "expired", roots=[old_root]),
        Case("the leaf is not valid yet", w.chain(**early), "not_yet_valid"),
        Case("the middle is not valid yet", w.under(w.authority("middle", w.middle_key, w.root, **early)), "not_yet_valid"),
        Case("the anchor is not valid yet", w.chain(), "not_yet_valid", roots=[w.authority("root", w.root_key, **early)]),
        Case("ends before it begins", w.chain(begin=NOW + DAY, end=NOW - DAY), "expired not_yet_valid"),
        Case("no end: 99991231235959Z", w.chain(end=tlv(0x18, b"99991231235959Z"))),
        Case("UTCTime at the end of 2049", w.chain(end=_at(2049, 12, 31, 23, 59, 59))),
        Case("GeneralizedTime at the beginning of 2050", w.chain(end=_at(2050, 1, 1))),
        Case("UTCTime of 1950", w.chain(begin=tlv(0x17, b"500101000000Z"))),
        Case("GeneralizedTime before 2050", w.chain(end=tlv(0x18, b"20490101000000Z")), "malformed",
             openssl=TRUSTED, gnutls=TRUSTED),
        Case("UTCTime without seconds", w.chain(end=tlv(0x17, b"4901010000Z")), "malformed", gnutls=TRUSTED),
        Case("UTCTime with an offset", w.chain(end=tlv(0x17, b"490101000000+0100")), "malformed"),
        Case("GeneralizedTime with a fraction", w.chain(end=tlv(0x18, b"20500101000000.5Z")), "malformed"),
        Case("a day that does not exist", w.chain(end=tlv(0x17, b"490230000000Z")), "malformed", gnutls=TRUSTED),
    ]


def purposes(w):
    usage = lambda *purposes: w.chain(extended=extended_key_usage(*purposes))  # noqa: E731
    narrow = lambda *purposes: w.under(  # noqa: E731
        w.authority("middle", w.middle_key, w.root, more=[extended_key_usage(*purposes)]))
    for_clients, for_servers = narrow(CLIENT_AUTH)[1], narrow(SERVER_AUTH)[1]
    return [
        Case("no extended key usage", w.chain(extended=None)),
        Case("for servers and clients", usage(SERVER_AUTH, CLIENT_AUTH)),
        Case("for clients only", usage(CLIENT_AUTH), "wrong_purpose"),
        Case("for e-mail only", usage(EMAIL), "wrong_purpose"),
        Case("anyExtendedKeyUsage only", usage(ANY_USAGE), "wrong_purpose", gnutls=TRUSTED),
        Case("an extended key usage that nobody knows", usage("1.2.3.4"), "wrong_purpose"),
        Case("server-gated cryptography only", usage("2.16.840.1.113730.4.1"), "wrong_purpose", openssl=TRUSTED),
        Case("the middle is for servers", narrow(SERVER_AUTH)),
        Case("the middle is for clients", narrow(CLIENT_AUTH), "wrong_purpose"),
        Case("the middle is for anyExtendedKeyUsage", narrow(ANY_USAGE), "wrong_purpose"),
        Case("the anchor is for clients", w.chain(), "wrong_purpose",
             roots=[w.authority("root", w.root_key, more=[extended_key_usage(CLIENT_AUTH)])], gnutls=TRUSTED),
        Case("a leaf whose key usage is for signing certificates", w.chain(usage=key_usage(KEY_CERT_SIGN)), "wrong_purpose",
             gnutls=TRUSTED),
        Case("a leaf without key usage", w.chain(usage=None)),
        Case("a client, for clients only", usage(CLIENT_AUTH), purpose=CLIENT),
        Case("a client, for servers and clients", usage(SERVER_AUTH, CLIENT_AUTH), purpose=CLIENT),
        Case("a client, without extended key usage", w.chain(extended=None), purpose=CLIENT),
        Case("a client, for servers only", usage(SERVER_AUTH), "wrong_purpose", purpose=CLIENT),
        Case("a client, for e-mail only", usage(EMAIL), "wrong_purpose", purpose=CLIENT),
        Case("a client, anyExtendedKeyUsage only", usage(ANY_USAGE), "wrong_purpose", purpose=CLIENT, gnutls=TRUSTED),
        Case("a client, the middle is for clients", [w.leaf(for_clients, extended=extended_key_usage(CLIENT_AUTH)), for_clients],
             purpose=CLIENT),
        Case("a client, the middle is for servers", [w.leaf(for_servers, extended=extended_key_usage(CLIENT_AUTH)), for_servers],
             "wrong_purpose", purpose=CLIENT),
        Case("a client whose key usage is for encipherment",
             w.chain(extended=None, usage=key_usage(KEY_ENCIPHERMENT)), "wrong_purpose", purpose=CLIENT, gnutls=TRUSTED),
    ]


def encodings(w):
    twice = alternative_names(dns(HOST))
    return [
        Case("a critical extension that is not known", w.chain(more=[extension("1.2.3.4", tlv(5), True)]), "chain_untrusted"),
        Case("an extension that is not known", w.chain(more=[extension("1.2.3.4", tlv(5))])),
        Case("a critical extension that is not known, in the middle",
             w.under(w.authority("middle", w.middle_key, w.root, more=[extension("1.2.3.4", tlv(5), True)])), "chain_untrusted"),
        Case("an extension twice", w.chain(more=[twice]), "malformed"),
        Case("an unknown extension twice", w.chain(more=[extension("1.2.3.4", tlv(5))] * 2), "malformed", openssl=TRUSTED),
        Case("a negative serial number", w.chain(serial=-5), "malformed", openssl=TRUSTED, gnutls=TRUSTED),
        Case("the serial number zero", w.chain(serial=0), "malformed", openssl=TRUSTED, gnutls=TRUSTED),
        Case("a serial number of 20 octets", w.chain(serial=2 ** 158 + 1)),
        Case("a serial number of 21 octets", w.chain(serial=2 ** 160 + 1), "malformed", openssl=TRUSTED,
             gnutls=TRUSTED),
        Case("inner and outer algorithm differ", w.chain(claimed_digest=SHA384), "malformed"),
        Case("version 2 with extensions", w.chain(version=2), "malformed", openssl=TRUSTED, strict=REFUSED),
        Case("version 5", w.chain(version=5), "malformed", openssl=TRUSTED, gnutls=TRUSTED),
        Case("an empty subject, the name critical",
             w.chain(subject=None, alternative=alternative_names(dns(HOST), critical=True))),
        Case("an empty subject, the name not critical", w.chain(subject=None), strict=REFUSED),
        Case("an empty issuer", [w.leaf(nobody := w.authority(None, w.other_key)), nobody], roots=[nobody], strict=REFUSED,
             gnutls=REFUSED),
    ]


def keys_and_signatures(w):
    weak = RsaKey(1024)
    p192 = ForeignKey("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-192", "-pkeyopt", "ec_param_enc:named_curve")
    p224 = ForeignKey("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-224", "-pkeyopt", "ec_param_enc:named_curve")
    p256 = ForeignKey("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve")
    explicit = ForeignKey("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit")
    edwards = ForeignKey("-algorithm", "ED25519")
    signing = key_usage(DIGITAL_SIGNATURE)
    weak_middle = w.authority("weak", weak, w.root)
    weak_root = w.authority("weak root", weak)
    return [
        Case("RSA with SHA-384", w.chain(digest=SHA384)),
        Case("the leaf signed with SHA-1", w.chain(digest=SHA1), "weak_signature"),
        Case("the leaf signed with MD5", w.chain(digest=MD5), "weak_signature"),
        Case("the middle signed with SHA-1", w.under(w.authority("middle", w.middle_key, w.root, digest=SHA1)), "weak_signature"),
        Case("the anchor signed with SHA-1 by itself", w.chain(), roots=[w.authority("root", w.root_key, digest=SHA1)]),
        Case("the anchor signed with MD5 by itself", w.chain(), roots=[w.authority("root", w.root_key, digest=MD5)]),
        Case("a leaf of RSA 1024", w.chain(key=weak), "weak_key"),
        Case("a middle of RSA 1024", [w.leaf(weak_middle), weak_middle], "chain_untrusted weak_key"),
        Case("an anchor of RSA 1024", [w.leaf(weak_root)], "weak_key", roots=[weak_root]),
        Case("a leaf of P-256", w.chain(key=p256, usage=signing)),
        Case("a leaf of P-192", w.chain(key=p192, usage=signing), "weak_key"),
        Case("a leaf of P-224", w.chain(key=p224, usage=signing), "weak_key", openssl=TRUSTED, gnutls=TRUSTED),
        Case("a leaf with explicit EC parameters", w.chain(key=explicit, usage=signing), "malformed"),
        Case("a leaf of Ed25519", w.chain(key=edwards, usage=signing)),
    ]


def names(w):
    def row(title, in_certificate, host=HOST, cotter="", **verdicts):
        return Case(title, [w.leaf(w.middle, *in_certificate, subject="server"), w.middle], cotter, host=host, **verdicts)

    mismatch = "host_mismatch"
    return [
        row("another host", [dns("mail.example.org")], cotter=mismatch),
        Case("only the common name", [w.leaf(alternative=b""), w.middle], mismatch, openssl=TRUSTED, gnutls=TRUSTED),
        Case("the common name beside an e-mail address",
             [w.leaf(alternative=alternative_names(tlv(0x81, b"a@example.net"))), w.middle], mismatch, openssl=TRUSTED,
             gnutls=TRUSTED),
        Case("the common name beside another host", [w.leaf(w.middle, dns("mail.example.org")), w.middle], mismatch),
        row("a wildcard for one label", [dns("*.example.org")]),
        row("a wildcard for two labels", [dns("*.example.org")], "a.b.example.org", mismatch),
        row("a wildcard for no label", [dns("*.example.org")], "example.org", mismatch),
        row("part of a label as wildcard", [dns("d*.example.org")], cotter=mismatch, openssl=TRUSTED),
        row("a wildcard in an A-label", [dns("xn--*.example.org")], "xn--bcher-kva.example.org", mismatch),
        row("a wildcard for an A-label", [dns("*.example.org")], "xn--bcher-kva.example.org"),
        row("a wildcard that is not leftmost", [dns("db.*.org")], cotter=mismatch),
        row("two wildcards", [dns("*.*.org")], cotter=mismatch),
        row("a wildcard alone", [dns("*")], "localhost", mismatch),
        row("a wildcard above a top-level domain", [dns("*.org")], "example.org", mismatch),
        row("a wildcard above a public suffix", [dns("*.co.uk")], "example.co.uk", mismatch, openssl=TRUSTED,
            gnutls=TRUSTED),
        row("a trailing dot asked for", [dns(HOST)], HOST + ".", openssl=REFUSED, gnutls=REFUSED),
        row("a trailing dot in the certificate", [dns(HOST + ".")], cotter=mismatch),
        row("upper case in the certificate", [dns("DB.Example.ORG")]),
        row("upper case asked for", [dns(HOST)], "DB.Example.ORG"),
        row("an underscore", [dns("_db.example.org")], "_db.example.org"),
        row("an A-label asked for as U-label", [dns("xn--bcher-kva.example.org")], "bücher.example.org",
            openssl=REFUSED),
        row("a U-label in the certificate", [dns("bücher.example.org")], "bücher.example.org", mismatch, openssl=TRUSTED),
        row("a look-alike of another alphabet", [dns("xn--pypal-4ve.org")], "paypal.org", mismatch),
        row("an embedded NUL", [dns(b"db.example.org\0.evil.example")], cotter="malformed"),
        row("a dot at the beginning of the name", [dns(".example.org")], cotter=mismatch),
        row("an address", [address(192, 0, 2, 1)], "192.0.2.1"),
        row("another address", [address(192, 0, 2, 1)], "192.0.2.2", mismatch),
        row("an address as dNSName", [dns("192.0.2.1")], "192.0.2.1", mismatch),
        row("an address under a wildcard", [dns("*.0.2.1")], "192.0.2.1", mismatch),
        Case("an address as common name", [w.leaf(alternative=b"", subject="192.0.2.1"), w.middle], mismatch, host="192.0.2.1"),
        row("an IPv6 address", [address(*bytes.fromhex("20010db8000000000000000000000001"))], "2001:DB8:0::1"),
        row("an IPv4 address mapped to IPv6", [address(*bytes.fromhex("00000000000000000000ffffc0000201"))], "192.0.2.1", mismatch),
        row("an address of five octets", [address(192, 0, 2, 1, 9), dns(HOST)], cotter="malformed", openssl=TRUSTED,
            gnutls=TRUSTED),
        row("a URI of that host", [tlv(0x86, b"https://db.example.org")], cotter=mismatch),
        row("the second of two names", [dns("mail.example.org"), dns(HOST)]),
        row("two names in one", [dns("mail.example.org, DNS:db.example.org")], cotter=mismatch),
    ]


def constraints(w):
    def row(title, constraint, *in_certificate, host=HOST, cotter="", **verdicts):
        return Case(title, w.under(w.authority("middle", w.middle_key, w.root, more=[constraint]), *in_certificate,
                                   subject="server"), cotter, host=host, **verdicts)

    refused = "chain_untrusted"
    example = dns("example.org")
    net = address(192, 0, 2, 0, 255, 255, 255, 0)
    here = address(192, 0, 2, 7)
    return [
        row("inside a permitted domain", name_constraints([example])),
        row("inside a permitted domain, in other letters", name_constraints([dns("EXAMPLE.org")])),
        row("outside the permitted domain", name_constraints([dns("example.net")]), cotter=refused),
        row("a permitted domain that ends alike", name_constraints([dns("ample.org")]), cotter=refused),
        row("inside an excluded domain", name_constraints(excluded=[example]), cotter=refused),
        row("inside an excluded domain, in other letters", name_constraints(excluded=[dns("EXAMPLE.ORG")]), cotter=refused),
        row("permitted, and excluded below", name_constraints([example], [dns("db.example.org")]), cotter=refused),
        row("one of two names outside", name_constraints([example]), dns(HOST), dns("db.example.net"), cotter=refused),
        row("a wildcard inside", name_constraints([example]), dns("*.example.org")),
        row("a wildcard of which one name is excluded", name_constraints(excluded=[dns("db.example.org")]),
            dns("*.example.org"), cotter=refused, openssl=TRUSTED, gnutls=TRUSTED),
        row("a wildcard of which only one name is permitted", name_constraints([dns("db.example.org")]),
            dns("*.example.org"), cotter=refused),
        row("an address inside", name_constraints([net]), here, host="192.0.2.7"),
        row("an address outside", name_constraints([net]), address(192, 0, 3, 7), host="192.0.3.7", cotter=refused),
        row("an address excluded", name_constraints(excluded=[net]), here, host="192.0.2.7", cotter=refused),
        row("an address where only names are constrained", name_constraints([example]), here, host="192.0.2.7",
            gnutls=REFUSED),
        row("constraints that are not critical", name_constraints([dns("example.net")], critical=False), cotter=refused),
        row("a type of name that is not known, constrained and present",
            name_constraints([tlv(0x88, oid("1.2.3")[2:])]), dns(HOST), tlv(0x88, oid("1.2.3")[2:]), cotter=refused),
        row("a type of name that is not known, constrained and absent", name_constraints([tlv(0x88, oid("1.2.3")[2:])]),
            gnutls=REFUSED),
        Case("the anchor's own constraints", w.chain(), refused,
             roots=[w.authority("root", w.root_key, more=[name_constraints([dns("example.net")])])]),
    ]


def revocation(w):
    clean, root_clean = revocation_list(w.middle), revocation_list(w.root)
    leaf = w.leaf()
    chain = [leaf, w.middle]
    revoked = revocation_list(w.middle, leaf)
    past = {"begin": NOW - 60 * DAY, "end": NOW - 30 * DAY}
    no_sign = w.authority("middle", w.middle_key, w.root, usage=key_usage(KEY_CERT_SIGN))
    row = lambda title, crls, cotter="", **verdicts: Case(title, chain, cotter, crls=crls, **verdicts)  # noqa: E731
    return [
        row("both lists clean", [clean, root_clean]),
        row("the leaf is revoked", [revoked, root_clean], "revoked"),
        row("the middle is revoked", [clean, revocation_list(w.root, w.middle)], "revoked"),
        row("the leaf's list is missing", [root_clean], "revocation_unknown", gnutls=TRUSTED),
        row("the middle's list is missing", [clean], "revocation_unknown", gnutls=TRUSTED),
        row("the leaf's list is out of date", [revocation_list(w.middle, **past), root_clean], "stale_revocation", gnutls=TRUSTED),
        row("the leaf's list has not begun", [revocation_list(w.middle, begin=NOW + DAY), root_clean], "stale_revocation",
            gnutls=TRUSTED),
        row("a list that another signed", [revocation_list(w.middle, signer=w.other_key), root_clean], "revocation_unknown",
            gnutls=TRUSTED),
        row("a forged list that revokes, beside a clean one", [revocation_list(w.middle, leaf, signer=w.other_key), clean,
                                                               root_clean], openssl=REFUSED),
        row("a list of another issuer", [revocation_list(w.other), root_clean], "revocation_unknown", gnutls=TRUSTED),
        row("an old list that revokes, a new one that doesn't",
            [revocation_list(w.middle, leaf, begin=NOW - 20 * DAY), clean, root_clean]),
        row("a new list that revokes, an old one that doesn't",
            [revocation_list(w.middle, begin=NOW - 20 * DAY), revoked, root_clean], "revoked"),
        row("a list with a critical extension that is not known",
            [revocation_list(w.middle, extensions=[extension("1.2.3.4", tlv(5), True)]), root_clean],
            "revocation_unknown", gnutls=TRUSTED),
        Case("a list of an issuer that may not sign lists", w.under(no_sign), "revocation_unknown",
             crls=[clean, root_clean], gnutls=TRUSTED),
    ]


def all_cases(world):
    parts = (paths, dates, purposes, encodings, keys_and_signatures, names, constraints, revocation)
    return [case for part in parts for case in part(world)]
