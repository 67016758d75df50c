libslugcore_a_SOURCES += \
	%D%/level.c %D%/level.h \
	%D%/node-limit.c %D%/node-limit.h \
	%D%/order.c %D%/order.h \
	%D%/plan.c %D%/plan.h \
	%D%/plan-limits.c \
	%D%/plan-mask.c \
	%D%/plan-protect.c \
	%D%/plan-reserved.c \
	%D%/plan-rows.h \
	%D%/record.c %D%/record.h \
	%D%/requests.c %D%/requests.h \
	%D%/step-done.c \
	%D%/step.c %D%/step.h
