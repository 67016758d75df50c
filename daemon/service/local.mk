libslugcore_a_SOURCES += \
	%D%/allocated.c \
	%D%/answer.c %D%/answer.h \
	%D%/cgroup-answer.c \
	%D%/cgroup-change.c %D%/cgroup-change.h \
	%D%/cgroup-events-message.c \
	%D%/cgroup-handlers.h \
	%D%/cgroup-history.c %D%/cgroup-history.h \
	%D%/cgroup-metrics.c %D%/cgroup-metrics.h \
	%D%/cgroup-read.c \
	%D%/cgroup-resources.c %D%/cgroup-resources.h \
	%D%/cgroup-service.c %D%/cgroup-service.h \
	%D%/cgroup-target.c %D%/cgroup-target.h \
	%D%/cgroups-message.c \
	%D%/changes-message.c \
	%D%/chunk-message.c \
	%D%/chunk-messages.h \
	%D%/chunk-metrics.c %D%/chunk-metrics.h \
	%D%/chunk-service.c %D%/chunk-service.h \
	%D%/chunks-view.c %D%/chunks-view.h \
	%D%/claim-message.c \
	%D%/condition.h \
	%D%/conditions.c \
	%D%/conditions-chunks.c \
	%D%/conditions-enforce.c \
	%D%/conditions-kubelet.c \
	%D%/config-message.c \
	%D%/describe.c \
	%D%/durable.c %D%/durable.h \
	%D%/enforce-admit.c \
	%D%/enforce-given.c %D%/enforce-given.h \
	%D%/enforce-handlers.h \
	%D%/enforce-list.c \
	%D%/enforce-message.c \
	%D%/enforce-messages.h \
	%D%/enforce-metrics.c %D%/enforce-metrics.h \
	%D%/enforce-service.c %D%/enforce-service.h \
	%D%/enforce-view.c %D%/enforce-view.h \
	%D%/explain-message.c \
	%D%/finder.h \
	%D%/findings.c %D%/findings.h \
	%D%/findings-chunks.c \
	%D%/findings-enforce.c \
	%D%/findings-kernel.c \
	%D%/findings-kubelet.c \
	%D%/findings-limits.c \
	%D%/findings-message.c \
	%D%/hints-message.c \
	%D%/history.c %D%/history.h \
	%D%/kubelet-allocatable.c %D%/kubelet-allocatable.h \
	%D%/level-usage.c %D%/level-usage.h \
	%D%/limits.c %D%/limits.h \
	%D%/memory-claims.c \
	%D%/memory-handlers.h \
	%D%/memory-hints.c \
	%D%/memory-messages.h \
	%D%/memory-service.c %D%/memory-service.h \
	%D%/memory-simulate.c \
	%D%/memory-state.c \
	%D%/messages.h \
	%D%/metrics-page.c %D%/metrics-page.h \
	%D%/node-limits-view.h \
	%D%/node-service.c %D%/node-service.h \
	%D%/numa-node.c \
	%D%/plan-message.c \
	%D%/plan-text.c %D%/plan-text.h \
	%D%/pod-list.c \
	%D%/pod-message.c \
	%D%/pod-messages.h \
	%D%/pod-notes.c \
	%D%/pod-report.c \
	%D%/pod-service.c %D%/pod-service.h \
	%D%/pod-size.c \
	%D%/pod-usage.c \
	%D%/pods-metrics.c %D%/pods-metrics.h \
	%D%/pods-view.c %D%/pods-view.h \
	%D%/qos-messages.h \
	%D%/qos-metrics.c %D%/qos-metrics.h \
	%D%/qos-view.h \
	%D%/split-events-message.c \
	%D%/split-history.c %D%/split-history.h \
	%D%/topology-message.c \
	%D%/withdraw.c \
	%D%/withdraw-text.c %D%/withdraw-text.h
