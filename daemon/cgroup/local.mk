libslugcore_a_SOURCES += \
	%D%/bus.c %D%/bus.h \
	%D%/bus-message.c %D%/bus-message.h \
	%D%/event-counts.c %D%/event-counts.h \
	%D%/events.c %D%/events.h \
	%D%/group.c %D%/group.h \
	%D%/group-read.c \
	%D%/knob.c %D%/knob.h \
	%D%/name.c %D%/name.h \
	%D%/watch.h \
	%D%/writer.c %D%/writer.h
