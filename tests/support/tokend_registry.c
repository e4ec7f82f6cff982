/*
 * A container registry with one image, team/hello:latest, made at the start:
 * a layer with one file, its configuration, and a schema 2 manifest.
 */
#include "tokend.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

#define DOCKER_TYPE "application/vnd.docker."
#define MANIFEST_TYPE DOCKER_TYPE "distribution.manifest.v2+json"
#define CONFIG_TYPE DOCKER_TYPE "container.image.v1+json"
#define LAYER_TYPE DOCKER_TYPE "image.rootfs.diff.tar.gzip"
#define JSON_TYPE "application/json"
#define NAME "team/hello"
#define BLOCK 512 /* of a tar file */

struct blob {
	struct text bytes;
	char digest[72]; /* sha256:… */
};

struct registry {
	struct blob layer;
	struct blob config;
	struct blob manifest;
};

static void
digest(const struct text *t, char *ret, size_t size)
{
	unsigned char sum[32] = { 0 };
	size_t at;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, t->p, t->n, sum) != 0)
		text_oom();
	at = (size_t)snprintf(ret, size, "sha256:");
	for (size_t i = 0; i < sizeof(sum); i++)
		at += (size_t)snprintf(ret + at, size - at, "%02x", sum[i]);
}

static void
put(char *block, size_t at, const char *s)
{
	memcpy(block + at, s, strlen(s));
}

/* ustar: one header, one block of content, two empty blocks. */
static void
make_tar(struct text *ret)
{
	static const char content[] = "hello\n";
	char block[BLOCK] = { 0 };
	char number[16];
	unsigned sum = 0;

	put(block, 0, "hello.txt");
	put(block, 100, "0000644");
	put(block, 108, "0000000");
	put(block, 116, "0000000");
	snprintf(number, sizeof(number), "%011zo", sizeof(content) - 1);
	put(block, 124, number);
	put(block, 136, "00000000000");
	put(block, 148, "        "); /* counts as blanks in its own sum */
	put(block, 156, "0");
	put(block, 257, "ustar");
	put(block, 263, "00");
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(number, sizeof(number), "%06o", sum);
	put(block, 148, number);
	block[154] = '\0';
	text_add(ret, block, BLOCK);
	memset(block, 0, BLOCK);
	put(block, 0, content);
	text_add(ret, block, BLOCK);
	memset(block, 0, BLOCK);
	text_add(ret, block, BLOCK);
	text_add(ret, block, BLOCK);
}

static uint32_t
crc32(const struct text *t)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < t->n; i++) {
		crc ^= (unsigned char)t->p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void
put_le(struct text *t, uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		char c = (char)(value >> (8 * i) & 0xff);

		text_add(t, &c, 1);
	}
}

/* RFC 1952 around one stored block (RFC 1951 section 3.2.4). */
static void
make_gzip(const struct text *tar, struct text *ret)
{
	static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff\x01";

	text_add(ret, head, sizeof(head) - 1);
	put_le(ret, (uint32_t)tar->n, 2);
	put_le(ret, ~(uint32_t)tar->n & 0xffff, 2);
	text_add(ret, tar->p, tar->n);
	put_le(ret, crc32(tar), 4);
	put_le(ret, (uint32_t)tar->n, 4);
}

struct registry *
registry_new(void)
{
	struct registry *r = calloc(1, sizeof(*r));
	struct text tar = { 0 };
	char diff_id[72];

	if (!r)
		text_oom();
	make_tar(&tar);
	digest(&tar, diff_id, sizeof(diff_id));
	make_gzip(&tar, &r->layer.bytes);
	digest(&r->layer.bytes, r->layer.digest, sizeof(r->layer.digest));
	text_printf(&r->config.bytes,
		    "{\"architecture\":\"amd64\",\"os\":\"linux\","
		    "\"created\":\"2026-01-01T00:00:00Z\","
		    "\"config\":{\"Cmd\":[\"/hello.txt\"]},"
		    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]},"
		    "\"history\":[{\"created\":\"2026-01-01T00:00:00Z\"}]}",
		    diff_id);
	digest(&r->config.bytes, r->config.digest, sizeof(r->config.digest));
	text_printf(&r->manifest.bytes,
		    "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\","
		    "\"config\":{\"mediaType\":\"" CONFIG_TYPE "\","
		    "\"size\":%zu,\"digest\":\"%s\"},"
		    "\"layers\":[{\"mediaType\":\"" LAYER_TYPE "\","
		    "\"size\":%zu,\"digest\":\"%s\"}]}",
		    r->config.bytes.n, r->config.digest, r->layer.bytes.n,
		    r->layer.digest);
	digest(&r->manifest.bytes, r->manifest.digest,
	       sizeof(r->manifest.digest));
	text_free(&tar);
	return r;
}

void
registry_free(struct registry *r)
{
	if (!r)
		return;
	text_free(&r->layer.bytes);
	text_free(&r->config.bytes);
	text_free(&r->manifest.bytes);
	free(r);
}

static void
add_version(struct answer *a)
{
	answer_header(a, "Docker-Distribution-Api-Version", "registry/2.0");
}

static enum MHD_Result
fail(struct request *req, unsigned status, const char *code)
{
	struct answer a = { .status = status, .type = JSON_TYPE };

	add_version(&a);
	text_printf(&a.body,
		    "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}", code,
		    code);
	return answer_send(req, &a, NULL);
}

static enum MHD_Result
send_blob(struct request *req, const struct blob *b, const char *type)
{
	struct answer a = { .status = 200, .type = type };

	add_version(&a);
	answer_header(&a, "Docker-Content-Digest", b->digest);
	text_add(&a.body, b->bytes.p, b->bytes.n);
	return answer_send(req, &a, NULL);
}

static enum MHD_Result
serve(struct request *req, const char *rest)
{
	const struct registry *r = req->srv->registry;

	if (strcmp(req->method, "GET") != 0 && strcmp(req->method, "HEAD") != 0)
		return fail(req, 405, "UNSUPPORTED");
	if (strcmp(rest, "") == 0 || strcmp(rest, "/") == 0) {
		struct answer a = { .status = 200, .type = JSON_TYPE };

		add_version(&a);
		text_puts(&a.body, "{}");
		return answer_send(req, &a, NULL);
	}
	if (strncmp(rest, "/" NAME "/", sizeof(NAME) + 1) != 0)
		return fail(req, 404, "NAME_UNKNOWN");
	rest += sizeof(NAME) + 1;
	if (strcmp(rest, "tags/list") == 0) {
		struct answer a = { .status = 200, .type = JSON_TYPE };

		add_version(&a);
		text_puts(&a.body,
			  "{\"name\":\"" NAME "\",\"tags\":[\"latest\"]}");
		return answer_send(req, &a, NULL);
	}
	if (strncmp(rest, "manifests/", 10) == 0) {
		if (strcmp(rest + 10, "latest") == 0 ||
		    strcmp(rest + 10, r->manifest.digest) == 0)
			return send_blob(req, &r->manifest, MANIFEST_TYPE);
		return fail(req, 404, "MANIFEST_UNKNOWN");
	}
	if (strncmp(rest, "blobs/", 6) == 0) {
		const char *type = "application/octet-stream";

		if (strcmp(rest + 6, r->config.digest) == 0)
			return send_blob(req, &r->config, type);
		if (strcmp(rest + 6, r->layer.digest) == 0)
			return send_blob(req, &r->layer, type);
		return fail(req, 404, "BLOB_UNKNOWN");
	}
	return fail(req, 404, "NAME_UNKNOWN");
}

static void
challenge(const struct server *srv, struct text *ret)
{
	if (srv->registry_realm)
		text_printf(ret, "Bearer realm=\"%s\",service=\"registry\"",
			    srv->registry_realm);
	else
		text_puts(ret, "Basic realm=\"registry\"");
}

static enum MHD_Result
deny(struct request *req, const char *how)
{
	struct answer a = { .status = 401, .type = JSON_TYPE };

	server_count(req->srv, COUNT_REGISTRY_DENIED);
	add_version(&a);
	answer_header(&a, "WWW-Authenticate", how);
	text_puts(&a.body, "{\"errors\":[{\"code\":\"UNAUTHORIZED\","
			   "\"message\":\"authentication required\"}]}");
	return answer_send(req, &a, NULL);
}

enum MHD_Result
registry_handle(struct request *req)
{
	bool allowed = store_guard(req, false) != NULL;
	struct text how = { 0 };
	enum MHD_Result result;
	struct fault *f;

	challenge(req->srv, &how);
	server_count(req->srv, COUNT_REGISTRY_REQUESTS);
	f = fault_take(req->srv, ON_REGISTRY);
	if (f && f->delay_ms > 0)
		(void)server_sleep(req->srv, f->delay_ms);
	if (fault_is_whole(f))
		result = fault_answer(req, f, NULL, text_str(&how));
	else if (!allowed)
		result = deny(req, text_str(&how));
	else
		result = serve(req, req->path + 3);
	fault_drop(req->srv, f);
	text_free(&how);
	return result;
}

/* A registry's own token service: the password comes back as the token. */
enum MHD_Result
registry_token(struct request *req)
{
	const struct token *t = store_guard(req, true);
	struct answer a = { .status = 200, .type = JSON_TYPE };

	server_count(req->srv, COUNT_REGISTRY_REQUESTS);
	if (!t)
		return deny(req, "Basic realm=\"registry\"");
	text_puts(&a.body, "{\"token\":");
	text_json(&a.body, t->text, t->n);
	text_puts(&a.body, ",\"expires_in\":300}");
	return answer_send(req, &a, NULL);
}
