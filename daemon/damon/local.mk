libslugcore_a_SOURCES += \
	%D%/damon.h
