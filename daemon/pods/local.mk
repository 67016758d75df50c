libslugcore_a_SOURCES += \
	%D%/growth.c %D%/growth.h \
	%D%/names.c %D%/names.h
