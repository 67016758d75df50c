libslugapi_a_SOURCES += \
	%D%/manifest.c %D%/manifest.h \
	%D%/manifest-pods.c %D%/manifest-pods.h \
	%D%/pod-spec.c %D%/pod-spec.h
