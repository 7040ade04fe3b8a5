# Headers that many files pull in and that rarely change are compiled once a target. A file names what it uses all the
# same: with CMAKE_DISABLE_PRECOMPILE_HEADERS=ON everything builds, too.
function(cotter_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  # So that ccache can tell whether an object is of this header: it has no use for the date.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()
