dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl Probing flags one by one, into variables of our own: the user's CFLAGS and LDFLAGS are parked and put back. -Werror makes a
dnl flag that is only warned about count as refused. Lists go through the shell, not through m4, because flags carry commas.

dnl SLUG_PROBE_COMPILER(VARIABLE, FLAGS)
AC_DEFUN([SLUG_PROBE_COMPILER], [
  for slug_flag in m4_normalize([$2]); do
    AS_VAR_PUSHDEF([slug_cv], [slug_cv_cc_$slug_flag])
    AC_CACHE_CHECK([whether $CC takes $slug_flag], [slug_cv], [
      slug_saved_cflags=$CFLAGS
      CFLAGS="$CFLAGS -Werror $slug_flag"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([slug_cv], [yes])], [AS_VAR_SET([slug_cv], [no])])
      CFLAGS=$slug_saved_cflags
    ])
    AS_VAR_IF([slug_cv], [yes], [$1="$$1 $slug_flag"])
    AS_VAR_POPDEF([slug_cv])
  done
])

dnl SLUG_PROBE_LINKER(VARIABLE, FLAGS)
AC_DEFUN([SLUG_PROBE_LINKER], [
  for slug_flag in m4_normalize([$2]); do
    AS_VAR_PUSHDEF([slug_cv], [slug_cv_ld_$slug_flag])
    AC_CACHE_CHECK([whether the linker takes $slug_flag], [slug_cv], [
      slug_saved_cflags=$CFLAGS
      slug_saved_ldflags=$LDFLAGS
      CFLAGS="$CFLAGS -fPIE"
      LDFLAGS="$LDFLAGS -Werror $slug_flag"
      AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([slug_cv], [yes])], [AS_VAR_SET([slug_cv], [no])])
      CFLAGS=$slug_saved_cflags
      LDFLAGS=$slug_saved_ldflags
    ])
    AS_VAR_IF([slug_cv], [yes], [$1="$$1 $slug_flag"])
    AS_VAR_POPDEF([slug_cv])
  done
])
