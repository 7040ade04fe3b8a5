# What completes a call of cotter in bash, zsh and fish: written by the built tool itself, and installed where the shells look.
set(directory ${CMAKE_BINARY_DIR}/completion)
file(MAKE_DIRECTORY ${directory})
set(scripts "")
foreach(script IN ITEMS bash/cotter zsh/_cotter fish/cotter.fish)
  get_filename_component(shell ${script} DIRECTORY)
  file(MAKE_DIRECTORY ${directory}/${shell})
  add_custom_command(OUTPUT ${directory}/${script}
                     COMMAND sh -c "\"$0\" completion ${shell} > \"$1\"" $<TARGET_FILE:cotter> ${directory}/${script}
                     DEPENDS cotter VERBATIM)
  list(APPEND scripts ${directory}/${script})
endforeach()
add_custom_target(completion ALL DEPENDS ${scripts})

install(FILES ${directory}/bash/cotter DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tool)
install(FILES ${directory}/fish/cotter.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
        COMPONENT tool)
# zsh looks below /usr/local in site-functions; Debian's looks below /usr, where packages install, in a folder of theirs.
install(CODE "
  set(folder site-functions)
  if(CMAKE_INSTALL_PREFIX MATCHES \"/usr\$\" AND EXISTS /etc/debian_version)
    set(folder vendor-completions)
  endif()
  file(INSTALL \"${directory}/zsh/_cotter\"
       DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder}\")"
        COMPONENT tool)
