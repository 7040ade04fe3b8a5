# One test program a room, from its *_test.cc files; the end-to-end tests in tests/.
# A sanitizer's build names its tests after it, so that one ctest over several builds tells them apart. Under the thread
# sanitizer only what has threads is built and run.
set(COTTER_TEST_PREFIX "")
set(COTTER_TESTED_ROOMS ${COTTER_ROOMS} cli)
if(COTTER_SANITIZE MATCHES "thread")
  set(COTTER_TEST_PREFIX "tsan.")
  set(COTTER_TESTED_ROOMS registry tls stream service)
elseif(COTTER_SANITIZE MATCHES "address")
  set(COTTER_TEST_PREFIX "asan.")
endif()

# What they do they do with each kind of store.
set(COTTER_ROOMS_WITH_A_STORE registry authority service)

find_package(GTest REQUIRED)
include(GoogleTest)

# A test is quick to compile and need not be quick to run. What the sanitizers look into besides memory is in the
# library; of what is instrumented a test has the most, and it shows nothing.
set(COTTER_TEST_OPTIONS -O0 -U_FORTIFY_SOURCE)
if(COTTER_SANITIZE MATCHES "address")
  list(APPEND COTTER_TEST_OPTIONS -fno-sanitize=fuzzer-no-link,undefined)
endif()

file(GLOB testing_sources CONFIGURE_DEPENDS src/*/testing/*.cc)
add_library(cotter_testing STATIC EXCLUDE_FROM_ALL ${testing_sources} cmake/empty.cc)
cotter_unity(cotter_testing)
target_include_directories(cotter_testing PUBLIC src)
target_link_libraries(cotter_testing PUBLIC libcotter cotter_options GTest::gtest GTest::gmock Boost::headers
                                            nlohmann_json::nlohmann_json SQLiteCpp PkgConfig::pq Threads::Threads)
target_compile_options(cotter_testing PRIVATE ${COTTER_TEST_OPTIONS})
cotter_precompile(cotter_testing <chrono> <functional> <memory> <optional> <string> <variant> <vector>
                                 <gmock/gmock.h> <gtest/gtest.h>)

foreach(room IN LISTS COTTER_TESTED_ROOMS)
  file(GLOB tests CONFIGURE_DEPENDS src/${room}/*_test.cc)
  if(tests)
    add_executable(${room}_test ${tests})
    cotter_unity(${room}_test)
    target_link_libraries(${room}_test PRIVATE cotter_testing GTest::gtest_main)
    target_precompile_headers(${room}_test REUSE_FROM cotter_testing)
    target_compile_options(${room}_test PRIVATE ${COTTER_TEST_OPTIONS} -fPIC)  # as the precompiled header has them
    if(COTTER_SANITIZE)
      # In one process a room: a sanitizer takes longer to start than most tests to run.
      add_test(NAME ${COTTER_TEST_PREFIX}${room}_test COMMAND ${room}_test "--gtest_filter=-*/Postgresql:Postgresql*")
      set_tests_properties(${COTTER_TEST_PREFIX}${room}_test PROPERTIES TIMEOUT 600 LABELS "unit;${room}")
    else()
      gtest_discover_tests(${room}_test DISCOVERY_TIMEOUT 60 TEST_FILTER "-*/Postgresql:Postgresql*"
                           PROPERTIES TIMEOUT 120 LABELS "unit;${room}")
    endif()
    # Those that ask a PostgreSQL server share one, which takes a second to make.
    if(room IN_LIST COTTER_ROOMS_WITH_A_STORE)
      add_test(NAME ${COTTER_TEST_PREFIX}${room}_postgresql COMMAND ${room}_test "--gtest_filter=*/Postgresql:Postgresql*")
      set_tests_properties(${COTTER_TEST_PREFIX}${room}_postgresql PROPERTIES TIMEOUT 300 LABELS "unit;${room}")
    endif()
  endif()
endforeach()

if(EXISTS ${CMAKE_SOURCE_DIR}/tests/CMakeLists.txt)
  add_subdirectory(tests)
endif()
# The release build alone: a guard is missed by any build, and instructions are counted as users run them.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT COTTER_SANITIZE)
  include(cmake/mutants.cmake)
  include(cmake/instructions.cmake)
endif()
