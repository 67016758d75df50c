libslugcore_a_SOURCES += \
	%D%/changes.c %D%/changes.h \
	%D%/classify.c %D%/classify.h \
	%D%/performance.c \
	%D%/region.c \
	%D%/rules.c \
	%D%/topology.c %D%/topology.h \
	%D%/unused.c
