libslugcore_a_SOURCES += \
	%D%/debounce.c %D%/debounce.h \
	%D%/monitor.c %D%/monitor.h
