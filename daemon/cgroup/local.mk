libslugcore_a_SOURCES += \
	%D%/bus-message.c %D%/bus-message.h \
	%D%/bus.c %D%/bus.h \
	%D%/group.h \
	%D%/knob.h \
	%D%/name.h \
	%D%/watch.h \
	%D%/writer.h
