# Static archives, one a layer; a program takes from them what it calls.

noinst_LIBRARIES += libcore.a libplatform.a libcache.a libfront.a libkeeper.a

libcore_a_SOURCES = \
	%D%/core/banned.h \
	%D%/core/base64.c %D%/core/base64.h \
	%D%/core/clean.c %D%/core/clean.h \
	%D%/core/conf.c %D%/core/conf.h \
	%D%/core/conf_check.c %D%/core/conf_check.h \
	%D%/core/conf_find.c %D%/core/conf_find.h \
	%D%/core/conf_walk.c %D%/core/conf_walk.h \
	%D%/core/expand.c %D%/core/expand.h \
	%D%/core/jchar.c %D%/core/jchar.h \
	%D%/core/jput.c %D%/core/jput.h \
	%D%/core/jscan.c %D%/core/jscan.h \
	%D%/core/limits.h \
	%D%/core/lines.c %D%/core/lines.h \
	%D%/core/login.c %D%/core/login.h \
	%D%/core/note.c %D%/core/note.h \
	%D%/core/num.c %D%/core/num.h \
	%D%/core/place.c %D%/core/place.h \
	%D%/core/profile.c %D%/core/profile.h \
	%D%/core/profile_check.c \
	%D%/core/profile_lines.h \
	%D%/core/profile_parse.c \
	%D%/core/profile_part.c \
	%D%/core/rc.c %D%/core/rc.h \
	%D%/core/safebuf.c %D%/core/safebuf.h \
	%D%/core/span.c %D%/core/span.h \
	%D%/core/stamp.c %D%/core/stamp.h \
	%D%/core/token.c %D%/core/token.h \
	%D%/core/wire.c %D%/core/wire.h

libplatform_a_SOURCES = \
	%D%/platform/appload.c %D%/platform/appload.h \
	%D%/platform/busaddr.c %D%/platform/busaddr.h \
	%D%/platform/clock.c %D%/platform/clock.h \
	%D%/platform/confine.c %D%/platform/confine.h \
	%D%/platform/fdio.c %D%/platform/fdio.h \
	%D%/platform/lockfile.c %D%/platform/lockfile.h \
	%D%/platform/paths.c %D%/platform/paths.h \
	%D%/platform/say.c %D%/platform/say.h \
	%D%/platform/spawn.c %D%/platform/spawn.h \
	%D%/platform/trustfile.c %D%/platform/trustfile.h \
	%D%/platform/userprog.c %D%/platform/userprog.h

# The read half of the keyring store speaks sd-bus, or always defers to the
# keeper.
libcache_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBSYSTEMD_CFLAGS)
libcache_a_SOURCES = \
	%D%/cache/cache.h \
	%D%/cache/keyring.c %D%/cache/keyring.h \
	%D%/cache/logins.c %D%/cache/logins.h \
	%D%/cache/secretread.h \
	%D%/cache/stores.c
if LIBSYSTEMD
libcache_a_SOURCES += %D%/cache/secretread.c
else
libcache_a_SOURCES += %D%/cache/secretread_none.c
endif

libfront_a_SOURCES = \
	%D%/front/front.c %D%/front/front.h \
	%D%/front/kclient.c %D%/front/kclient.h \
	%D%/front/keep.c %D%/front/keep.h \
	%D%/front/served.c %D%/front/served.h

# Everything of the keeper but its main, so that tests can link the pieces.
libkeeper_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBSECRET_CFLAGS) $(GNUTLS_CFLAGS) \
	$(LIBCURL_CFLAGS) $(JSON_C_CFLAGS)
libkeeper_a_SOURCES = \
	%D%/keeper/answer.c %D%/keeper/answer.h \
	%D%/keeper/ask.c %D%/keeper/ask.h \
	%D%/keeper/call.h \
	%D%/keeper/exchange.c %D%/keeper/exchange.h \
	%D%/keeper/history.c %D%/keeper/history.h \
	%D%/keeper/http.c %D%/keeper/http.h \
	%D%/keeper/http_head.c %D%/keeper/http_head.h \
	%D%/keeper/items.c %D%/keeper/items.h \
	%D%/keeper/jwt.c %D%/keeper/jwt.h \
	%D%/keeper/keyring.c %D%/keeper/keyring.h \
	%D%/keeper/logins.c %D%/keeper/logins.h \
	%D%/keeper/mint.c %D%/keeper/mint.h \
	%D%/keeper/mint_keyring.c \
	%D%/keeper/pem.c %D%/keeper/pem.h \
	%D%/keeper/request.c %D%/keeper/request.h \
	%D%/keeper/secretbus.c %D%/keeper/secretbus.h \
	%D%/keeper/sign.c %D%/keeper/sign.h \
	%D%/keeper/source.c %D%/keeper/source.h \
	%D%/keeper/value.c %D%/keeper/value.h \
	%D%/keeper/verbs.c %D%/keeper/verbs.h \
	%D%/keeper/verbs_key.c \
	%D%/keeper/verbs_login.c \
	%D%/keeper/watch.c %D%/keeper/watch.h \
	%D%/keeper/wipemem.c %D%/keeper/wipemem.h

base_libs = libplatform.a libcore.a
front_libs = libfront.a libcache.a $(base_libs) $(LIBSYSTEMD_LIBS)
keeper_libs = libkeeper.a libcache.a $(base_libs) \
	$(LIBSECRET_LIBS) $(GNUTLS_LIBS) $(LIBCURL_LIBS) $(JSON_C_LIBS)

pkglibexec_PROGRAMS += apptoken-keeper
apptoken_keeper_SOURCES = %D%/keeper/main.c
apptoken_keeper_LDADD = $(keeper_libs)

bin_PROGRAMS += apptoken
apptoken_SOURCES = \
	%D%/cli/client.h \
	%D%/cli/client_git.c \
	%D%/cli/client_json.c \
	%D%/cli/cmd.c %D%/cli/cmd.h \
	%D%/cli/cmd_add.c \
	%D%/cli/cmd_configure.c \
	%D%/cli/cmd_exec.c \
	%D%/cli/cmd_forget.c \
	%D%/cli/cmd_remove.c \
	%D%/cli/cmd_rotate.c \
	%D%/cli/cmd_status.c \
	%D%/cli/cmd_token.c \
	%D%/cli/confedit.c %D%/cli/confedit.h \
	%D%/cli/jsonedit.c %D%/cli/jsonedit.h \
	%D%/cli/main.c \
	%D%/cli/opts.c %D%/cli/opts.h
apptoken_LDADD = $(front_libs)
