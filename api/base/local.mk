libslugapi_a_SOURCES += \
	%D%/arena.c %D%/arena.h \
	%D%/buffer.c %D%/buffer.h \
	%D%/bytes.c %D%/bytes.h \
	%D%/cleanup.h \
	%D%/clock.c %D%/clock.h \
	%D%/crc32c.c %D%/crc32c.h \
	%D%/error.c %D%/error.h \
	%D%/inotify.c %D%/inotify.h \
	%D%/log.c %D%/log.h \
	%D%/messages.h \
	%D%/nodeset.c %D%/nodeset.h \
	%D%/program.c %D%/program.h \
	%D%/quantity.c %D%/quantity.h \
	%D%/quoted.c %D%/quoted.h \
	%D%/replace.c %D%/replace.h \
	%D%/root.c %D%/root.h \
	%D%/scan.c %D%/scan.h \
	%D%/sealed.c %D%/sealed.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/whole.c %D%/whole.h
