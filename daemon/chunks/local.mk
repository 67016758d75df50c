libslugcore_a_SOURCES += \
	%D%/allocate.c \
	%D%/chunks.h \
	%D%/held.c %D%/held.h \
	%D%/list.c \
	%D%/look.c \
	%D%/problem.c \
	%D%/take-over.c %D%/take-over.h \
	%D%/topology.c %D%/topology.h
