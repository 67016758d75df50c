# Units and the message catalog. The unit is made from its .in, because only make knows the final folders.
systemdsystemunit_DATA = %D%/slugd.service
dist_systemdcatalog_DATA = %D%/slug.catalog
EXTRA_DIST += %D%/slugd.service.in
CLEANFILES += %D%/slugd.service

%D%/slugd.service: systemd/slugd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) \
	  -e 's,[@]sbindir[@],$(sbindir),g' \
	  -e 's,[@]docdir[@],$(docdir),g' \
	  $(srcdir)/systemd/slugd.service.in > $@.tmp && mv $@.tmp $@
