// What the commands of `cotter ca` say when they are done.
#include "cli/ca.h"
#include "cli/print.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/crl_memory.h"
#include "x509/openssl.h"

#include <openssl/x509v3.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string shown(const std::filesystem::path& path) {
    return text::escape(path.string());
}

std::string pin_of(const x509::Certificate& certificate) {
    return certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string();
}

std::string abbreviated_pin_of(const x509::Certificate& certificate) {
    return certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->abbreviated();
}

Json certificate_json(const x509::Certificate& certificate) {
    return {{"serial", certificate.serial_text()},
            {"not_before", text::rfc3339(certificate.not_before())},
            {"not_after", text::rfc3339(certificate.not_after())}};
}

Json path_or_null(const std::optional<std::filesystem::path>& path) {
    return path ? Json(path->string()) : Json();
}

std::string_view name_of(const registry::IssuedCertificate& issued) {
    return issued.client ? std::string_view(issued.client->text()) : "(intermediate)";
}

struct ListFacts {
    std::uint64_t number = 0;
    std::size_t revoked = 0;
};
ListFacts facts_of(const x509::CertificateRevocationList& list) {
    ListFacts facts;
    const std::unique_ptr<ASN1_INTEGER, x509::FreeBy<ASN1_INTEGER_free>> number(
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list.decoded(), NID_crl_number, nullptr, nullptr)));
    if (number) ASN1_INTEGER_get_uint64(&facts.number, number.get());
    const STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(list.decoded());
    facts.revoked = entries == nullptr ? 0 : static_cast<std::size_t>(sk_X509_REVOKED_num(entries));
    return facts;
}

}  // namespace

void print_authority(const Invocation& invocation, const authority::Folder& folder,
                     const std::vector<x509::Certificate>& chain, bool is_encrypted) {
    const x509::Certificate& root = chain.back();
    const bool has_intermediate = chain.size() > 1;
    if (invocation.json) {
        Json document{{"ca", folder.certificate_file().string()}, {"name", x509::common_name_of(root)}};
        document.update(certificate_json(root));
        document["pin"] = pin_of(root);
        document["encrypted"] = is_encrypted;
        document["intermediate"] = has_intermediate ? certificate_json(chain.front()) : Json();
        return print_document(document);
    }
    const std::string keys = is_encrypted ? "encrypted, readable by you alone" : "readable by you alone";
    std::cout << "the authority " << text::escape(x509::common_name_of(root)) << ", until "
              << text::rfc3339(root.not_after()) << ", in " << shown(folder.path()) << ":\n"
              << "  ca.crt            what servers trust: cotter serve --client-ca " << shown(folder.certificate_file())
              << "\n";
    if (folder.has_root_key()) std::cout << "  root.key          " << keys << "\n";
    if (has_intermediate) {
        std::cout << "  intermediate.key  " << keys << "; it certifies clients, until "
                  << text::rfc3339(chain.front().not_after()) << "\n";
        if (folder.has_root_key()) std::cout << "root.key is needed once a year: move it to where no network is\n";
    }
    std::cerr << "  next: cotter ca issue NAME --out DIR\n";
}

void print_certificates(const Invocation& invocation, const std::vector<registry::IssuedCertificate>& certificates,
                        x509::Time now) {
    if (invocation.json) {
        Json document{{"certificates", Json::array()}};
        for (const registry::IssuedCertificate& one : certificates) {
            Json row{{"name", one.client ? Json(one.client->text()) : Json()}};
            row.update(certificate_json(one.certificate));
            row["state"] = text_of(state_of(one, now));
            row["issued"] = text::rfc3339(one.issued);
            row["actor"] = text::escape_remaining(one.actor);
            row["revoked"] = one.revoked ? Json(text::rfc3339(*one.revoked)) : Json();
            row["reason"] = one.revoked ? Json(text_of(one.reason)) : Json();
            row["pin"] = pin_of(one.certificate);
            document["certificates"].push_back(std::move(row));
        }
        return print_document(document);
    }
    if (certificates.empty()) {
        std::cout << "no certificate was issued; cotter ca issue NAME makes the first\n";
        return;
    }
    std::size_t width = 4;
    for (const auto& one : certificates) width = std::max(width, name_of(one).size());
    std::cout << std::left << std::setw(static_cast<int>(width)) << "NAME"
              << "  STATE    UNTIL                 SERIAL\n";
    for (const auto& one : certificates) {
        std::cout << std::left << std::setw(static_cast<int>(width)) << name_of(one) << "  " << std::setw(7)
                  << text_of(state_of(one, now)) << "  " << text::rfc3339(one.certificate.not_after()) << "  "
                  << one.certificate.serial_text() << "\n";
    }
}

void print_handover(const Invocation& invocation, std::string_view word, const registry::ClientName& name,
                    const x509::Certificate& certificate, const authority::HandoverFiles& files,
                    const x509::Passphrase* passphrase) {
    const std::string words =
        passphrase == nullptr ? "" : std::string(passphrase->data(), static_cast<std::size_t>(passphrase->size()));
    if (invocation.json) {
        Json document{{std::string(word), name.text()}};
        document.update(certificate_json(certificate));
        document["pin"] = pin_of(certificate);
        document["key"] = path_or_null(files.key);
        document["certificate"] = files.certificate.string();
        document["ca"] = files.authority.string();
        document["pkcs12"] = path_or_null(files.pkcs12);
        document["passphrase"] = passphrase == nullptr ? Json() : Json(words);
        return print_document(document);
    }
    std::cout << word << " " << name.text() << " a certificate (" << abbreviated_pin_of(certificate) << "), until "
              << text::rfc3339(certificate.not_after()) << "\n";
    if (files.key) std::cout << "  " << shown(*files.key) << "  the private key\n";
    std::cout << "  " << shown(files.certificate) << "  its certificate\n"
              << "  " << shown(files.authority) << "  what servers trust\n";
    if (files.pkcs12) std::cout << "  " << shown(*files.pkcs12) << "  all three, for browsers and other programs\n";
    if (passphrase != nullptr)
        std::cout << "the passphrase of " << name.text() << ".p12, shown this once:\n  " << words << "\n";
}

void print_signed(const Invocation& invocation, std::string_view word, const registry::ClientName& name,
                  const x509::Certificate& certificate, const std::string& out, const std::string& pem) {
    if (invocation.json) {
        Json document{{std::string(word), name.text()}};
        document.update(certificate_json(certificate));
        document["pin"] = pin_of(certificate);
        document["out"] = out.empty() ? Json() : Json(out);
        if (out.empty()) document["certificate"] = pem;
        return print_document(document);
    }
    if (out.empty()) std::cout << pem << std::flush;
    (out.empty() ? std::cerr : std::cout)
        << word << " " << name.text() << " a certificate (" << abbreviated_pin_of(certificate) << "), until "
        << text::rfc3339(certificate.not_after()) << "\n";
}

void print_revocation(const Invocation& invocation, const std::string& word, const authority::Revocation& revocation,
                      const registry::Enforcement& enforcement) {
    if (invocation.json) {
        return print_document({{"done", "revoked"},
                               {"name", revocation.client ? Json(revocation.client->text()) : Json()},
                               {"certificates", revocation.certificates},
                               {"streams_closed", enforcement.streams_closed},
                               {"servers", enforcement.servers},
                               {"servers_applied", enforcement.servers_applied}});
    }
    std::cout << "revoked " << (revocation.client ? revocation.client->text() : text::escape(word, 100)) << ": "
              << count_text(revocation.certificates, "certificate") << ", closed "
              << count_text(enforcement.streams_closed, "stream") << " on " << count_text(enforcement.servers, "server")
              << "\n";
    std::cerr << "  next: cotter ca crl --out FILE, for servers of other makes\n";
}

void print_lists(const Invocation& invocation, const std::vector<x509::CertificateRevocationList>& lists,
                 const std::string& out, const std::string& pem) {
    const auto due_text = [](const x509::CertificateRevocationList& list) {
        const auto due = x509::next_update_of(list);
        return due ? text::rfc3339(*due) : std::string();
    };
    if (invocation.json) {
        Json document{{"lists", Json::array()}, {"out", out.empty() ? Json() : Json(out)}};
        for (const auto& list : lists) {
            const ListFacts facts = facts_of(list);
            document["lists"].push_back(
                {{"number", facts.number}, {"revoked", facts.revoked}, {"next_update", due_text(list)}});
        }
        if (out.empty()) document["crl"] = pem;
        return print_document(document);
    }
    if (out.empty()) std::cout << pem << std::flush;
    std::ostream& says = out.empty() ? std::cerr : std::cout;
    for (const auto& list : lists) {
        const ListFacts facts = facts_of(list);
        says << (&list == &lists.front() ? "the list" : "and the root's list") << " of "
             << count_text(facts.revoked, "revoked certificate") << ", number " << facts.number << ", the next due by "
             << due_text(list) << "\n";
    }
}

}  // namespace cotter::cli
