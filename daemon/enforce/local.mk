libslugcore_a_SOURCES += \
	%D%/decide.c \
	%D%/enforce.c %D%/enforce.h \
	%D%/mask.c %D%/mask.h \
	%D%/usage.c %D%/usage.h
