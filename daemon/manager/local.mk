libslugcore_a_SOURCES += \
	%D%/announce.c %D%/announce.h \
	%D%/asked.c %D%/asked.h \
	%D%/chunks-announce.c %D%/chunks-announce.h \
	%D%/chunks-keeper.c %D%/chunks-keeper.h \
	%D%/crew.c %D%/crew.h \
	%D%/enforce-announce.c %D%/enforce-announce.h \
	%D%/enforce-backend.h \
	%D%/enforce-follow.c %D%/enforce-follow.h \
	%D%/enforce-hold.c \
	%D%/enforce-keeper.c %D%/enforce-keeper.h \
	%D%/enforce-migrate.c \
	%D%/enforce-node-limit.c \
	%D%/enforce-parts.h \
	%D%/enforce-probe.c \
	%D%/enforce-reclaim.c \
	%D%/enforce-sample.c %D%/enforce-sample.h \
	%D%/damos-pick.c %D%/damos-pick.h \
	%D%/damos-run.c %D%/damos-run.h \
	%D%/damos-writes.c %D%/damos-writes.h \
	%D%/enforce-damos.c \
	%D%/event-lines.c %D%/event-lines.h \
	%D%/imports.c %D%/imports.h \
	%D%/manager.c %D%/manager.h \
	%D%/node-limit-drive.c %D%/node-limit-drive.h \
	%D%/node-limit-owns.c %D%/node-limit-owns.h \
	%D%/node-limits-announce.c %D%/node-limits-announce.h \
	%D%/node-limits.c %D%/node-limits.h \
	%D%/parts.h \
	%D%/plan.c %D%/plan.h \
	%D%/pods-alarm.c %D%/pods-alarm.h \
	%D%/pods-announce.c %D%/pods-announce.h \
	%D%/pods-keeper.c %D%/pods-keeper.h \
	%D%/qos-alarm.c %D%/qos-alarm.h \
	%D%/qos-announce.c %D%/qos-announce.h \
	%D%/qos-apply.c %D%/qos-apply.h \
	%D%/qos-keeper.c %D%/qos-keeper.h \
	%D%/qos-record-file.c %D%/qos-record-file.h \
	%D%/record-file.c %D%/record-file.h \
	%D%/machine-settings.c %D%/machine-settings.h \
	%D%/machine-settings-parts.h %D%/machine-settings-show.c \
	%D%/qos-sight.c %D%/qos-sight.h \
	%D%/qos-withdraw.c %D%/qos-withdraw.h \
	%D%/qos-announce-events.c %D%/qos-announce-events.h \
	%D%/qos-events.c %D%/qos-events.h \
	%D%/roles.c %D%/roles.h \
	%D%/served.c %D%/served.h \
	%D%/settings.c %D%/settings.h \
	%D%/setup.c \
	%D%/setup-limits.c \
	%D%/sighting.c %D%/sighting.h \
	%D%/sockets.c %D%/sockets.h \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/store.c %D%/store.h \
	%D%/timer.c %D%/timer.h \
	%D%/view.c %D%/view.h \
	%D%/watch.c %D%/watch.h \
	%D%/withdraw.c
