/*
 * Every maximum of the project, with its reason. Sizes are in bytes, times
 * in the unit that the name ends in.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* A stderr line is at most 300 bytes with "apptoken: " and its LF. */
#define LINE_MAX_STDERR 300
#define WHY_MAX 288
/* Foreign text (server, keyring, client) inside such a line. */
#define FOREIGN_MAX 200

/* gitcredentials: git's own readers stop at 64 KiB with the LF. */
#define GIT_LINE_MAX 65535
#define REQUEST_MAX (1024 * 1024)
/* A docker server URL; docker's own are far shorter. */
#define SERVER_MAX 4096

/* RFC 1035 2.3.4: 253 visible characters, labels of 63. */
#define HOST_NAME_MAX_LEN 253
#define HOST_LABEL_MAX 63
/* "[" + 45 characters of an IPv6 text + "]", or a host name. */
#define HOST_MAX 255

/* Names of apps and providers, so that they are safe as file names. */
#define NAME_LEN_MAX 64
#define USERNAME_MAX 255
/* A variable's value (providers: at most 1024 bytes). */
#define VARIABLE_MAX 1024
#define CONF_MAX (4 * 1024 * 1024)
#define PROFILE_MAX (64 * 1024)
#define PROFILE_LINES_MAX 256
#define APP_ENTRIES_MAX 256
/* All "name=value" lines that shaped a token. */
#define VARIABLES_TEXT_MAX (16 * 1024)

/* RFC 6750 2.1 sets no length; GitHub's have 520, Entra's 3 KiB. */
#define TOKEN_MAX 8192
/* Keyring payload, keeper request, keeper answer. */
#define RECORD_MAX (64 * 1024)
#define WIRE_MAX (64 * 1024)
/* A 16384-bit RSA key is 12.5 KiB of PEM. */
#define PEM_MAX (32 * 1024)
#define PASSPHRASE_MAX 1024
/* Header and claims of a JWT, encoded. */
#define JWT_MAX (16 * 1024)
#define URL_LEN_MAX 4096

#define BODY_MAX (64 * 1024)
#define HEADERS_MAX (64 * 1024)
#define JSON_DEPTH_MAX 8
/* Members of all open objects: remembered on the stack, to find twins. */
#define JSON_KEYS_MAX 1024

/* Lifetimes of an access token that are believed, in seconds. */
#define LIFE_MIN_S 10
#define LIFE_MAX_S (24 * 60 * 60)

/* security: one keyring call, a prompt, waiting for the lock. */
#define KEYRING_CALL_MS 5000
#define PROMPT_MS 120000
#define LOCK_WAIT_MS 15000
/* A whole helper call: the app's timeout and this. */
#define CALL_EXTRA_MS 5000
#define CONNECT_MS 5000
#define TIMEOUT_DEFAULT_S 15
#define TIMEOUT_MAX_S 120
#define ATTEMPTS_MAX 3
#define RETRY_AFTER_MAX_S 5
/* A longer Retry-After keeps every process from minting, at most so long. */
#define HOLD_OFF_MAX_S 900
#define SKEW_MIN_S 30
#define SKEW_MAX_S (24 * 60 * 60)
/* After a failed refresh the next one starts so much later. */
#define REFRESH_RETRY_MS 60000
/* A replacement that is rejected within this stops minting for as long. */
#define REJECTED_AGAIN_MS 30000

#endif
