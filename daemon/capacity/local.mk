libslugcore_a_SOURCES += \
	%D%/capacity.c %D%/capacity.h \
	%D%/placement.c %D%/placement.h
