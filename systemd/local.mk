# Units, what they need on the system (groups, users, folders), the message catalog, and an example of slugd.yaml. The services
# are made from their .in, because only make knows the final folders.
SLUG_SERVICES = %D%/slugd.service %D%/slug-kubelet.service %D%/slug-nri.service
systemdsystemunit_DATA = $(SLUG_SERVICES)
dist_systemdsystemunit_DATA = %D%/slugd.socket
dist_systemdcatalog_DATA = %D%/slug.catalog
dist_sysusers_DATA = %D%/sysusers.d/slug.conf
dist_tmpfiles_DATA = %D%/tmpfiles.d/slug.conf
dist_doc_DATA += %D%/slugd.yaml.example
EXTRA_DIST += $(SLUG_SERVICES:=.in)
CLEANFILES += $(SLUG_SERVICES)

MAKE_SERVICE = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) \
	  -e 's,[@]sbindir[@],$(sbindir),g' \
	  -e 's,[@]docdir[@],$(docdir),g' \
	  $(srcdir)/$@.in > $@.tmp && mv $@.tmp $@
%D%/slugd.service: systemd/slugd.service.in Makefile
	$(MAKE_SERVICE)
%D%/slug-kubelet.service: systemd/slug-kubelet.service.in Makefile
	$(MAKE_SERVICE)
%D%/slug-nri.service: systemd/slug-nri.service.in Makefile
	$(MAKE_SERVICE)
