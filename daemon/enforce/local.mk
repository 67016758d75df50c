libslugcore_a_SOURCES += \
	%D%/budget.c %D%/budget.h \
	%D%/compete.c %D%/compete.h \
	%D%/control.c %D%/control.h \
	%D%/decide.c \
	%D%/demote.c \
	%D%/enforce.c %D%/enforce.h \
	%D%/growth.c \
	%D%/guard.c \
	%D%/interval.c \
	%D%/mask.c %D%/mask.h \
	%D%/notes.c \
	%D%/promote.c \
	%D%/restore.c \
	%D%/settings.c %D%/settings.h \
	%D%/settings-record.c \
	%D%/step.c \
	%D%/unseen.c \
	%D%/usage.c %D%/usage.h
