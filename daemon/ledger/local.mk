libslugcore_a_SOURCES += \
	%D%/checkpoint.h \
	%D%/journal.h \
	%D%/ledger.h \
	%D%/record.h
