libslugcore_a_SOURCES += \
	%D%/bus-message.c %D%/bus-message.h \
	%D%/bus.c %D%/bus.h \
	%D%/errand-check.c %D%/errand-check.h \
	%D%/errand.c %D%/errand.h \
	%D%/event-counts.c %D%/event-counts.h \
	%D%/events.c %D%/events.h \
	%D%/folder-watch.c %D%/folder-watch.h \
	%D%/group-read.c \
	%D%/group.c %D%/group.h \
	%D%/knob.c %D%/knob.h \
	%D%/name.c %D%/name.h \
	%D%/node-limit.c %D%/node-limit.h \
	%D%/pids.c %D%/pids.h \
	%D%/setting.c %D%/setting.h \
	%D%/watch.c %D%/watch.h \
	%D%/writer.c %D%/writer.h
