libslugcore_a_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/before.c %D%/before.h \
	%D%/change.c \
	%D%/checkpoint.c %D%/checkpoint.h \
	%D%/checkpoint-plan.c \
	%D%/claim.c %D%/claim.h \
	%D%/filling.c %D%/filling.h \
	%D%/journal.c %D%/journal.h \
	%D%/journal-load.c \
	%D%/ledger.c %D%/ledger.h \
	%D%/lifecycle.c %D%/lifecycle.h \
	%D%/lifecycle-yield.c \
	%D%/record.c %D%/record.h \
	%D%/record-parse.c \
	%D%/rest.c %D%/rest.h
