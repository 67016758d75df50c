libslugcore_a_SOURCES += \
	%D%/announce.c %D%/announce.h \
	%D%/manager.c %D%/manager.h \
	%D%/settings.c %D%/settings.h \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/view.c %D%/view.h
