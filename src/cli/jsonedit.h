/*
 * Editing a JSON file that is somebody else's: one member is put in or taken
 * out, every other byte stays as it was. Pure.
 */
#ifndef CLI_JSONEDIT_H
#define CLI_JSONEDIT_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/*
 * The string at text.group.key (group NULL: text.key), decoded and appended
 * to out. An empty text is an empty object.
 * RC_NOT_FOUND: no such member. RC_INVALID: the text is no JSON object, the
 * group is no object, or the member is no string.
 */
NODISCARD enum rc jsonedit_get(struct span text, const char *group,
			       struct span key, struct safebuf *out,
			       struct why *why);

/*
 * Append to out: text with the member group.key (group NULL: key) put in
 * after the last one, value a string; the group is made when it is missing.
 * The new lines are indented like those around them. The member must not be
 * there yet. RC_INVALID as above.
 */
NODISCARD enum rc jsonedit_put(struct span text, const char *group,
			       struct span key, struct span value,
			       struct safebuf *out, struct why *why);

/*
 * Append to out: text without that member, and without the group when it is
 * empty then. RC_NOT_FOUND, RC_INVALID as above.
 */
NODISCARD enum rc jsonedit_remove(struct span text, const char *group,
				  struct span key, struct safebuf *out,
				  struct why *why);

#endif
