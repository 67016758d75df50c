libslugapi_a_SOURCES += \
	%D%/pod.c \
	%D%/pod.h \
	%D%/quote.c \
	%D%/quote.h \
	%D%/resolve.c \
	%D%/split.c \
	%D%/split.h
