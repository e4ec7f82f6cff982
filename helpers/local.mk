# A new protocol is one file, its row in the table, and four lines.

helper_main = %D%/main.c %D%/protocol.h

bin_PROGRAMS += git-credential-apptoken
git_credential_apptoken_SOURCES = $(helper_main) %D%/git.c \
	%D%/git_request.c %D%/git_request.h
git_credential_apptoken_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/%D% \
	-DPROTOCOL=protocol_git
git_credential_apptoken_LDADD = $(front_libs)

bin_PROGRAMS += docker-credential-apptoken
docker_credential_apptoken_SOURCES = $(helper_main) %D%/docker.c \
	%D%/docker_list.c %D%/docker_list.h
docker_credential_apptoken_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/%D% \
	-DPROTOCOL=protocol_docker
docker_credential_apptoken_LDADD = $(front_libs)
