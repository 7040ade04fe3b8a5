# What the benchmarks' own programs make of figures; and the instruction check: bench/fixed_work under callgrind, held
# against bench/instructions.json. ./dev test installs valgrind; a build without it has no such test.
foreach(name IN ITEMS comparison side_by_side)
  add_test(NAME bench_${name} COMMAND ${PYTHON3} -B ${CMAKE_SOURCE_DIR}/bench/${name}_test.py)
  set_tests_properties(bench_${name} PROPERTIES LABELS bench TIMEOUT 60)
endforeach()

find_path(CALLGRIND_INCLUDE valgrind/callgrind.h)
if(NOT CALLGRIND_INCLUDE)
  message(STATUS "valgrind is not installed: instructions are not counted")
  return()
endif()
add_executable(fixed_work bench/fixed_work.cc)
target_include_directories(fixed_work PRIVATE src)
target_include_directories(fixed_work SYSTEM PRIVATE ${CALLGRIND_INCLUDE})
target_compile_definitions(fixed_work PRIVATE
                           COTTER_COMPILER="${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
target_link_libraries(fixed_work PRIVATE libcotter cotter_options Boost::headers)
add_test(NAME bench_check COMMAND ${PYTHON3} -B ${CMAKE_SOURCE_DIR}/bench/check $<TARGET_FILE:fixed_work>)
set_tests_properties(bench_check PROPERTIES LABELS bench TIMEOUT 300 SKIP_RETURN_CODE 77)
