/* git, through 'git config --global': its file, its locking, its quoting. */
#include <string.h>

#include "cli/client.h"
#include "core/place.h"
#include "platform/userprog.h"

#include "core/banned.h"

#define KEY_MAX (URL_LEN_MAX + 64)
#define VALUES_MAX (64 * 1024)
/* Which useHttpPath lines are ours: kept where git keeps everything. */
#define OURS_KEY "apptoken.configured"
#define HELPER "apptoken"

static enum rc
run_git(struct client_job *j, const char *const argv[], struct safebuf *out,
	int *status)
{
	struct cmd *c = j->c;
	enum rc rc;

	rc = userprog_run(c->confine, argv, out, status, &c->why);
	return rc == RC_NOT_FOUND ? RC_INTERNAL : rc;
}

/* All values of a key, each with a closing NUL. None is fine. */
static enum rc
get_all(struct client_job *j, const char *key, struct safebuf *out)
{
	const char *const argv[] = { "git",    "config",    "--global",
				     "--null", "--get-all", key,
				     NULL };
	int status;
	enum rc rc;

	if ((rc = run_git(j, argv, out, &status)) != RC_OK)
		return rc;
	/* 1: no such key, or no such file. */
	if (status == 0 || status == 1)
		return RC_OK;
	return why_set(&j->c->why, RC_INTERNAL,
		       "'git config' failed with status %d; try 'git config "
		       "--global --list'",
		       status);
}

/* Show, or run, "git config --global ACTION KEY [VALUE]". */
static enum rc
change(struct client_job *j, const char *action, const char *key,
       const char *value)
{
	const char *const argv[] = { "git", "config", "--global", action,
				     key,   value,    NULL };
	struct safebuf *out = NULL;
	int status;
	enum rc rc;

	j->changes++;
	cmd_print(j->c, "%sgit config --global %s '%s'%s%s%s\n",
		  j->dry_run ? "would run: " : "", action, key,
		  value == NULL ? "" : " '", value == NULL ? "" : value,
		  value == NULL ? "" : "'");
	if (j->dry_run)
		return RC_OK;
	if ((rc = safebuf_new(4096, &out)) != RC_OK)
		return rc;
	rc = run_git(j, argv, out, &status);
	if (rc == RC_OK && status != 0)
		rc = why_set(&j->c->why, RC_INTERNAL,
			     "'git config' failed with status %d; see whether "
			     "the global configuration can be written",
			     status);
	safebuf_free(out);
	return rc;
}

static bool
next_value(struct span *rest, struct span *value)
{
	size_t end = span_find(*rest, '\0');

	if (rest->len == 0)
		return false;
	*value = span_cut(*rest, 0, end);
	*rest = span_from(*rest, end + 1);
	return true;
}

/* Does "" and then ours stand in the list? Then nothing before ours asks. */
static bool
has_pair(struct span values)
{
	struct span before = { 0 };
	struct span value;

	while (next_value(&values, &value)) {
		if (span_is(value, HELPER) && span_is_set(before) &&
		    before.len == 0)
			return true;
		before = value;
	}
	return false;
}

/* How often text stands in the list. */
static size_t
count_of(struct span values, const char *text)
{
	struct span value;
	size_t n = 0;

	while (next_value(&values, &value)) {
		if (span_is(value, text))
			n++;
	}
	return n;
}

/* Can every value be put back? If not, nothing may be taken away. */
static enum rc
check_values(struct client_job *j, const char *key, struct span values)
{
	struct span value;

	while (next_value(&values, &value)) {
		if (value.len < URL_LEN_MAX && !span_starts(value, "-"))
			continue;
		return why_set(&j->c->why, RC_CONFIG,
			       "'%.100s' holds helpers that cannot be put "
			       "back; remove 'apptoken' with 'git config "
			       "--global --edit'",
			       key);
	}
	return RC_OK;
}

/* The first pair goes; the rest of the list stays, in its order. */
static enum rc
remove_pair(struct client_job *j, const char *key, struct span values)
{
	struct span before = { 0 };
	struct span value;
	bool removed = false;
	char text[URL_LEN_MAX];
	enum rc rc;

	/* Other lines stay as they are wherever git can tell ours apart. */
	if (count_of(values, "") == 1 && count_of(values, HELPER) == 1 &&
	    values.len > sizeof("") + sizeof(HELPER))
		return (rc = change(j, "--unset", key, "^$")) != RC_OK
			       ? rc
			       : change(j, "--unset", key, "^" HELPER "$");
	if ((rc = check_values(j, key, values)) != RC_OK ||
	    (rc = change(j, "--unset-all", key, NULL)) != RC_OK)
		return rc;
	while (next_value(&values, &value)) {
		if (!removed && span_is(value, HELPER) && span_is_set(before) &&
		    before.len == 0) {
			removed = true;
			before = (struct span){ 0 };
			continue;
		}
		if (span_is_set(before) &&
		    (!span_copy(before, text, sizeof(text)) ||
		     (rc = change(j, "--add", key, text)) != RC_OK))
			return rc;
		before = value;
	}
	if (span_is_set(before) && span_copy(before, text, sizeof(text)))
		rc = change(j, "--add", key, text);
	return rc;
}

static enum rc
wire_helper(struct client_job *j, const char *key)
{
	struct safebuf *values = NULL;
	enum rc rc;

	if ((rc = safebuf_new(VALUES_MAX, &values)) != RC_OK)
		return rc;
	if ((rc = get_all(j, key, values)) != RC_OK)
		goto out;
	if (j->undo) {
		if (has_pair(safebuf_view(values)))
			rc = remove_pair(j, key, safebuf_view(values));
		goto out;
	}
	if (has_pair(safebuf_view(values)))
		goto out;
	/* The empty one clears what git collected before this place. */
	if ((rc = change(j, "--add", key, "")) == RC_OK)
		rc = change(j, "--add", key, HELPER);
out:
	safebuf_free(values);
	return rc;
}

static bool
is_listed(struct span values, const char *text)
{
	struct span value;

	while (next_value(&values, &value)) {
		if (span_is(value, text))
			return true;
	}
	return false;
}

/* key as a pattern that matches it alone: an IPv6 host has brackets. */
static void
put_pattern(const char *key, char out[KEY_MAX * 2])
{
	size_t n = 0;

	out[n++] = '^';
	for (; *key != '\0' && n + 4 < (size_t)KEY_MAX * 2; key++) {
		if (strchr(".[]*+?^$(){}|\\", *key) != NULL)
			out[n++] = '\\';
		out[n++] = *key;
	}
	out[n++] = '$';
	out[n] = '\0';
}

/* Does a place with a path on that host still ask apptoken? */
static enum rc
is_needed(struct client_job *j, const char *key, bool *ret)
{
	static const char tail[] = "/.*\\.helper$";
	char pattern[KEY_MAX * 2 + sizeof(tail)];
	char host[KEY_MAX];
	const char *const argv[] = { "git",	     "config",
				     "--global",     "--null",
				     "--get-regexp", pattern,
				     "^" HELPER "$", NULL };
	struct safebuf *out = NULL;
	size_t n = strlen(key) - strlen(".useHttpPath");
	int status;
	enum rc rc;

	(void)span_copy(span_cut(span_of(key), 0, n), host, sizeof(host));
	put_pattern(host, pattern);
	n = strlen(pattern) - 1;
	(void)span_copy(span_of(tail), pattern + n, sizeof(pattern) - n);
	if ((rc = safebuf_new(VALUES_MAX, &out)) != RC_OK)
		return rc;
	if ((rc = run_git(j, argv, out, &status)) == RC_OK)
		*ret = safebuf_len(out) > 0;
	safebuf_free(out);
	return rc;
}

/* git sends paths only if asked to, and an app's path needs them. */
static enum rc
wire_path(struct client_job *j, const char *key)
{
	char pattern[KEY_MAX * 2];
	struct safebuf *ours = NULL;
	struct safebuf *now = NULL;
	bool is_ours;
	enum rc rc;

	if ((rc = safebuf_new(VALUES_MAX, &ours)) != RC_OK ||
	    (rc = safebuf_new(VALUES_MAX, &now)) != RC_OK ||
	    (rc = get_all(j, OURS_KEY, ours)) != RC_OK ||
	    (rc = get_all(j, key, now)) != RC_OK)
		goto out;
	is_ours = is_listed(safebuf_view(ours), key);
	if (j->undo) {
		bool needed = false;

		if (is_ours && !j->dry_run &&
		    (rc = is_needed(j, key, &needed)) != RC_OK)
			goto out;
		if (needed)
			goto out;
		if (is_ours && safebuf_len(now) > 0)
			rc = change(j, "--unset-all", key, NULL);
		if (rc == RC_OK && is_ours) {
			const char *const argv[] = { "git",	 "config",
						     "--global", "--unset",
						     OURS_KEY,	 pattern,
						     NULL };
			int status;

			put_pattern(key, pattern);
			safebuf_clear(now);
			if (!j->dry_run)
				rc = run_git(j, argv, now, &status);
		}
		goto out;
	}
	if (safebuf_len(now) > 0)
		goto out;
	if ((rc = change(j, "--add", key, "true")) == RC_OK)
		rc = change(j, "--add", OURS_KEY, key);
out:
	safebuf_free(now);
	safebuf_free(ours);
	return rc;
}

static enum rc
wire_place(struct client_job *j, const struct appload_app *a, struct span value)
{
	char url[URL_LEN_MAX];
	char key[KEY_MAX];
	struct safebuf *text = NULL;
	struct place place;
	bool has_path;
	enum rc rc;

	(void)a;
	if ((rc = place_from_conf_git(value, &place, &j->c->why)) != RC_OK ||
	    (rc = place_format(&place, true, url, sizeof(url))) != RC_OK ||
	    (rc = safebuf_new(KEY_MAX, &text)) != RC_OK)
		return rc;
	safebuf_puts(text, "credential.");
	safebuf_puts(text, url);
	safebuf_puts(text, ".helper");
	if (!span_copy(safebuf_view(text), key, sizeof(key)))
		rc = RC_TOO_LARGE;
	else
		rc = wire_helper(j, key);
	has_path = span_is_set(place.path);
	place.path = (struct span){ 0 };
	if (rc == RC_OK && has_path &&
	    (rc = place_format(&place, true, url, sizeof(url))) == RC_OK) {
		safebuf_clear(text);
		safebuf_puts(text, "credential.");
		safebuf_puts(text, url);
		safebuf_puts(text, ".useHttpPath");
		if (!span_copy(safebuf_view(text), key, sizeof(key)))
			rc = RC_TOO_LARGE;
		else
			rc = wire_path(j, key);
	}
	safebuf_free(text);
	return rc;
}

const struct client client_git = {
	.name = "git",
	.key = "git",
	.helper = "git-credential-apptoken",
	.place = wire_place,
};
