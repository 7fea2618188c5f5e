# cmake -DSOURCE=<tree> -DOUTPUT=<header> [-DCOMMIT=<text>] -P WriteCommit.cmake
# Writes a header that names the commit of a tree; a header that says it already is left alone.
# Without COMMIT git is asked; a tree that git does not know gives "unknown".
if(NOT COMMIT)
  execute_process(
    COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE COMMIT
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE failed)
  if(failed OR NOT COMMIT)
    set(COMMIT unknown)
  endif()
endif()
set(text "// Generated.\ninline constexpr char kCommit[] = \"${COMMIT}\";\n")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
