libslugcore_a_SOURCES += \
	%D%/worker.h
