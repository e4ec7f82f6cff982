#include "core/num.h"

#include "core/banned.h"

enum rc
num_parse_u64(struct span s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	bool over = false;

	if (s.len == 0 || (s.len > 1 && s.at[0] == '0'))
		return RC_INVALID;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit;

		if (s.at[i] < '0' || s.at[i] > '9')
			return RC_INVALID;
		digit = (unsigned)(s.at[i] - '0');
		if (over || n > (UINT64_MAX - digit) / 10) {
			/* Go on: the form is judged before the size. */
			over = true;
			continue;
		}
		n = n * 10 + digit;
	}
	if (over || n < min || n > max)
		return RC_TOO_LARGE;
	*ret = n;
	return RC_OK;
}

enum rc
num_parse_i64(struct span s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = s.len > 0 && s.at[0] == '-';
	uint64_t size;
	int64_t n;
	enum rc rc;

	if (negative)
		s = span_from(s, 1);
	rc = num_parse_u64(s, 0, (uint64_t)INT64_MAX + negative, &size);
	if (rc != RC_OK)
		return rc;
	if (negative && size == 0)
		return RC_INVALID;
	/* -1 first: INT64_MIN has no positive twin. */
	n = negative ? -(int64_t)(size - 1) - 1 : (int64_t)size;
	if (n < min || n > max)
		return RC_TOO_LARGE;
	*ret = n;
	return RC_OK;
}

enum rc
num_parse_hex(struct span s, uint64_t *ret)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 16)
		return RC_INVALID;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (unsigned)(c - 'A') + 10;
		else
			return RC_INVALID;
		n = n << 4 | digit;
	}
	*ret = n;
	return RC_OK;
}
