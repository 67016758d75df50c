libslugcore_a_SOURCES += \
	%D%/level.h \
	%D%/plan.h \
	%D%/record.h \
	%D%/requests.h \
	%D%/step.h
