# The manual: docs/man/*.scd, with synopses and options put in by docs/man/page.py out of what the built tool says of itself,
# then made into pages by scdoc. docs/manual.md says how.
find_program(SCDOC scdoc REQUIRED)
set(directory ${CMAKE_BINARY_DIR}/manual)
set(sources ${CMAKE_SOURCE_DIR}/docs/man)
file(MAKE_DIRECTORY ${directory})
set(commands ${directory}/commands.json)
add_custom_command(OUTPUT ${commands}
                   COMMAND sh -c "\"$0\" help --json > \"$1\"" $<TARGET_FILE:cotter> ${commands}
                   DEPENDS cotter VERBATIM)

file(GLOB pages RELATIVE ${sources} CONFIGURE_DEPENDS ${sources}/*.scd)
file(GLOB parts CONFIGURE_DEPENDS ${sources}/*.part)
set(made "")
foreach(page IN LISTS pages)
  string(REGEX REPLACE "\\.scd$" "" name ${page})
  string(REGEX MATCH "[0-9]$" section ${name})
  add_custom_command(OUTPUT ${directory}/${name}
                     COMMAND ${sources}/page.py ${commands} ${sources}/${page} ${directory}/${page}
                     COMMAND sh -c "\"$0\" < \"$1\" > \"$2\"" ${SCDOC} ${directory}/${page} ${directory}/${name}
                     DEPENDS ${commands} ${sources}/page.py ${sources}/${page} ${parts} VERBATIM)
  list(APPEND made ${directory}/${name})
  set(component tool)
  if(section EQUAL 3)
    set(component development)
  endif()
  install(FILES ${directory}/${name} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endforeach()
add_custom_target(manual ALL DEPENDS ${made})
