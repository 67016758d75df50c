libslugcore_a_SOURCES += \
	%D%/changes-message.c \
	%D%/conditions.c \
	%D%/config-message.c \
	%D%/describe.c \
	%D%/explain-message.c \
	%D%/history.c %D%/history.h \
	%D%/messages.h \
	%D%/metrics-page.c %D%/metrics-page.h \
	%D%/node-service.c %D%/node-service.h \
	%D%/numa-node.c \
	%D%/topology-message.c
