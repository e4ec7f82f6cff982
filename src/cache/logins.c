#include "cache/logins.h"

#include "cache/secretread.h"

#include "core/banned.h"

/* One item's attributes while they come in. */
struct gather {
	enum login_kind kind;
	struct safebuf *room;
	size_t start; /* of this item's fields in room */
	bool right_schema;
	struct login login;
};

static void
gather_reset(struct gather *g)
{
	g->start = safebuf_len(g->room);
	g->right_schema = false;
	g->login = (struct login){ .kind = g->kind };
}

/* Forget what the item has put into the room. */
static void
gather_undo(struct gather *g)
{
	safebuf_cut(g->room, g->start);
	gather_reset(g);
}

static void
gather_take(struct gather *g, const char *name, struct span value)
{
	struct span *field = login_field(&g->login, name);
	size_t at = safebuf_len(g->room);

	if (strcmp(name, "xdg:schema") == 0)
		g->right_schema = login_schema_is(g->kind, value);
	if (field == NULL)
		return;
	safebuf_put(g->room, value);
	*field = span_from(safebuf_view(g->room), at);
}

struct find {
	const struct login *asked;
	struct gather gather;
	bool found;
	bool exact; /* its path is the asked one, or both have none */
	size_t item;
	struct login login;
};

static void
find_each(void *self, size_t item, bool locked, const char *name,
	  struct span value)
{
	struct find *f = self;

	if (f->exact)
		return;
	if (name != NULL) {
		gather_take(&f->gather, name, value);
		return;
	}
	if (!locked && f->gather.right_schema &&
	    login_answers(&f->gather.login, f->asked)) {
		bool exact = login_has_path_of(&f->gather.login, f->asked);

		if (exact || !f->found) {
			f->found = true;
			f->exact = exact;
			f->item = item;
			f->login = f->gather.login;
			/* What it lends from stays in the room. */
			gather_reset(&f->gather);
			return;
		}
	}
	gather_undo(&f->gather);
}

/* What a search can ask for: docker by server alone, whoever the user is. */
static size_t
question(const struct login *asked,
	 struct secretread_attribute out[LOGIN_ATTRIBUTES_MAX])
{
	struct login_attribute all[LOGIN_ATTRIBUTES_MAX];
	size_t count = login_attributes(asked, all);

	for (size_t i = 0; i < count; i++)
		out[i] = (struct secretread_attribute){ all[i].name,
							all[i].value };
	return count;
}

enum rc
logins_find(const struct login *asked, int64_t deadline_ms,
	    struct safebuf *room, struct login *ret, struct why *why)
{
	struct secretread_attribute attributes[LOGIN_ATTRIBUTES_MAX];
	struct find find = { .asked = asked,
			     .gather = { .kind = asked->kind, .room = room } };
	struct secretread *r = NULL;
	struct span secret;
	size_t at;
	enum rc rc;

	/* git's schema has an older name: compared with what is found. */
	rc = secretread_search(asked->kind == LOGIN_DOCKER ? LOGIN_DOCKER_SCHEMA
							   : NULL,
			       attributes, question(asked, attributes),
			       SECRETREAD_LOGINS, deadline_ms, &r, why);
	if (rc != RC_OK)
		return rc;
	if (secretread_unlocked(r) + secretread_locked(r) == 0) {
		rc = secretread_may_hide(r) ? RC_LOCKED : RC_NOT_FOUND;
		goto out;
	}
	gather_reset(&find.gather);
	if ((rc = secretread_attributes(r, find_each, &find)) != RC_OK ||
	    (rc = safebuf_check(room)) != RC_OK)
		goto out;
	if (!find.found) {
		rc = secretread_locked(r) > 0 ? RC_LOCKED : RC_NOT_FOUND;
		goto out;
	}
	if ((rc = secretread_secret(r, find.item, &secret)) != RC_OK)
		goto out;
	at = safebuf_len(room);
	safebuf_put(room, secret);
	if ((rc = safebuf_check(room)) != RC_OK)
		goto out;
	login_take_secret(&find.login, span_from(safebuf_view(room), at));
	*ret = find.login;
out:
	secretread_free(r);
	return rc;
}

struct list {
	struct gather gather;
	void (*each)(void *self, struct span server, struct span user);
	void *self;
	size_t hidden;
};

static void
list_each(void *self, size_t item, bool locked, const char *name,
	  struct span value)
{
	struct list *l = self;

	(void)item;
	if (name != NULL) {
		gather_take(&l->gather, name, value);
		return;
	}
	/* Hashed attributes: gnome-keyring before its first unlocking. */
	if (!l->gather.right_schema || !span_is_set(l->gather.login.server))
		l->hidden += locked ? 1 : 0;
	else
		l->each(l->self, l->gather.login.server, l->gather.login.user);
	gather_undo(&l->gather);
}

enum rc
logins_list(int64_t deadline_ms,
	    void (*each)(void *self, struct span server, struct span user),
	    void *self, size_t *ret_hidden, struct why *why)
{
	static const struct secretread_attribute attributes[] = {
		{ "docker_cli", { "1", 1 } },
		{ "label",
		  { LOGIN_DOCKER_LABEL, sizeof(LOGIN_DOCKER_LABEL) - 1 } },
	};
	struct list list = { .gather = { .kind = LOGIN_DOCKER },
			     .each = each,
			     .self = self };
	struct secretread *r = NULL;
	enum rc rc;

	if ((rc = safebuf_new(RECORD_MAX, &list.gather.room)) != RC_OK)
		return rc;
	if ((rc = secretread_search(LOGIN_DOCKER_SCHEMA, attributes,
				    sizeof(attributes) / sizeof(attributes[0]),
				    SECRETREAD_ITEMS, deadline_ms, &r, why)) !=
	    RC_OK)
		goto out;
	gather_reset(&list.gather);
	if ((rc = secretread_attributes(r, list_each, &list)) == RC_OK &&
	    (rc = safebuf_check(list.gather.room)) == RC_OK)
		*ret_hidden = list.hidden;
out:
	secretread_free(r);
	safebuf_free(list.gather.room);
	return rc;
}
