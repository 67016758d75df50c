libslugapi_a_SOURCES += \
	%D%/pod.c \
	%D%/pod.h \
	%D%/split.h
