# SPDX-License-Identifier: Apache-2.0
# cmake -DIN=FILE -DOUT=FILE -DNAME=symbol -P embed.cmake: a file as a C source with an
# array that ends in NUL.
# An array, because a string literal may have no more than 4,095 characters.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)"
       "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {\n${bytes}0};\n")
