#include "core/wire.h"

#include "core/num.h"

#include "core/banned.h"

#define REQUEST_VERSION "apptoken-keeper-request 1"
#define ANSWER_VERSION "apptoken-keeper-answer 1"
#define END "end"

static const char *const verb_names[WIRE_VERBS] = {
	[WIRE_TOKEN] = "token",
	[WIRE_REFRESH] = "refresh",
	[WIRE_DROP] = "drop",
	[WIRE_FORGET] = "forget",
	[WIRE_IMPORT] = "import",
	[WIRE_REMOVE] = "remove",
	[WIRE_INSPECT] = "inspect",
	[WIRE_ROTATE] = "rotate",
	[WIRE_LOGIN_GET] = "login-get",
	[WIRE_LOGIN_STORE] = "login-store",
	[WIRE_LOGIN_ERASE] = "login-erase",
	[WIRE_LOGIN_LIST] = "login-list",
};

static const char *const caller_names[] = {
	[TOKEN_FOR_GIT] = "git",
	[TOKEN_FOR_DOCKER] = "docker",
	[TOKEN_FOR_COMMAND] = "command",
};

static const char *const kind_names[] = {
	[LOGIN_DOCKER] = "docker",
	[LOGIN_GIT] = "git",
};

static bool
is_login(enum wire_verb verb)
{
	return verb >= WIRE_LOGIN_GET && verb <= WIRE_LOGIN_LIST;
}

static void
put_set(struct safebuf *out, const char *key, struct span value)
{
	if (span_is_set(value))
		safebuf_put_line(out, key, value);
}

static void
put_flag(struct safebuf *out, const char *key, bool flag)
{
	if (flag)
		safebuf_put_line(out, key, SPAN("yes"));
}

static void
put_number(struct safebuf *out, const char *key, int64_t n)
{
	safebuf_puts(out, key);
	safebuf_putc(out, '=');
	safebuf_put_i64(out, n);
	safebuf_putc(out, '\n');
}

static enum rc
finish(struct safebuf *out)
{
	safebuf_puts(out, END "\n");
	return safebuf_check(out) == RC_OK ? RC_OK : RC_INVALID;
}

enum rc
wire_put_request(const struct wire_request *r, struct safebuf *out)
{
	struct span rest = r->conf;
	struct span line;

	safebuf_puts(out, REQUEST_VERSION "\n");
	safebuf_put_line(out, "verb", span_of(verb_names[r->verb]));
	put_set(out, "app", r->app);
	safebuf_put_line(out, "caller", span_of(caller_names[r->caller]));
	if (r->min_life_s > 0)
		put_number(out, "min-life", r->min_life_s);
	put_flag(out, "force", r->force);
	put_flag(out, "may-prompt", r->may_prompt);
	put_flag(out, "verify", r->verify);
	put_flag(out, "can-look", r->can_look);
	put_set(out, "presented", r->presented);
	put_set(out, "refused", r->refused);
	if (is_login(r->verb)) {
		safebuf_put_line(out, "kind",
				 span_of(kind_names[r->login.kind]));
		put_set(out, "server", r->login.server);
		put_set(out, "protocol", r->login.protocol);
		put_set(out, "port", r->login.port);
		put_set(out, "path", r->login.path);
		put_set(out, "user", r->login.user);
		put_set(out, "secret", r->secret);
	}
	while (span_next_line(&rest, &line))
		safebuf_put_line(out, "conf", line);
	return finish(out);
}

enum rc
wire_put_answer(const struct wire_answer *a, struct safebuf *out)
{
	safebuf_puts(out, ANSWER_VERSION "\n");
	safebuf_put_line(out, "rc", span_of(rc_name(a->rc)));
	put_set(out, "why", a->why);
	put_set(out, "warning", a->warning);
	put_set(out, "token", a->token);
	put_set(out, "username", a->username);
	put_set(out, "serial", a->serial);
	put_number(out, "left", a->left_s);
	put_number(out, "life", a->life_s);
	put_flag(out, "expiry-known", a->expiry_known);
	put_flag(out, "minted", a->minted);
	put_flag(out, "look-again", a->look_again);
	put_set(out, "key-source", a->key_source);
	put_set(out, "key-fingerprint", a->key_fingerprint);
	put_number(out, "key-bits", a->key_bits);
	put_flag(out, "key-present", a->key_present);
	safebuf_put_line(out, "key-rc", span_of(rc_name(a->key_rc)));
	put_set(out, "key-why", a->key_why);
	put_number(out, "state", a->state);
	put_set(out, "secret", a->secret);
	put_number(out, "hidden", a->hidden);
	return finish(out);
}

/* One row per key: where its value goes. Exactly one pointer is set. */
struct field {
	const char *key;
	struct span *text;
	bool *flag;
	int64_t *number;
	bool seen;
};

static enum rc
set_field(struct field *f, struct span value)
{
	if (f->seen)
		return RC_INVALID;
	f->seen = true;
	if (f->text != NULL) {
		*f->text = value;
	} else if (f->flag != NULL) {
		if (!span_is(value, "yes"))
			return RC_INVALID;
		*f->flag = true;
	} else {
		return num_parse_i64(value, 0, INT64_MAX / 4, f->number) ==
				       RC_OK
			       ? RC_OK
			       : RC_INVALID;
	}
	return RC_OK;
}

/*
 * The version line, known keys at most once, "end", nothing more. Lines of
 * the key "conf" are joined in conf_room.
 */
static enum rc
get_fields(struct span text, const char *version, struct field *fields,
	   size_t count, struct safebuf *conf_room)
{
	struct span line;

	if (text.len > WIRE_MAX || !span_ends(text, "\n") ||
	    span_find(text, '\0') != text.len ||
	    span_find(text, '\r') != text.len ||
	    !span_next_line(&text, &line) || !span_is(line, version))
		return RC_INVALID;
	while (span_next_line(&text, &line)) {
		size_t at = span_find(line, '=');
		struct span key = span_cut(line, 0, at);
		struct span value = span_from(line, at + 1);
		size_t i = 0;

		if (at == line.len)
			return span_is(line, END) && text.len == 0 ? RC_OK
								   : RC_INVALID;
		if (conf_room != NULL && span_is(key, "conf")) {
			safebuf_put(conf_room, value);
			safebuf_putc(conf_room, '\n');
			continue;
		}
		while (i < count && !span_is(key, fields[i].key))
			i++;
		if (i == count || set_field(&fields[i], value) != RC_OK)
			return RC_INVALID;
	}
	return RC_INVALID; /* cut before "end" */
}

static bool
find_name(struct span name, const char *const *names, size_t count, size_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (span_is(name, names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

enum rc
wire_get_request(struct span text, struct safebuf *conf_room,
		 struct wire_request *ret)
{
	struct wire_request r = { 0 };
	struct span verb = { 0 };
	struct span caller = { 0 };
	struct span kind = { 0 };
	size_t verb_at;
	size_t caller_at;
	size_t kind_at = 0;
	struct field fields[] = {
		{ .key = "verb", .text = &verb },
		{ .key = "app", .text = &r.app },
		{ .key = "caller", .text = &caller },
		{ .key = "min-life", .number = &r.min_life_s },
		{ .key = "force", .flag = &r.force },
		{ .key = "may-prompt", .flag = &r.may_prompt },
		{ .key = "verify", .flag = &r.verify },
		{ .key = "can-look", .flag = &r.can_look },
		{ .key = "presented", .text = &r.presented },
		{ .key = "refused", .text = &r.refused },
		{ .key = "kind", .text = &kind },
		{ .key = "server", .text = &r.login.server },
		{ .key = "protocol", .text = &r.login.protocol },
		{ .key = "port", .text = &r.login.port },
		{ .key = "path", .text = &r.login.path },
		{ .key = "user", .text = &r.login.user },
		{ .key = "secret", .text = &r.secret },
	};

	if (get_fields(text, REQUEST_VERSION, fields,
		       sizeof(fields) / sizeof(fields[0]),
		       conf_room) != RC_OK ||
	    !find_name(verb, verb_names, WIRE_VERBS, &verb_at) ||
	    !find_name(caller, caller_names,
		       sizeof(caller_names) / sizeof(caller_names[0]),
		       &caller_at))
		return RC_INVALID;
	r.verb = (enum wire_verb)verb_at;
	/* A login is no app's, everything else is some app's. */
	if (is_login(r.verb) ? !find_name(kind, kind_names, 2, &kind_at)
			     : (r.app.len == 0 || span_is_set(kind)))
		return RC_INVALID;
	r.login.kind = (enum login_kind)kind_at;
	r.caller = (enum token_caller)caller_at;
	if (conf_room != NULL) {
		if (safebuf_check(conf_room) != RC_OK)
			return RC_INVALID;
		r.conf = safebuf_view(conf_room);
	}
	*ret = r;
	return RC_OK;
}

static bool
get_class(struct span name, enum rc *ret)
{
	char text[32];

	return span_copy(name, text, sizeof(text)) &&
	       rc_from_name(text, ret) == RC_OK;
}

enum rc
wire_get_answer(struct span text, struct wire_answer *ret)
{
	struct wire_answer a = { 0 };
	struct span rc = { 0 };
	struct span key_rc = { 0 };
	int64_t state = 0;
	struct field fields[] = {
		{ .key = "rc", .text = &rc },
		{ .key = "why", .text = &a.why },
		{ .key = "warning", .text = &a.warning },
		{ .key = "token", .text = &a.token },
		{ .key = "username", .text = &a.username },
		{ .key = "serial", .text = &a.serial },
		{ .key = "left", .number = &a.left_s },
		{ .key = "life", .number = &a.life_s },
		{ .key = "expiry-known", .flag = &a.expiry_known },
		{ .key = "minted", .flag = &a.minted },
		{ .key = "look-again", .flag = &a.look_again },
		{ .key = "key-source", .text = &a.key_source },
		{ .key = "key-fingerprint", .text = &a.key_fingerprint },
		{ .key = "key-bits", .number = &a.key_bits },
		{ .key = "key-present", .flag = &a.key_present },
		{ .key = "key-rc", .text = &key_rc },
		{ .key = "key-why", .text = &a.key_why },
		{ .key = "state", .number = &state },
		{ .key = "secret", .text = &a.secret },
		{ .key = "hidden", .number = &a.hidden },
	};

	if (get_fields(text, ANSWER_VERSION, fields,
		       sizeof(fields) / sizeof(fields[0]), NULL) != RC_OK ||
	    !get_class(rc, &a.rc) || !get_class(key_rc, &a.key_rc) ||
	    state > TOKEN_STALE)
		return RC_INVALID;
	/* R4 holds here as well: the keeper is ours, the pipe is not. */
	if (span_is_set(a.token) && !token_is_wellformed(a.token))
		return RC_INVALID;
	a.state = (enum token_state)state;
	*ret = a;
	return RC_OK;
}
