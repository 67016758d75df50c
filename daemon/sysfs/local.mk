libslugcore_a_SOURCES += \
	%D%/attr.c %D%/attr.h \
	%D%/block.c \
	%D%/cxl.c \
	%D%/dax.c \
	%D%/equal.c \
	%D%/gpu.c \
	%D%/host.c \
	%D%/node.c \
	%D%/read.h \
	%D%/rows.h \
	%D%/sysfs.c %D%/sysfs.h \
	%D%/tier.c
