libslugcore_a_SOURCES += \
	%D%/evidence.c %D%/evidence.h \
	%D%/growth.c %D%/growth.h \
	%D%/inventory.c %D%/inventory.h \
	%D%/names.c %D%/names.h \
	%D%/numa-bytes.c %D%/numa-bytes.h \
	%D%/reconcile-blocks.c \
	%D%/reconcile-chunks.c \
	%D%/reconcile-fit.c \
	%D%/reconcile-flags.c \
	%D%/reconcile-identify.c \
	%D%/reconcile-judge.c \
	%D%/reconcile-look.c %D%/reconcile-look.h \
	%D%/reconcile-memory.c %D%/reconcile-memory.h \
	%D%/reconcile-observe.c \
	%D%/reconcile-resize.c \
	%D%/reconcile-unseen.c \
	%D%/reconcile.c %D%/reconcile.h \
	%D%/report-check.c %D%/report-check.h \
	%D%/report.c %D%/report.h \
	%D%/size-place.c \
	%D%/size.c %D%/size.h \
	%D%/tree.c %D%/tree.h \
	%D%/usage.c %D%/usage.h \
	%D%/walk.c %D%/walk.h \
	%D%/watch.c %D%/watch.h
