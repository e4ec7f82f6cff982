# A new provider is one file and its name here.

providersdir = $(pkgdatadir)/providers
dist_providers_DATA = \
	%D%/unifize.conf
