libslugcore_a_SOURCES += \
	%D%/bind.c %D%/bind.h \
	%D%/chunks.c %D%/chunks.h \
	%D%/config.c %D%/config.h \
	%D%/documents.c %D%/documents.h \
	%D%/enforce.c %D%/enforce.h \
	%D%/flags.c %D%/flags.h \
	%D%/kubelet.c %D%/kubelet.h \
	%D%/managers.c %D%/managers.h \
	%D%/merge.c %D%/merge.h \
	%D%/process.c %D%/process.h \
	%D%/qos.c %D%/qos.h \
	%D%/reserved.c %D%/reserved.h \
	%D%/roles.c %D%/roles.h \
	%D%/scalar.c %D%/scalar.h \
	%D%/settings.c %D%/settings.h \
	%D%/told.c %D%/told.h \
	%D%/yaml.c %D%/yaml.h

dist_man5_MANS = %D%/slugd.yaml.5
