# The mutation check: for each row of tests/mutants/mutants.py a test program with one guard taken away, whose tests must
# fail. The mutated object stands in the place of the library's own, since it is linked before it.
set(mutants_script ${CMAKE_SOURCE_DIR}/tests/mutants/mutants.py)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${mutants_script})
execute_process(COMMAND ${PYTHON3} -B ${mutants_script} list OUTPUT_VARIABLE mutants OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
foreach(row IN LISTS mutants)
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 name)
  list(GET row 1 source)
  list(GET row 2 room)
  cotter_compile_alone(${source})
  set(mutated ${CMAKE_BINARY_DIR}/mutants/${name}.cc)
  add_custom_command(OUTPUT ${mutated}
                     COMMAND ${PYTHON3} -B ${mutants_script} make ${name} ${mutated}
                     DEPENDS ${mutants_script} ${CMAKE_SOURCE_DIR}/${source} VERBATIM)
  add_executable(mutant_${name} ${mutated} $<TARGET_OBJECTS:${room}_test>)
  set_target_properties(mutant_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/mutants)
  target_compile_options(mutant_${name} PRIVATE -O0 -Wno-unused-parameter -U_FORTIFY_SOURCE)
  target_link_libraries(mutant_${name} PRIVATE cotter_testing GTest::gtest_main Boost::headers
                                               nlohmann_json::nlohmann_json SQLiteCpp Threads::Threads)
  add_test(NAME mutant_${name} COMMAND ${PYTHON3} -B ${mutants_script} kill ${name} $<TARGET_FILE:mutant_${name}>)
  set_tests_properties(mutant_${name} PROPERTIES LABELS mutants TIMEOUT 300)
endforeach()
