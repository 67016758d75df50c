libslugapi_a_SOURCES += \
	%D%/chunk.c \
	%D%/chunk.h \
	%D%/pod-amounts.c \
	%D%/pod-amounts.h \
	%D%/pod-check.c \
	%D%/pod-name.c \
	%D%/pod-name.h \
	%D%/pod-qos.c \
	%D%/pod-quantity.c \
	%D%/pod-quantity.h \
	%D%/pod-split.c \
	%D%/pod.c \
	%D%/pod.h \
	%D%/quote.c \
	%D%/quote.h \
	%D%/resolve.c \
	%D%/split.c \
	%D%/split.h
