libslugcore_a_SOURCES += \
	%D%/damon.h \
	%D%/plan.c \
	%D%/probe.c \
	%D%/write.c
