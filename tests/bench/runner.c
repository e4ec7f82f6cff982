/*
 * Times whole processes in turn: A B C A B C …, so that a machine whose
 * speed drifts is unfair to nobody.
 *
 * runner ROUNDS NAME STDIN PROGRAM [ARGUMENT]... [-- NAME STDIN PROGRAM …]…
 *
 * Two rounds are run first and not counted. Standard output and error of the
 * programs are thrown away. For each one line of JSON: name, median and 90th
 * percentile of wall time in microseconds, median processor time, largest
 * resident set in KiB, exit status of the last run.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/num.h"

#include "core/banned.h"

#define PROGRAMS_MAX 32
#define ROUNDS_MAX 10000
#define WARM_UP 2

struct program {
	const char *name;
	const char *input;
	char **argv;
	int64_t *wall_us;
	int64_t *cpu_us;
	long peak_kib;
	int status;
};

extern char **environ;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "runner: %s\n", what);
	exit(2);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
us_of(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

/* index below 0: a warm-up round. */
static void
run(struct program *p, int index)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int64_t start_us, end_us;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, p->input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	start_us = now_us();
	if (posix_spawnp(&pid, p->argv[0], &actions, NULL, p->argv, environ) !=
	    0)
		die(p->argv[0]);
	while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		continue;
	end_us = now_us();
	posix_spawn_file_actions_destroy(&actions);
	p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	if (index < 0)
		return;
	p->wall_us[index] = end_us - start_us;
	p->cpu_us[index] = us_of(usage.ru_utime) + us_of(usage.ru_stime);
	if (usage.ru_maxrss > p->peak_kib)
		p->peak_kib = usage.ru_maxrss;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static size_t
read_programs(char **args, struct program *programs)
{
	size_t count = 0;

	while (*args != NULL) {
		struct program *p = &programs[count];

		if (count++ == PROGRAMS_MAX)
			die("too many programs");
		if (args[1] == NULL || args[2] == NULL)
			die("NAME STDIN PROGRAM are wanted");
		p->name = args[0];
		p->input = args[1];
		p->argv = args + 2;
		for (args += 2; *args != NULL && strcmp(*args, "--") != 0;)
			args++;
		if (*args != NULL)
			*args++ = NULL;
	}
	return count;
}

int
main(int argc, char **argv)
{
	static struct program programs[PROGRAMS_MAX];
	uint64_t rounds;
	size_t count;

	if (argc < 5 || num_parse_u64(span_of(argv[1]), 1, ROUNDS_MAX,
				      &rounds) != RC_OK)
		die("ROUNDS NAME STDIN PROGRAM are wanted");
	count = read_programs(argv + 2, programs);
	for (size_t i = 0; i < count; i++) {
		programs[i].wall_us = calloc(rounds, sizeof(int64_t));
		programs[i].cpu_us = calloc(rounds, sizeof(int64_t));
		if (programs[i].wall_us == NULL || programs[i].cpu_us == NULL)
			die("out of memory");
	}
	for (int r = -WARM_UP; r < (int)rounds; r++) {
		for (size_t i = 0; i < count; i++)
			run(&programs[i], r);
	}
	for (size_t i = 0; i < count; i++) {
		struct program *p = &programs[i];

		qsort(p->wall_us, rounds, sizeof(int64_t), compare);
		qsort(p->cpu_us, rounds, sizeof(int64_t), compare);
		printf("{\"name\":\"%s\",\"median_us\":%lld,\"p90_us\":%lld,"
		       "\"cpu_us\":%lld,\"peak_kib\":%ld,\"status\":%d}\n",
		       p->name, (long long)p->wall_us[rounds / 2],
		       (long long)p->wall_us[rounds * 9 / 10],
		       (long long)p->cpu_us[rounds / 2], p->peak_kib,
		       p->status);
	}
	return 0;
}
