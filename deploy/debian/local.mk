# Debian's packages. The files are those of a debian/ folder, and become one in the copy of the tree that make deb builds in.
EXTRA_DIST += \
	%D%/build.sh %D%/changelog %D%/control %D%/copyright %D%/not-installed %D%/rules %D%/source/format \
	%D%/slugd.install %D%/slugd.postrm %D%/slugd.prerm \
	%D%/slug-plugins.install %D%/slug-plugins.postrm \
	%D%/slug-doc.install

deb: deb/stamp
# whatever goes into the tarball makes new packages
deb/stamp: $(DISTFILES)
	$(AM_V_at)$(srcdir)/deploy/debian/build.sh '$(MAKE)' $(distdir)
	$(AM_V_at)touch $@

# Errors and warnings are failures. No bug of Debian asks for these packages, because nobody uploads them there.
lintian: deb
	lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs deb/*.changes

mostlyclean-local: clean-deb
clean-deb:
	rm -rf deb
.PHONY: deb lintian clean-deb
