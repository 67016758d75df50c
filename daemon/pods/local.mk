libslugcore_a_SOURCES += \
	%D%/names.c %D%/names.h
