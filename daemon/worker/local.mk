libslugcore_a_SOURCES += \
	%D%/capabilities.c %D%/capabilities.h \
	%D%/forker.c %D%/forker.h \
	%D%/job.c %D%/job.h \
	%D%/lane.c %D%/lane.h \
	%D%/operation.c %D%/operation.h \
	%D%/packet.c %D%/packet.h \
	%D%/pages.c %D%/pages.h \
	%D%/pages-maps.c %D%/pages-maps.h \
	%D%/pages-plan.c %D%/pages-plan.h \
	%D%/pages-process.c %D%/pages-process.h \
	%D%/patience.c %D%/patience.h \
	%D%/pids.c %D%/pids.h \
	%D%/process.c %D%/process.h \
	%D%/serve.c %D%/serve.h \
	%D%/worker.c %D%/worker.h
