#include "core/lines.h"

#include "core/banned.h"

/* A tab is a blank of the format; every other control byte is none. */
static bool
has_odd_byte(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static bool
is_comment(struct span line)
{
	return line.at[0] == '#' || line.at[0] == ';';
}

/* Set kind, key and value from a trimmed line of at least one byte. */
static void
classify(struct lines *l, struct span line)
{
	size_t equals = span_find(line, '=');

	l->kind = LINES_BAD;
	l->key = line;
	l->value = (struct span){ 0 };
	if (has_odd_byte(line))
		return;
	if (line.at[0] == '[') {
		if (line.len < 2 || line.at[line.len - 1] != ']')
			return;
		l->kind = LINES_SECTION;
		l->key = span_cut(line, 1, line.len - 2);
		return;
	}
	if (equals == 0 || equals == line.len)
		return;
	l->kind = LINES_ENTRY;
	l->key = span_trim(span_cut(line, 0, equals));
	l->value = span_trim(span_from(line, equals + 1));
}

bool
lines_next(struct lines *l)
{
	struct span line;

	while (span_next_line(&l->rest, &line)) {
		l->number++;
		line = span_trim(line);
		if (line.len == 0)
			continue;
		if (is_comment(line) && !has_odd_byte(line))
			continue;
		classify(l, line);
		return true;
	}
	return false;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

bool
lines_name_is_valid(struct span name)
{
	if (name.len == 0 || name.len > NAME_LEN_MAX || !is_alnum(name.at[0]))
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.at[i];

		if (!is_alnum(c) && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

bool
lines_key_is_valid(struct span key)
{
	if (key.len == 0 || key.len > NAME_LEN_MAX || key.at[0] == '-')
		return false;
	for (size_t i = 0; i < key.len; i++) {
		char c = key.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return true;
}
