// FirstContact: what a person is asked about a server of which nothing is remembered, and what an answer means. The
// terminal is cli/terminal.h.
#pragma once

#include "x509/certificate.h"

#include <cotter/host_name.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::service {

enum class Answer : std::uint8_t {
    kYes,
    kNo,        ///< or nothing at all
    kRightPin,  ///< a pin of this certificate, in any accepted spelling
    kOtherPin,
    kEchoed,   ///< something that the question itself shows: it says nothing of who the server is
    kUnclear,  ///< neither yes or no nor a pin
};

class FirstContact {
  public:
    /// `leaf`: of the certificate whose key the server has proved to hold.
    /// `said`: what others say of it, a sentence each, escaped.
    FirstContact(HostPort host, x509::Certificate leaf, const std::vector<std::string>& said = {});

    /// Some lines of at most 80 columns, the last without a newline. What the certificate says is escaped, cut, and
    /// told as what it is (INVARIANT A133); the pin is grouped, so that no pin can be pasted back from here.
    [[nodiscard]] const std::string& question() const { return question_; }

    [[nodiscard]] Answer understand(std::string_view line) const;

  private:
    [[nodiscard]] bool is_echo(std::string_view answer, const Pin& pin) const;

    x509::Certificate leaf_;
    std::string claims_;  ///< what the certificate says, without white space
    std::string question_;
};

}  // namespace cotter::service
