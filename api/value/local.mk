libslugapi_a_SOURCES += %D%/value.c %D%/value.h
