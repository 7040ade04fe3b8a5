// cotter inspect: what is in a file, element by element, and what it means.
#include "cli/invocation.h"
#include "cli/report.h"
#include "der/dump.h"
#include "files/files.h"
#include "service/wall_clock.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/summary.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
    std::string source;
    bool hex = false;
    bool flat = false;
    bool show_private = false;
};

/// What is wrong with an object, for the end.
struct Fault {
    std::size_t position;
    der::DerError what;
};

/// The blocks of PEM, or all octets as one object: what is no DER is dumped as far as it goes.
Result<std::vector<x509::PemBlock>> objects_in(const ByteVector& content, const std::string& source) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(content.data())), content.size());
    const auto whole = der::read_single(content, der::Tag::kSequence);
    if (!whole && text.find(kBegin) != std::string_view::npos) return x509::pem_blocks(content, source);
    std::vector<x509::PemBlock> blocks;
    const auto first = der::Reader(content).next();
    blocks.emplace_back(std::string(first ? x509::label_of_der(*first) : ""), 0, content);
    return blocks;
}

std::string hex_lines(Bytes content, std::size_t indent) {
    constexpr std::size_t kPerLine = 16;
    std::string lines;
    for (std::size_t at = 0; at < content.size(); at += kPerLine) {
        lines += std::string(indent, ' ');
        for (const std::byte octet : content.subspan(at, std::min(kPerLine, content.size() - at)))
            lines += text::hex(Bytes(&octet, 1)) + " ";
        lines.back() = '\n';
    }
    return lines;
}

class Inspection {
  public:
    Inspection(const Invocation& invocation, const InspectOptions& options)
        : is_json_(invocation.json), options_(options), now_(service::wall_clock_now()) {}

    /// Elements are written as they are found, since a large file has more of them than should be held.
    std::vector<Fault> run(const std::vector<x509::PemBlock>& blocks) {
        if (is_json_) std::cout << R"({"source":)" << printed(options_.source) << R"(,"objects":[)";
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const x509::PemBlock& block = blocks[i];
            if (is_json_)
                std::cout << (i == 0 ? "" : ",") << R"({"label":)" << printed(block.label) << R"(,"elements":[)";
            if (!is_json_) begin_text(block, i);
            const auto fault = elements(block);
            if (fault) faults_.push_back({i, *fault});
            const auto summary = x509::summary_of(block, now_);
            if (is_json_) {
                std::cout << R"(],"fault":)" << printed(json_of(fault)) << R"(,"summary":)"
                          << printed(summary ? json_of(*summary) : Json()) << "}";
            } else if (summary) {
                print(*summary);
            }
        }
        return std::move(faults_);
    }

  private:
    static std::string printed(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

    static void begin_text(const x509::PemBlock& block, std::size_t position) {
        if (position > 0) std::cout << "\n";
        if (!block.label.empty())
            std::cout << text::escape(block.label, 60) << (block.line > 0 ? ", line " + std::to_string(block.line) : "")
                      << "\n";
        std::cout << " offset  head   length\n";
    }

    [[nodiscard]] bool hides(const x509::PemBlock& block) const {
        return !options_.show_private && (x509::is_private_key(block.label) || block.label == "PKCS12");
    }

    std::optional<der::DerError> elements(const x509::PemBlock& block) {
        const bool hides_values = hides(block);
        bool is_first = true;
        return der::dump(block.der, {x509::oid_name, !options_.flat, hides_values}, [&](const der::DumpRow& row) {
            const bool has_hex = options_.hex && !row.element.is_constructed() && !row.holds_der &&
                                 !(hides_values && der::is_hidden(row.element));
            if (is_json_) {
                std::cout << (is_first ? "" : ",") << printed(json_of(row, has_hex));
                is_first = false;
            } else {
                print(row, has_hex);
            }
        });
    }

    static std::size_t head_of(const der::Element& element) { return element.encoding.size() - element.content.size(); }

    static void print(const der::DumpRow& row, bool has_hex) {
        constexpr std::size_t kLeft = 26;
        const std::size_t indent = kLeft + std::size_t{2} * row.depth;
        std::ostringstream line;
        line << std::setw(7) << row.element.offset << std::setw(6) << head_of(row.element) << std::setw(9)
             << row.element.content.size() << "    " << std::string(std::size_t{2} * row.depth, ' ') << row.type;
        if (row.holds_der) line << ", holding";
        if (!row.value.empty()) line << "  " << row.value;
        if (row.fault) line << "  <- not DER: " << *row.fault;
        std::cout << line.str() << "\n";
        if (has_hex) std::cout << hex_lines(row.element.content, indent + 2);
    }

    static Json json_of(const der::DumpRow& row, bool has_hex) {
        Json json{{"offset", row.element.offset},
                  {"header", head_of(row.element)},
                  {"length", row.element.content.size()},
                  {"depth", row.depth},
                  {"type", row.type},
                  {"constructed", row.element.is_constructed()}};
        if (row.holds_der) json["holds_der"] = true;
        if (!row.value.empty()) json["value"] = row.value;
        if (has_hex) json["hex"] = text::hex(row.element.content);
        if (row.fault) json["fault"] = *row.fault;
        return json;
    }

    static Json json_of(const std::optional<der::DerError>& fault) {
        return fault ? Json{{"offset", fault->offset}, {"why", fault->why}} : Json();
    }

    static Json json_of(const x509::Summary& summary) {
        Json json{{"kind", summary.kind}};
        for (const auto& [name, value] : summary.facts) json[name] = value;
        if (!summary.names.empty()) json["san"] = summary.names;
        json["extensions"] = Json::array();
        for (const x509::ExtensionSummary& extension : summary.extensions) {
            json["extensions"].push_back({{"oid", extension.oid},
                                          {"name", extension.name},
                                          {"critical", extension.is_critical},
                                          {"values", extension.values}});
        }
        json["problems"] = summary.problems;
        return json;
    }

    static void print(const x509::Summary& summary) {
        constexpr int kNames = 21;
        const auto line = [](const std::string& name, const std::string& value) {
            std::cout << "  " << std::left << std::setw(kNames) << name << std::right << " " << value << "\n";
        };
        std::cout << "\n" << summary.kind << "\n";
        for (auto [name, value] : summary.facts) {
            std::ranges::replace(name, '_', ' ');
            line(name, value);
        }
        for (const std::string& name : summary.names) line("name", name);
        for (const x509::ExtensionSummary& extension : summary.extensions) {
            std::cout << "  " << (extension.name.empty() ? extension.oid : extension.name)
                      << (extension.is_critical ? ", critical" : "") << "\n";
            for (const std::string& value : extension.values) std::cout << "    " << value << "\n";
        }
        for (const std::string& problem : summary.problems) line("problem", problem);
    }

    bool is_json_;
    const InspectOptions& options_;
    x509::Time now_;
    std::vector<Fault> faults_;
};

/// What is wrong with the first object that is not DER.
std::optional<Error> error_of(const std::vector<Fault>& faults, const std::vector<x509::PemBlock>& blocks,
                              const InspectOptions& options) {
    if (faults.empty()) return std::nullopt;
    const Fault& first = faults.front();
    const std::string which = blocks.size() == 1 ? "it" : "object " + std::to_string(first.position);
    return Error{
        ErrorKind::kMalformedInput,
        "not_der",
        "reading " + text::escape(options.source, 300),
        which + " stops being DER at byte " + std::to_string(first.what.offset) + ": " + std::string(first.what.why),
        {},
        {}};
}

int run(const Invocation& invocation, const InspectOptions& options) {
    auto content = files::read(options.source);
    if (!content) return report(invocation, content.error());
    const auto blocks = objects_in(*content, options.source);
    OPENSSL_cleanse(content->data(), content->size());
    if (!blocks) return report(invocation, blocks.error());
    const std::vector<Fault> faults = Inspection(invocation, options).run(*blocks);
    const std::optional<Error> error = error_of(faults, *blocks, options);
    if (invocation.json) {
        std::cout << "]";
        if (error) {
            const Json told{{"code", error->code}, {"message", error->what + ": " + error->why}, {"hint", error->next}};
            std::cout << R"(,"error":)" << told.dump(-1, ' ', false, Json::error_handler_t::replace);
        }
        std::cout << "}" << std::endl;
        return error ? kMalformed : kDone;
    }
    std::cout.flush();
    return error ? report(invocation, *error) : kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* const command = app.add_subcommand("inspect", "Show what is in a file, element by element");
    command->footer(
        "Examples:\n"
        "  cotter inspect server.crt\n"
        "  cotter inspect --hex crl.der");
    command->add_option("FILE", options->source, "PEM, or any DER; - is standard input")->required();
    command->add_flag("--hex", options->hex, "Also every octet of each value");
    command->add_flag("--flat", options->flat, "Don't look into OCTET and BIT STRINGs that hold DER");
    command->add_flag("--show-private", options->show_private, "Also what makes a private key private");
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
