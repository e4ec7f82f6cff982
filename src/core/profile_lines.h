/* Inside of profile: what a parsed profile holds, and what its files share. */
#ifndef CORE_PROFILE_LINES_H
#define CORE_PROFILE_LINES_H

#include "core/profile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct profile_line {
	struct span key; /* as written, "claim.iss" */
	bool has_part;	 /* is it one of the next member's? */
	enum profile_part part;
	struct profile_item item; /* name: what follows the part's dot */
};

struct profile {
	const char *path;
	enum profile_exchange exchange;
	enum profile_expiry expiry;
	unsigned jwt_ttl_s;
	unsigned jwt_backdate_s;
	struct span require; /* words with blanks between */
	size_t count;
	struct profile_line lines[];
};

/* First line of that key whose placeholders are set; NULL: none. */
const struct profile_line *profile_find(const struct profile *p,
					const struct conf_app *a,
					const char *key);
/* Take the next word off *words. False at the end. */
bool profile_next_word(struct span *words, struct span *word);
/* Is the whole template one plain "{variable}"? */
bool profile_is_variable(struct span template, struct span *variable);
/* Can a line of that type have this value (without placeholders)? */
bool profile_fits_type(enum profile_type type, struct span value);
/* Whole seconds, 0 to LIFE_MAX_S: default-ttl and min-ttl. */
bool profile_read_ttl(struct span value, unsigned *ret);

/* Which of the words is value? False: none. */
bool profile_choose(struct span value, const char *const *words, size_t count,
		    size_t *ret);
/* Has s a NUL or a byte of set? */
bool profile_has_any(struct span s, const char *set);
/* At least one byte, printable ASCII, no blank, no byte of set. */
bool profile_is_word(struct span s, const char *set);
/* RC_CONFIG: "cause 'what'; next", without file and line. */
enum rc profile_refuse(const char *cause, struct span what, const char *next,
		       struct why *why);

/*
 * Complete a line whose key, part, name and number are set and whose
 * template is the value as written: take the type off, check name and value.
 */
NODISCARD enum rc profile_read_part(struct profile_line *l, struct why *why);

#endif
