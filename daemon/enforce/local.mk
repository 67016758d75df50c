libslugcore_a_SOURCES += \
	%D%/enforce.c %D%/enforce.h \
	%D%/mask.h \
	%D%/usage.h
