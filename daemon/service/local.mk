libslugcore_a_SOURCES += \
	%D%/conditions.c \
	%D%/describe.c \
	%D%/messages.h \
	%D%/node-service.c %D%/node-service.h \
	%D%/numa-node.c \
	%D%/topology-message.c
