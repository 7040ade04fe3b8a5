# Warnings are errors; hardening in every build; sanitizers by COTTER_SANITIZE.
add_library(cotter_options INTERFACE)
target_compile_options(cotter_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wswitch-enum -Wimplicit-fallthrough -Werror
  -fstack-protector-strong
  # Of a name that two files have, neither knows that it is the other's, too.
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Boost.Asio's coroutines, std::variant, std::string and std::vector set these off inside the libraries with g++ 12
  # (https://gcc.gnu.org/PR105651 and its like). The address sanitizer's build looks for what they are after.
  target_compile_options(cotter_options INTERFACE -fstack-clash-protection -Wno-maybe-uninitialized -Wno-restrict
                         -Wno-array-bounds -Wno-free-nonheap-object -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(COTTER_SANITIZE)
  add_compile_options(-fsanitize=${COTTER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${COTTER_SANITIZE})
else()
  add_link_options(-Wl,-z,relro,-z,now -pie)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_definitions(cotter_options INTERFACE _FORTIFY_SOURCE=2)
  endif()
endif()
find_program(CCACHE ccache)
# Not on a machine that never saw the project: there it finds nothing, and takes a quarter more time.
if(CCACHE AND NOT DEFINED ENV{CI})
  # One checkout's objects serve another's: paths below the checkout don't count.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
