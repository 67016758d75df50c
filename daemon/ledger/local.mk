libslugcore_a_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/change.c \
	%D%/checkpoint.h \
	%D%/claim.c %D%/claim.h \
	%D%/journal.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/record.h
