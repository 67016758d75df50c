libslugapi_a_SOURCES += \
	%D%/pod.h \
	%D%/split.h
