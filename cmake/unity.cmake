# Several files of a target are compiled at once: most of a compiler's time goes to the templates that they have in
# common. With COTTER_UNITY=OFF each is compiled alone, which is quicker while one file is being worked on, and what
# clang-tidy wants.
option(COTTER_UNITY "Compile several files at once" ON)

# Compiled alone all the same: files that give a name of their own to something for which a neighbour has it, too. A new
# file moves others into new company: what then collides joins this list.
set(COTTER_COMPILED_ALONE
    src/audit/examination_test.cc
    src/authority/authority_test.cc
    src/authority/handover.cc
    src/authority/handover_test.cc
    src/authority/issuance_test.cc
    src/authority/renewal_test.cc
    src/cli/completion_fish.cc
    src/der/dump.cc
    src/evidence/peer_line_test.cc
    src/evidence/peer_list_test.cc
    src/pin/slash_test.cc
    src/registry/name_rows.cc
    src/registry/registry_snapshots_test.cc
    src/registry/rotations.cc
    src/registry/sqlite_upkeep_test.cc
    src/service/ledger_test.cc
    src/stream/starttls_dialogue_test.cc
    src/tls/protocol_test.cc
    src/tls/session_test.cc
    src/trust/judge_policy_test.cc
    src/trust/judgement.cc
    src/trust/network_test.cc
    src/trust/pin_mistake_test.cc
    src/trust/policy_test.cc
    src/trust/policy_warnings_test.cc
    src/trust/strictness_test.cc
    src/x509/path_building_test.cc
    src/x509/path_ocsp_test.cc
    src/x509/path_property_test.cc)

# cotter_compile_alone(FILE...): paths below the project's folder.
function(cotter_compile_alone)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  set_source_files_properties(${files} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
# Every format calls its parts by the same names.
file(GLOB formats RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/formats/*.cc)
cotter_compile_alone(${COTTER_COMPILED_ALONE} ${formats})

function(cotter_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${COTTER_UNITY} UNITY_BUILD_BATCH_SIZE 16)
  if(COTTER_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It takes what a .cc file keeps to itself for a header's, where that file is not the one that is compiled.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()
