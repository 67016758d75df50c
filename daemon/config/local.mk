libslugcore_a_SOURCES += \
	%D%/bind.c %D%/bind.h \
	%D%/config.c %D%/config.h \
	%D%/document.c %D%/document.h \
	%D%/kubelet.c %D%/kubelet.h \
	%D%/reserved.c %D%/reserved.h \
	%D%/scalar.c %D%/scalar.h \
	%D%/yaml.c %D%/yaml.h
