libslugcore_a_SOURCES += \
	%D%/growth.c %D%/growth.h \
	%D%/names.c %D%/names.h \
	%D%/tree.c %D%/tree.h \
	%D%/usage.c %D%/usage.h \
	%D%/walk.c %D%/walk.h
