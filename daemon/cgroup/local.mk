libslugcore_a_SOURCES += \
	%D%/bus.h \
	%D%/group-read.c \
	%D%/group.c %D%/group.h \
	%D%/knob.c %D%/knob.h \
	%D%/name.c %D%/name.h \
	%D%/watch.h \
	%D%/writer.h
