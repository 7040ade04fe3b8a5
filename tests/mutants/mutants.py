"""Mutation check: each row takes one guard away, and the named tests must go red for it.

A row that no longer finds its text, or finds it twice, fails the build: whoever moves a guard moves its row.
`list` names the rows for CMake; `make` writes a mutated source; `kill` runs a mutant's tests and passes only if they fail.
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# name: (source, test program, tests, exact text, what stands in its place)
MUTANTS = {
    "gate_without_verdict": (
        "src/tls/gate.cc", "tls", "Gate.*",
        "    if (!verdict.lets_pass()) return unexpected(std::move(verdict));\n    handshake.state_->verdict.reset();\n",
        "    handshake.state_->verdict.reset();\n"),
    "gate_before_the_end_of_the_handshake": (
        "src/tls/gate.cc", "tls", "Gate.A17*",
        "if (!state.is_finished || state.peer.presented.empty()", "if (state.peer.presented.empty()"),
    "gate_with_the_verdict_of_an_old_generation": (
        "src/tls/gate.cc", "tls", "Gate.*",
        "state.verdict_generation == state.judge->generation() &&\n", "\n"),
    "gate_that_trusts_a_resumed_session": (
        "src/tls/gate.cc", "tls", "Sessions.*",
        "if (!stands) state.judge_peer();",
        "if (SSL_session_reused(state.ssl.get()) == 1) state.verdict.emplace().outcome = trust::Outcome::kTrusted;\n"
        "    else if (!stands) state.judge_peer();"),
    "gate_without_extended_master_secret": (
        "src/tls/gate.cc", "tls", "Protocol.A46*",
        "SSL_get_extms_support(state.ssl.get()) != 1", "false"),
    "gate_for_those_who_only_look": (
        "src/tls/gate.cc", "tls", "Gate.*",
        "if (state.judge->only_looks()) {", "if (false) {"),
    "stream_over_a_connection_for_joining": (
        "src/tls/gate.cc", "tls", "Gate.A50*",
        "if (!is_for_stream && verdict.lets_pass()) {", "if (!is_for_stream && verdict.lets_pass() && false) {"),
    "control_over_a_connection_for_streams": (
        "src/tls/gate.cc", "tls", "Gate.A50*",
        "if (handshake.peer().application != Application::kControl && verdict.lets_pass()) {", "if (false) {"),
    "control_without_verdict": (
        "src/tls/gate.cc", "tls", "Gate.A07*",
        "    if (!verdict.lets_pass()) return unexpected(std::move(verdict));\n    return ControlChannel",
        "    return ControlChannel"),
    "join_over_a_connection_for_streams": (
        "src/tls/gate.cc", "tls", "Gate.A50*",
        "state.peer.application == Application::kJoin && state.is_finished &&", "state.is_finished &&"),
    "endless_records_without_data": (
        "src/tls/gate.cc", "tls", "PostHandshake.A51*",
        "return control_records > kFreeControlRecords + data_octets / kDataPerControlRecord;", "return false;"),
    "control_records_taken_as_many_as_came": (
        "src/tls/handshake.cc", "tls", "PostHandshake.A51*",
        "if (state.has_too_many_control_records()) state.wire->withdraw();", ""),
    "verify_callback_that_says_yes": (
        "src/tls/handshake.cc", "tls", "Gate.*",
        "return passes ? 1 : 0;", "return 1;"),
    "strangers_let_in_because_they_may_join": (
        "src/tls/handshake.cc", "tls", "Gate.A50*",
        "state.is_server && state.peer.application == Application::kJoin;", "state.is_server;"),
    "session_found_without_judging": (
        "src/tls/handshake.cc", "tls", "Sessions.A36*",
        "found == nullptr || !state.judge->judge(found->peer).lets_pass()", "found == nullptr"),
    "session_without_its_proof": (
        "src/tls/handshake.cc", "tls", "Sessions.*",
        "is_resumed ? *state.resumed_peer : state.peer;", "is_resumed ? state.peer : state.peer;"),
    "optional_client_certificate": (
        "src/tls/context.cc", "tls", "Protocol.*",
        "SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT", "SSL_VERIFY_PEER"),
    "tickets_unasked_for": (
        "src/tls/context.cc", "tls", "Sessions.A41*",
        "settings.resumption ? 1 : 0", "1"),
    "sessions_by_age_of_ticket": (
        "src/tls/sessions.cc", "tls", "SessionStore.*:Sessions.A37*",
        "return now - peer.authenticated_at < kMostSessionAge;",
        "static_cast<void>(now), static_cast<void>(peer);\n    return true;"),
    "issuer_that_is_no_authority": (
        "src/x509/path.cc", "x509", "Path.A03*:Path.A20*",
        "if (is_issuer && (!certificate.is_ca() || certificate.version() != 3)) says(X509_V_ERR_INVALID_CA);",
        "static_cast<void>(is_issuer);"),
    "purpose_as_openssl_takes_it": (
        "src/x509/path.cc", "x509", "PathBuilding.A29*",
        "if (!is_for_purpose(chain_[i].decoded)) says(X509_V_ERR_INVALID_PURPOSE);", ""),
    "only_the_first_way_tried": (
        "src/x509/path.cc", "x509", "PathBuilding.A95*:PathProperty.A79*",
        "constexpr std::size_t kMostAttempts = 8;", "constexpr std::size_t kMostAttempts = 1;"),
    "search_without_end": (
        "src/x509/path.cc", "x509", "PathBuilding.A162*",
        "constexpr std::size_t kMostAttempts = 8;", "constexpr std::size_t kMostAttempts = 1000;"),
    "wildcard_over_an_excluded_name": (
        "src/x509/path.cc", "x509", "NameConstraints.A93*",
        "return reaches_into_excluded(certificate, above.decoded);",
        "return reaches_into_excluded(certificate, above.decoded) && false;"),
    "wildcard_above_a_public_suffix": (
        "src/x509/name_match.cc", "x509", "NameMatch.A84*:Names.A84*",
        "!is_suffix(std::string(parent));", "(!is_suffix(std::string(parent)) || true);"),
    "name_of_any_type_taken_for_a_host": (
        "src/x509/name_match.cc", "x509", "NameMatch.A88*",
        "return name.type == SanType::kDns && covers(", "return covers("),
    "letters_that_pass_for_others": (
        "src/x509/certificate.cc", "x509", "NameMatch.A87*",
        'case SanType::kDns: return "DNS:" + escaped_ascii(value,', 'case SanType::kDns: return "DNS:" + text::escape(value,'),
    "empty_pinset_that_admits": (
        "src/trust/judge_server.cc", "trust", "*",
        "if (policy_.pins.empty()) {\n            judgement_.refuse(ReasonCode::kEmptyPinset,",
        "if (false) {\n            judgement_.refuse(ReasonCode::kEmptyPinset,"),
    "pin_of_what_was_merely_presented": (
        "src/trust/judge_server.cc", "trust", "*",
        "const auto& chain = verified.empty() ? evidence_.presented : verified;", "const auto& chain = evidence_.presented;"),
    "path_without_its_host_name": (
        "src/trust/judge_server.cc", "trust", "*",
        "!x509::names_host(evidence_.presented.front(), evidence_.host->host)", "false"),
    "pinned_leaf_as_its_own_issuer": (
        "src/trust/judge_server.cc", "trust", "*",
        "if (attempt.verdict().chain.size() > 1) return true;", "if (!attempt.verdict().chain.empty()) return true;"),
    "admission_without_possession": (
        "src/trust/judge_client.cc", "trust", "*",
        "if (evidence.possession != Possession::kProven) {", "if (false) {"),
    "registry_without_its_denials": (
        "src/registry/snapshot.cc", "registry", "*",
        "if (const auto denial = denial_of(by_key, leaf_pins, by_certificate)) {",
        "if (auto denial = denial_of(by_key, leaf_pins, by_certificate); denial.reset(), denial.has_value()) {"),
    "foreign_marks_that_refuse_nobody": (
        "src/evidence/peer_list.cc", "evidence", "PeerList.A128*",
        "if (const PeerLine* foreign = foreign_about(peer, nullptr, &leaf)) {",
        "if (const PeerLine* foreign = nullptr; foreign != nullptr) {"),
    "first_contact_over_a_known_key": (
        "src/evidence/peer_list.cc", "evidence", "KnownPeersTest.A127*:PeerList.A127*",
        "if (is_known && !additional) {", "if (is_known && !additional && false) {"),
    "revoked_keys_of_other_hosts": (
        "src/evidence/peer_list.cc", "evidence", "PeerList.ARevokedKey*",
        "if (is_its_key) return", "if (is_its_key && entry->name.in_clear() != nullptr) return"),
    "torn_line_taken_for_a_whole_one": (
        "src/evidence/peer_list.cc", "evidence", "PeerList.A130*",
        "if (end == std::string_view::npos) return bad(\"is torn: it has no end\");",
        "if (end == std::string_view::npos) break;"),
    "import_over_a_known_key": (
        "src/evidence/peer_list.cc", "evidence", "PeerList.Imports*",
        "if (is_the_same) return", "if (is_the_same && false) return"),
    "unknown_fields_passed_over": (
        "src/evidence/peer_line.cc", "evidence", "PeerLine.A132*",
        "if (!take_field(words.next(), sight, follows)) return std::nullopt;",
        "static_cast<void>(take_field(words.next(), sight, follows));"),
    "issuer_by_its_name_alone": (
        "src/trust/change.cc", "trust", "Change.A127*",
        "if (!old.issuer_key || issuer_key_of(presented, now) != old.issuer_key) return ChangeKind::kUnproven;", ""),
    "pins_pasted_back_from_the_question": (
        "src/service/first_contact.cc", "service", "FirstContact.A133*",
        "if (is_echo(answer, *pin)) return Answer::kEchoed;", ""),
    "certificate_text_that_fills_the_screen": (
        "src/service/first_contact.cc", "service", "FirstContact.A133*",
        "return text::escape_remaining(text, kMostClaimed);",
        "static_cast<void>(kMostClaimed);\n    return text;"),
    "key_log_that_shrinks": (
        "src/keylog/reading.cc", "keylog", "KeyLogTest.IsRefusedWhereItShrinks",
        "if (head.size < seen.size) {", "if (false) {"),
    "key_log_with_two_histories": (
        "src/keylog/reading.cc", "keylog", "KeyLogTest.IsRefusedWhereItsKeyHasSignedAnotherHistory",
        "if (seen && root_then != seen->head.root) {", "if (false) {"),
    "key_log_whose_entries_nobody_signed": (
        "src/keylog/reading.cc", "keylog", "KeyLogTest.IsRefusedWhereItIsNotWhatItsKeySigned",
        "if (tree.root() != head.root)", "if (false)"),
    "key_log_that_another_key_signs": (
        "src/keylog/reading.cc", "keylog", "KeyLogTest.IsRefusedWhereItIsNotWhatItsKeySigned",
        "if (!checkpoint->is_by(key))", "if (false)"),
    "key_log_for_another_key": (
        "src/trust/judge_server.cc", "trust", "JudgeContinuity.AKeyLogLetsIn*",
        "!log.key || !evidence_.presented.front().matches(*log.key)", "!log.key"),
    "key_log_that_leads_back": (
        "src/keylog/finding.cc", "keylog", "KeyLogTest.TheLastWordOnAKeyCounts*",
        "of_known->number > last->number;", "false;"),
    "first_contact_past_the_key_log": (
        "src/trust/judge_server.cc", "trust", "JudgeContinuity.AKeyLogLetsIn*",
        "policy_.trust != TrustMode::kAcceptNew || evidence_.key_log.state != KeyLogState::kNotGiven",
        "policy_.trust != TrustMode::kAcceptNew"),
    "first_contact_past_the_notaries": (
        "src/trust/judge_server.cc", "trust", "JudgeContinuity.A233*",
        "!is_vouched_for(evidence_.notaries, leaf, now_)", "false"),
    "silence_for_agreement": (
        "src/trust/notary_finding.cc", "trust", "NotaryFinding.A233*",
        "is_old(findings, now)) return NotaryOutcome::kSilent;", "is_old(findings, now)) return NotaryOutcome::kAgrees;"),
    "notary_answer_to_another_question": (
        "src/observatory/notary_message.cc", "observatory", "NotaryMessage.A233*",
        "if (answer->nonce != question.nonce)", "if (false)"),
    "notary_answer_signed_by_anybody": (
        "src/observatory/notary_message.cc", "observatory", "NotaryMessage.A233*",
        "return parsed && x509::matches(*parsed, pin);", "return parsed.has_value();"),
    "csv_with_formulas": (
        "src/observatory/table.cc", "observatory", "Table.A155*",
        "const bool is_formula = !text.empty() && kFormulas", "const bool is_formula = text.size() > 99 && kFormulas"),
    "threshold_by_key_ids": (
        "src/bundle/verification.cc", "bundle", "Threshold.A139*",
        "const std::size_t count = signers(root, role, canonical, signatures).size();",
        "std::size_t count = 0;\n    for (const Signature& one : signatures) "
        "count += signers(root, role, canonical, {one}).size();"),
    "root_signed_by_itself_alone": (
        "src/bundle/updater.cc", "bundle", "Updater.A139*",
        "if (auto signed_by_old = check_signatures(root->content, *next, name); !signed_by_old) return signed_by_old;", ""),
    "older_timestamp_taken": (
        "src/bundle/updater.cc", "bundle", "Updater.A134*",
        "if (fresh->content.version < known->content.version)", "if (false)"),
    "older_file_in_a_newer_snapshot": (
        "src/bundle/updater.cc", "bundle", "Updater.A134*",
        "if (version < description.version)", "if (false)"),
    "bundle_without_end": (
        "src/bundle/verification.cc", "bundle", "Updater.A135*",
        "if (now < file.expires) return {};", "static_cast<void>(now);\n    return {};"),
    "versions_bound_by_lost_keys": (
        "src/bundle/updater.cc", "bundle", "Updater.A137*",
        "            forget_what_lost_its_keys(root->content);\n", ""),
    "bundle_that_a_slower_process_rolls_back": (
        "src/bundle/trusted_state.cc", "bundle", "TrustedState.A134*",
        "if (!trusts_the_same(*present, before) && !trusts_the_same(*present, after)) return false;", ""),
    "policy_that_outlives_its_bundle": (
        "src/trust/judge_server.cc", "trust", "Judge.A135*",
        "return policy_.source_ends && now_ > *policy_.source_ends;", "return false;"),
    "truncation_taken_for_an_end": (
        "src/stream/relay.cc", "stream", "Relay.A177*",
        "return end(plain_lost_ ? EndReason::kPlainReset : EndReason::kTruncated);", "return end(EndReason::kDone);"),
}


def mutate(name):
    source, _, _, text, instead = MUTANTS[name]
    with open(os.path.join(ROOT, source), encoding="utf-8") as file:
        whole = file.read()
    if whole.count(text) != 1:
        sys.exit(f"mutant {name}: {source} has this {whole.count(text)} times, not once; move the row with the guard:\n{text}")
    return whole.replace(text, instead)


def kill(name, program):
    run = subprocess.run([program, f"--gtest_filter={MUTANTS[name][2]}", "--gtest_fail_fast"], capture_output=True,
                         text=True, timeout=300, check=False)
    failures = [line for line in run.stdout.splitlines() if line.startswith("[  FAILED  ]") and "ms)" in line]
    print("\n".join(failures))
    if run.returncode == 0 or not failures:
        sys.exit(f"mutant {name} lives: no test failed (exit code {run.returncode})\n{run.stdout[-2000:]}{run.stderr[-2000:]}")


def main():
    if sys.argv[1] == "list":
        print(";".join(f"{name}|{source}|{program}" for name, (source, program, *_) in MUTANTS.items()))
    elif sys.argv[1] == "make":
        made = mutate(sys.argv[2])
        with open(sys.argv[3], "w", encoding="utf-8") as file:
            file.write(made)
    elif sys.argv[1] == "kill":
        kill(sys.argv[2], sys.argv[3])


if __name__ == "__main__":
    main()
