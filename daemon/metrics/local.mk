libslugcore_a_SOURCES += \
	%D%/calls.c %D%/calls.h \
	%D%/text.c %D%/text.h
