# Units, what they need on the system (a group, folders), the message catalog, and an example of slugd.yaml. The service is made
# from its .in, because only make knows the final folders.
systemdsystemunit_DATA = %D%/slugd.service
dist_systemdsystemunit_DATA = %D%/slugd.socket
dist_systemdcatalog_DATA = %D%/slug.catalog
dist_sysusers_DATA = %D%/sysusers.d/slug.conf
dist_tmpfiles_DATA = %D%/tmpfiles.d/slug.conf
dist_doc_DATA += %D%/slugd.yaml.example
EXTRA_DIST += %D%/slugd.service.in
CLEANFILES += %D%/slugd.service

%D%/slugd.service: systemd/slugd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) \
	  -e 's,[@]sbindir[@],$(sbindir),g' \
	  -e 's,[@]docdir[@],$(docdir),g' \
	  $(srcdir)/systemd/slugd.service.in > $@.tmp && mv $@.tmp $@
