/*
 * For tests of keys: they are made when they are needed, by openssl, in the
 * test's own directory.
 */
#ifndef SUPPORT_TESTKEY_H
#define SUPPORT_TESTKEY_H

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper/sign.h"
#include "support/private.h"

#define TESTKEY_MAX (64 * 1024)

extern char **environ;

/* Run openssl in dir; words: its arguments, split at single blanks. */
static inline void
testkey_openssl(const char *dir, const char *words)
{
	char text[1024], inside[PRIVATE_MAX];
	char *argv[48] = { "env", "-C", inside, "openssl" };
	posix_spawn_file_actions_t actions;
	size_t n = 4;
	int status = -1;
	pid_t pid;

	private_format(inside, sizeof(inside), "%s", dir);
	private_format(text, sizeof(text), "%s", words);
	for (char *at = text; *at != '\0';) {
		size_t len = strcspn(at, " ");

		if (n >= 47)
			private_die("too many words");
		argv[n++] = at;
		at += len;
		if (*at != '\0')
			*at++ = '\0';
	}
	posix_spawn_file_actions_init(&actions);
	/* Its standard output would stand in the middle of ours. */
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		private_die("openssl");
	posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			private_die("waitpid");
	}
	if (status != 0)
		private_die(words);
}

/* A file of dir, NUL-terminated; its length. */
static inline size_t
testkey_read(const char *dir, const char *name, char out[TESTKEY_MAX])
{
	char path[PRIVATE_MAX];
	size_t used = 0;
	ssize_t n;
	int fd;

	fd = open(private_path(dir, name, path), O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		private_die(path);
	while ((n = read(fd, out + used, TESTKEY_MAX - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	out[used] = '\0';
	return used;
}

#define TESTKEY_PHRASE "correct horse"

static char testkey_dir[PRIVATE_MAX];

static inline int
testkey_set_up(void **state)
{
	static const char *const commands[] = {
		"genrsa -out rsa.pem 2048",
		"rsa -in rsa.pem -traditional -out pkcs1.pem",
		"pkcs8 -topk8 -nocrypt -in rsa.pem -out pkcs8.pem",
		"pkcs8 -topk8 -in rsa.pem -passout file:phrase -out enc.pem",
		"pkcs8 -topk8 -in rsa.pem -passout file:phrase -v2 des3 "
		"-out des.pem",
		"rsa -in rsa.pem -traditional -aes128 -passout file:phrase "
		"-out old.pem",
		"rsa -in rsa.pem -pubout -out public.pem",
		"rsa -in rsa.pem -RSAPublicKey_out -out rsapublic.pem",
		"rsa -in rsa.pem -outform DER -out rsa.der",
		"req -x509 -key rsa.pem -subj /CN=test -out cert.pem",
		"req -new -key rsa.pem -subj /CN=test -out request.pem",
		"genrsa -out two.pem 2048",
		"genrsa -out small.pem 1024",
		"genrsa -out edge.pem 2047",
		"genrsa -out large.pem 3072",
		"genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 "
		"-out pss.pem",
		"ecparam -name prime256v1 -genkey -out ec.pem",
		"pkcs8 -topk8 -nocrypt -in ec.pem -out ec8.pem",
		"genpkey -algorithm ed25519 -out ed.pem",
		"genpkey -algorithm x25519 -out x25519.pem",
		"pkey -in rsa.pem -pubout -outform DER -out spki.der",
	};

	(void)state;
	private_make(testkey_dir);
	private_write(testkey_dir, "phrase", TESTKEY_PHRASE "\n",
		      strlen(TESTKEY_PHRASE) + 1, 0600);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		testkey_openssl(testkey_dir, commands[i]);
	return 0;
}

static inline int
testkey_tear_down(void **state)
{
	(void)state;
	private_remove(testkey_dir);
	return 0;
}

/* Gives the phrase in self; NULL: refuses. */
static inline enum rc
testkey_ask(void *self, struct safebuf *out, struct why *why)
{
	if (self == NULL)
		return why_set(why, RC_DISMISSED, "no; ask again");
	safebuf_puts(out, self);
	return RC_OK;
}

static inline enum rc
testkey_parse(const char *text, size_t len, struct sign_key **ret,
	      struct why *why)
{
	char phrase[] = TESTKEY_PHRASE;
	struct span pem = { .at = text, .len = len };
	enum rc rc;

	*ret = NULL;
	memset(why, 0, sizeof(*why));
	rc = sign_key_parse(pem, testkey_ask, phrase, ret, why);
	assert_true((rc == RC_OK) == (*ret != NULL));
	assert_true((rc == RC_OK) == (why->text[0] == '\0'));
	assert_true(strlen(why->text) <= 220);
	return rc;
}

static inline struct sign_key *
testkey_parse_file(const char *name)
{
	char text[TESTKEY_MAX];
	size_t len = testkey_read(testkey_dir, name, text);
	struct sign_key *k;
	struct why why;

	if (testkey_parse(text, len, &k, &why) != RC_OK)
		print_error("# %s: %s\n", name, why.text);
	assert_non_null(k);
	return k;
}

static inline void
testkey_fingerprint_of(const struct sign_key *k, char out[SIGN_FINGERPRINT_MAX])
{
	assert_int_equal(sign_key_fingerprint(k, out, NULL), RC_OK);
}

#endif
