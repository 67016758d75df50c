libslugcore_a_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/change.c \
	%D%/claim.c %D%/claim.h \
	%D%/checkpoint.h \
	%D%/crc32c.c %D%/crc32c.h \
	%D%/journal.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/record.c %D%/record.h \
	%D%/record-parse.c \
	%D%/value.c %D%/value.h
