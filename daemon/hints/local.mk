libslugcore_a_SOURCES += \
	%D%/candidates.c %D%/candidates.h \
	%D%/explain.c \
	%D%/hints.c %D%/hints.h \
	%D%/machine.c %D%/machine.h \
	%D%/rank.c %D%/rank.h \
	%D%/ranking.c %D%/ranking.h \
	%D%/refusal.c %D%/refusal.h \
	%D%/request.c %D%/request.h \
	%D%/shares.c %D%/shares.h \
	%D%/static-hints.c \
	%D%/static-pod.c \
	%D%/static-policy.c %D%/static-policy.h \
	%D%/static-sets.c %D%/static-sets.h
