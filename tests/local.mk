# A new C test is tests/KIND/test_NAME.c and its name in the list of its kind;
# a new shell test is its name in source_tests, elf_tests or e2e_tests.

unit_tests = \
	%D%/unit/test_appload \
	%D%/unit/test_base64 \
	%D%/unit/test_busaddr \
	%D%/unit/test_clean \
	%D%/unit/test_conf \
	%D%/unit/test_conf_find \
	%D%/unit/test_confedit \
	%D%/unit/test_confine \
	%D%/unit/test_confine_keeper \
	%D%/unit/test_expand \
	%D%/unit/test_fdio \
	%D%/unit/test_git_request \
	%D%/unit/test_jchar \
	%D%/unit/test_jput \
	%D%/unit/test_jscan \
	%D%/unit/test_jscan_read \
	%D%/unit/test_lines \
	%D%/unit/test_lockfile \
	%D%/unit/test_lockfile_note \
	%D%/unit/test_login \
	%D%/unit/test_note \
	%D%/unit/test_num \
	%D%/unit/test_opts \
	%D%/unit/test_paths \
	%D%/unit/test_place \
	%D%/unit/test_place_match \
	%D%/unit/test_place_vectors \
	%D%/unit/test_profile \
	%D%/unit/test_profile_check \
	%D%/unit/test_profile_parse \
	%D%/unit/test_rc \
	%D%/unit/test_safebuf \
	%D%/unit/test_say \
	%D%/unit/test_span \
	%D%/unit/test_spawn \
	%D%/unit/test_spawn_alone \
	%D%/unit/test_stamp \
	%D%/unit/test_token \
	%D%/unit/test_token_life \
	%D%/unit/test_trustfile \
	%D%/unit/test_trustfile_replace \
	%D%/unit/test_wire \
	%D%/unit/test_wire_answer

contract_tests = \
	%D%/contract/test_cache \
	%D%/contract/test_keyring \
	%D%/contract/test_keyring_down \
	%D%/contract/test_keyring_token \
	%D%/contract/test_logins \
	%D%/contract/test_logins_down \
	%D%/contract/test_logins_peer

front_tests = \
	%D%/front/test_docker \
	%D%/front/test_docker_logins \
	%D%/front/test_docker_store \
	%D%/front/test_front \
	%D%/front/test_front_drop \
	%D%/front/test_git \
	%D%/front/test_git_erase \
	%D%/front/test_git_logins \
	%D%/front/test_keep

keeper_tests = \
	%D%/keeper/test_answer \
	%D%/keeper/test_exchange \
	%D%/keeper/test_exchange_time \
	%D%/keeper/test_history \
	%D%/keeper/test_http \
	%D%/keeper/test_http_reach \
	%D%/keeper/test_jwt \
	%D%/keeper/test_pem \
	%D%/keeper/test_request \
	%D%/keeper/test_sign \
	%D%/keeper/test_value

# Of the source, and of the installed programs.
source_tests = \
	%D%/structure/layers.sh \
	%D%/structure/lists.sh
elf_tests = \
	%D%/structure/elf.sh \
	%D%/structure/needed.sh
e2e_tests = \
	%D%/e2e/add.sh \
	%D%/e2e/command.sh \
	%D%/e2e/concurrency.sh \
	%D%/e2e/configuration.sh \
	%D%/e2e/docker.sh \
	%D%/e2e/docker_store.sh \
	%D%/e2e/git.sh \
	%D%/e2e/git_client.sh \
	%D%/e2e/git_failures.sh \
	%D%/e2e/hygiene.sh \
	%D%/e2e/import.sh \
	%D%/e2e/jwt.sh \
	%D%/e2e/jwt_answers.sh \
	%D%/e2e/keep.sh \
	%D%/e2e/keyring.sh \
	%D%/e2e/podman.sh \
	%D%/e2e/prompt.sh \
	%D%/e2e/registry.sh \
	%D%/e2e/transport.sh \
	%D%/e2e/trixie.sh \
	%D%/e2e/wiring.sh

EXTRA_DIST += \
	%D%/bench/bench.sh \
	%D%/e2e/lib.sh \
	%D%/e2e/lib_keyring.sh \
	%D%/structure/strip.awk \
	%D%/structure/tap.sh \
	%D%/support/lint.sh \
	%D%/support/subtree.sh \
	%D%/support/with-keyring.sh

# Programs without a _SOURCES line are built from the file of their name, and
# linked with LDADD. The pieces of the keeper bring their libraries along only
# when a test calls them.
AM_CPPFLAGS += $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests

# What several tests share, and what is linked into programs only.
check_LIBRARIES = libtestsupport.a libtested.a
libtestsupport_a_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
libtestsupport_a_SOURCES = \
	%D%/support/app.h \
	%D%/support/confine_case.h \
	%D%/support/fake_front.h \
	%D%/support/fake_http.h \
	%D%/support/helper_case.h \
	%D%/support/http_case.h \
	%D%/support/kept_logins.h \
	%D%/support/keyring_case.h \
	%D%/support/logins_case.h \
	%D%/support/private.h \
	%D%/support/spawn_case.h \
	%D%/support/testkey.h \
	%D%/support/rawserver.c %D%/support/rawserver.h \
	%D%/support/rawserver_cert.c
libtested_a_SOURCES = \
	helpers/docker.c helpers/docker_list.c \
	helpers/git.c helpers/git_request.c \
	src/cli/confedit.c src/cli/jsonedit.c src/cli/opts.c

LDADD = libtested.a libtestsupport.a libfront.a libkeeper.a libcache.a $(base_libs) $(CMOCKA_LIBS) \
	$(LIBSECRET_LIBS) $(GNUTLS_LIBS) $(LIBCURL_LIBS) $(JSON_C_LIBS) \
	$(LIBSYSTEMD_LIBS)

if TESTS_POSSIBLE
check_PROGRAMS += $(unit_tests) $(contract_tests) $(front_tests) \
	$(keeper_tests) %D%/support/connectproxy %D%/support/prompter \
	%D%/support/tokend
endif
dist_check_SCRIPTS += $(source_tests) $(elf_tests) $(e2e_tests)

%C%_support_connectproxy_LDADD = libcore.a

%C%_support_tokend_CPPFLAGS = $(AM_CPPFLAGS) $(LIBMICROHTTPD_CFLAGS) \
	$(GNUTLS_CFLAGS) $(JSON_C_CFLAGS)
%C%_support_tokend_SOURCES = \
	%D%/support/tokend.c %D%/support/tokend.h \
	%D%/support/tokend_cert.c \
	%D%/support/tokend_control.c \
	%D%/support/tokend_fault.c \
	%D%/support/tokend_git.c \
	%D%/support/tokend_jwt.c \
	%D%/support/tokend_registry.c \
	%D%/support/tokend_route.c \
	%D%/support/tokend_server.c \
	%D%/support/tokend_store.c \
	%D%/support/tokend_text.c
%C%_support_tokend_LDADD = $(base_libs) $(LIBMICROHTTPD_LIBS) $(GNUTLS_LIBS) \
	$(JSON_C_LIBS)

%C%_support_prompter_CPPFLAGS = $(AM_CPPFLAGS) $(LIBSECRET_CFLAGS) \
	$(GNUTLS_CFLAGS)
%C%_support_prompter_SOURCES = %D%/support/prompter.c
%C%_support_prompter_LDADD = $(LIBSECRET_LIBS) $(GNUTLS_LIBS)

# quick_tests is for `make distcheck TESTS='$(quick_tests)'`.
quick_tests = $(unit_tests) $(contract_tests) $(front_tests) $(keeper_tests) \
	$(source_tests) $(elf_tests)
TESTS =
if TESTS_POSSIBLE
TESTS += $(quick_tests) $(e2e_tests)
endif
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER_FLAGS = --comments
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_DRIVER_FLAGS = $(LOG_DRIVER_FLAGS)

# Nothing of the person's session, proxies or certificates reaches a test.
AM_TESTS_ENVIRONMENT = \
	LC_ALL=C.UTF-8; TZ=UTC; G_DEBUG=fatal-warnings; \
	export LC_ALL TZ G_DEBUG; \
	unset APPTOKEN_CONFIG CURL_CA_BUNDLE DBUS_SESSION_BUS_ADDRESS \
		DISPLAY DOCKER_CONFIG GIT_SSL_CAINFO GNOME_KEYRING_CONTROL \
		SSLKEYLOGFILE SSL_CERT_DIR SSL_CERT_FILE WAYLAND_DISPLAY \
		ALL_PROXY HTTPS_PROXY HTTP_PROXY NO_PROXY all_proxy \
		http_proxy https_proxy no_proxy; \
	APPTOKEN_PREFIX='$(abs_builddir)/e2e-root/usr'; \
	APPTOKEN_CC='$(CC)'; READELF='$(READELF)'; \
	APPTOKEN_LIBSYSTEMD='$(with_libsystemd)'; \
	APPTOKEN_HARDENING='$(enable_hardening)'; \
	APPTOKEN_FORTIFY='$(fortify)'; \
	APPTOKEN_SANITIZERS='$(enable_sanitizers)'; \
	APPTOKEN_TESTS='$(quick_tests) $(e2e_tests)'; \
	APPTOKEN_FILES='$(DIST_SOURCES) $(EXTRA_DIST) $(dist_check_SCRIPTS) \
		$(dist_providers_DATA)'; \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	export APPTOKEN_PREFIX APPTOKEN_CC READELF APPTOKEN_LIBSYSTEMD \
		APPTOKEN_HARDENING APPTOKEN_FORTIFY APPTOKEN_SANITIZERS \
		APPTOKEN_TESTS APPTOKEN_FILES \
		top_srcdir top_builddir;
if SANITIZERS
AM_TESTS_ENVIRONMENT += \
	ASAN_OPTIONS="$${ASAN_OPTIONS-allocator_may_return_null=1}"; \
	UBSAN_OPTIONS="$${UBSAN_OPTIONS-print_stacktrace=1}"; \
	export ASAN_OPTIONS UBSAN_OPTIONS;
endif

if !TESTS_POSSIBLE
check-local:
	@echo 'make check: cmocka or libmicrohttpd is missing;' \
		'install both and run configure again' >&2
	@exit 1
endif

# The end-to-end and ELF tests look at an installed build. Its paths are
# compiled in, so it is made in a tree of its own, with the arguments of this
# one and another prefix, and again only when a program or its data changes.
subtree = MAKE='$(MAKE)' $(SHELL) $(srcdir)/%D%/support/subtree.sh
$(elf_tests:.sh=.log) $(e2e_tests:.sh=.log): e2e-root/stamp
e2e-root/stamp: $(bin_PROGRAMS) $(pkglibexec_PROGRAMS) config.status \
		$(dist_providers_DATA) %D%/support/subtree.sh
	$(AM_V_GEN)rm -f $@
	+$(AM_V_at)$(subtree) e2e-root \
		--prefix='$(abs_builddir)/e2e-root/usr' \
		--sysconfdir='$(abs_builddir)/e2e-root/etc'
	$(AM_V_at)rm -rf e2e-root/usr
	$(AM_V_at)cd e2e-root/build && $(MAKE) DESTDIR= install
	$(AM_V_at)touch $@

check-sanitizers:
	+$(AM_V_at)$(subtree) sanitizers --disable-werror \
		--enable-sanitizers=address,undefined
	cd sanitizers/build && $(MAKE) check

clean-local:
	-rm -rf e2e-root sanitizers

# What e2e/trixie.sh makes takes long: `make clean` leaves it.
distclean-local:
	-rm -rf debian13 debian13.new debian13.log

.PHONY: check-sanitizers

# Ratios from one run; no test depends on them.
EXTRA_PROGRAMS = %D%/bench/runner %D%/bench/empty
%C%_bench_runner_SOURCES = %D%/bench/runner.c
%C%_bench_runner_LDADD = libcore.a
%C%_bench_empty_SOURCES = %D%/bench/empty.c
%C%_bench_empty_LDADD =
EXTRA_DIST += %D%/bench/bench.sh
CLEANFILES += $(EXTRA_PROGRAMS) %D%/bench/bench.json \
	%D%/bench/git-credential-libsecret

bench: all $(EXTRA_PROGRAMS) %D%/support/tokend e2e-root/stamp
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		APPTOKEN_PREFIX='$(abs_builddir)/e2e-root/usr' \
		$(srcdir)/%D%/bench/bench.sh

.PHONY: bench
