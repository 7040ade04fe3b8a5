// A client's certificate, renewed by the authority of the server's owner. Each step can be done again: what was issued
// and did not arrive is given once more, and files change by renaming.
#include "authority/acceptance.h"
#include "authority/handover.h"
#include "authority/renewal.h"
#include "cli/renew.h"
#include "cli/report.h"
#include "files/files.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

using identity::Identity;
using identity::KeyFiles;
using service::ControlRefusal;
using Json = nlohmann::ordered_json;

constexpr std::string_view kCotterName = "cotter:";

class Run {
  public:
    Run(const RenewalCall& call, const CertificateRenewal& renewal)
        : call_(call), files_(renewal.files), succession_(renewal.succession), renewal_(renewal) {}

    int run() {
        if (auto completed = succession_.complete(); !completed) return report(completed.error());
        const auto present = identity::load_identity(files_.key, files_.certificate);
        if (!present) return report(present.error());
        if (!succession_.is_begun() && succession_.has_previous()) return finish(*present);
        if (succession_.is_begun()) return change_key(*present);
        if (renewal_.only_if_due && !is_due(present->certificate())) return say_nothing_is_due(present->certificate());
        return renewal_.changes_key ? change_key(*present) : keep_key(*present);
    }

  private:
    int keep_key(const Identity& present) {
        const auto chain = certify(present, present.certificate().public_key(), [](const tls::ControlChannel&) {
            return Result<service::ControlRequest>(service::RenewCertificate{});
        });
        if (!chain) return chain.error();
        if (auto written = write(files_.certificate, *chain); !written) return report(written.error());
        return say(chain->front());
    }

    int change_key(const Identity& present) {
        const auto choice = call_.invocation().key_choice();
        if (!choice) return report(choice.error());
        const auto next = succession_.make(*choice, service::wall_clock_now());
        if (!next) return report(next.error());
        const x509::PublicKey& present_key = present.certificate().public_key();
        const auto chain =
            certify(present, next->identity.certificate().public_key(), [&](const tls::ControlChannel& channel) {
                auto proof = prove_next_key(next->identity, present_key, channel);
                if (!proof) return Result<service::ControlRequest>(unexpected(proof.error()));
                return Result<service::ControlRequest>(service::RenewCertificate{std::move(*proof)});
            });
        if (!chain) {
            // The server has kept nothing of what it refused.
            if (was_refused_ && next->made_now) {
                if (auto gone = succession_.discard_next(); !gone) return report(gone.error());
            }
            return chain.error();
        }
        const KeyFiles next_files{succession_.key_file(), succession_.certificate_file()};
        if (auto written = write(next_files.certificate, *chain); !written) return report(written.error());
        const Pin pin = next->identity.pin();
        if (const auto admitted = call_.must(renewal_.server, next_files, pin, ask_name); !admitted)
            return admitted.error();
        if (auto switched = succession_.switch_over(pin); !switched) return report(switched.error());
        const auto now = identity::load_identity(files_.key, files_.certificate);
        if (!now) return report(now.error());
        return finish(*now);
    }

    /// Has the former key dropped.
    int finish(const Identity& present) {
        const auto finished = call_.must(renewal_.server, files_, present.pin(), finish_renewal);
        if (!finished) return finished.error();
        if (auto gone = succession_.discard_previous(); !gone) return report(gone.error());
        return say(present.certificate());
    }

    /// The chain that the server gives for that key, which may follow the present one. The exit code is 0 where nothing
    /// is due, and that is all right.
    OrExit<std::vector<x509::Certificate>> certify(const Identity& present, const x509::PublicKey& key,
                                                   const service::MakeRequest& make_request) {
        const auto answered = call_.ask(renewal_.server, files_, present.pin(), make_request);
        if (!answered) return unexpected(answered.error());
        was_refused_ = answered->answer.refused.has_value();
        if (answered->answer.refused == ControlRefusal::kTooEarly && renewal_.only_if_due)
            return unexpected(say_nothing_is_due(present.certificate()));
        if (was_refused_) return unexpected(report(refusal(*answered)));
        const std::vector<x509::Certificate>& chain = answered->answer.certificates;
        const auto may_follow =
            authority::see_that_it_may_follow(present.certificate(), key, chain, service::wall_clock_now());
        if (!may_follow) return unexpected(report(may_follow.error()));
        return chain;
    }

    [[nodiscard]] Error refusal(const service::Controlled& answered) const {
        Error error = renewal_refusal(renewal_.server, answered);
        const bool is_about_certificates =
            answered.answer.refused == ControlRefusal::kForbidden && !renewal_.changes_key;
        if (is_about_certificates) {
            error.why = "the server renews no certificates (cotter serve --renew-certificates)";
            error.next = "have its owner do it (cotter ca renew)";
        }
        return error;
    }

    static Result<void> write(const std::filesystem::path& file, const std::vector<x509::Certificate>& chain) {
        return files::write_public(file, x509::as_bytes(authority::presented_pem(chain)), files::Replace::kExisting);
    }

    static x509::Time due_of(const x509::Certificate& certificate) {
        return authority::renewable_from(authority::issued_by_its_dates(certificate), certificate);
    }
    static bool is_due(const x509::Certificate& certificate) {
        return due_of(certificate) <= service::wall_clock_now();
    }

    [[nodiscard]] int report(const Error& error) const { return cli::report(call_.invocation(), error); }

    [[nodiscard]] Json document_of(const x509::Certificate& certificate, bool is_renewed) const {
        return {{"renewed", is_renewed},
                {"certificate", files_.certificate.string()},
                {"serial", certificate.serial_text()},
                {"not_after", text::rfc3339(certificate.not_after())},
                {"pin", certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string()},
                {"server", renewal_.server.to_string()},
                {"renewable_from", text::rfc3339(due_of(certificate))}};
    }

    [[nodiscard]] int say(const x509::Certificate& certificate) const {
        if (call_.invocation().json) {
            std::cout << document_of(certificate, true).dump() << std::endl;
        } else {
            std::cout << text::escape(files_.certificate.string()) << " is good until "
                      << text::rfc3339(certificate.not_after()) << " now\n";
        }
        return kDone;
    }

    [[nodiscard]] int say_nothing_is_due(const x509::Certificate& certificate) const {
        if (call_.invocation().json) {
            std::cout << document_of(certificate, false).dump() << std::endl;
        } else {
            std::cout << "nothing is due: " << text::escape(files_.certificate.string()) << " is good until "
                      << text::rfc3339(certificate.not_after()) << "\n";
        }
        return kDone;
    }

    const RenewalCall& call_;
    const KeyFiles& files_;
    const identity::Succession& succession_;
    const CertificateRenewal& renewal_;
    bool was_refused_ = false;
};

}  // namespace

bool is_issued_by_cotter(const x509::Certificate& certificate) {
    const auto& names = certificate.subject_alternative_names();
    return !certificate.is_self_issued() && std::ranges::any_of(names, [](const x509::SubjectAltName& name) {
        return name.type == x509::SanType::kUri && name.value.starts_with(kCotterName);
    });
}

int renew_certificate(const RenewalCall& call, const CertificateRenewal& renewal) {
    return Run(call, renewal).run();
}

}  // namespace cotter::cli
