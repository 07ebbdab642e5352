// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the interface promises: numbers, the feature, lists of ioctls, and which
 * descriptors the operation works on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/task32.h"
#include "oracle.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define NOBODY 65534
#define HUGETLB_TRIES 1000
#define MOVE_BIT (1ULL << _IOC_NR(UFFDIO_MOVE))

static const char *yes_if(bool so)
{
	return so ? "yes" : "no";
}

/* The request with the right type and number, but another size in it. */
static int move_with_size(struct scene *s, unsigned int size)
{
	unsigned long request = _IOC(_IOC_READ | _IOC_WRITE, _IOC_TYPE(UFFDIO_MOVE),
				     _IOC_NR(UFFDIO_MOVE), size);
	union {
		struct uffdio_move move;
		char room[128];
	} argument = {
		.move = {
			.dst = (uintptr_t)s->destination,
			.src = (uintptr_t)s->source,
			.len = page_size(),
		},
	};

	return ioctl(s->uffd, request, &argument) ? errno : 0;
}

void scenario_interface(struct test *t)
{
	static const unsigned int sizes[] = { 0, 8, 24, 32, 39, 41, 48, 64 };
	const char *other = "refused";
	struct scene s;

	scene_build(&s, t, 2, 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!move_with_size(&s, sizes[i]))
			other = "accepted";
	test_observe(t, "other_size", "%s", other);
	scene_move(&s, s.destination, s.source, 1, 0, NULL);
	test_observe(t, "native", "%s",
		     !strcmp(look_at(&s, s.destination, scene_tag(0)), "contents") ? "moved" : "not moved");
	scene_end(&s);
}

/* The structure is the same for a 32-bit task, and need only lie where it can reach it. */
void scenario_interface_task32(struct test *t)
{
#ifdef MAP_32BIT
	struct uffdio_move *argument;
	struct scene s;
	int error;

	scene_build(&s, t, 1, 0);
	argument = mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (argument == MAP_FAILED)
		machine_cannot(t, errno, "there is no memory below 4 GiB");
	*argument = (struct uffdio_move){
		.dst = (uintptr_t)s.destination,
		.src = (uintptr_t)s.source,
		.len = page_size(),
		.move = MOVE_SENTINEL,
	};
	error = task32_ioctl(s.uffd, UFFDIO_MOVE, argument);
	test_observe_result(t, "", error, argument->move);
	test_observe(t, "destination", "%s", look_at(&s, s.destination, scene_tag(0)));
	scene_end(&s);
#else
	machine_cannot(t, ENOSYS, "there is no memory of a 32-bit task here");
#endif
}

static void handshake(struct test *t, struct uffdio_api *api)
{
	int uffd = uffd_open_raw();

	*api = (struct uffdio_api){ .api = UFFD_API };
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, api))
		test_broken(t, "no handshake: %s", strerror(errno));
	close(uffd);
}

void scenario_feature_reported(struct test *t)
{
	struct uffdio_api api;

	handshake(t, &api);
	test_observe(t, "reported", "%s", yes_if(api.features & UFFD_FEATURE_MOVE));
}

void scenario_api_ioctls(struct test *t)
{
	struct uffdio_api api;

	handshake(t, &api);
	test_observe(t, "listed", "%s", yes_if(api.ioctls & MOVE_BIT));
}

static void move_with_features(struct test *t, uint64_t features, const char *suffix)
{
	struct scene s;

	scene_build(&s, t, 1, features);
	scene_observe_move(&s, suffix, 1, 0);
	scene_end(&s);
}

void scenario_feature_optional(struct test *t)
{
	move_with_features(t, 0, ".unasked");
	move_with_features(t, UFFD_FEATURE_MOVE, ".asked");
}

/* Register a range on a descriptor of its own and see whether MOVE is listed. */
static const char *registering_lists_move(struct test *t, void *start, size_t bytes,
					  uint64_t features, uint64_t mode)
{
	int uffd = uffd_open(features);
	uint64_t ioctls = 0;
	int error = uffd < 0 ? errno : uffd_register(uffd, start, bytes, mode, &ioctls);

	if (error)
		machine_cannot(t, error, "the range could not be registered");
	close(uffd);
	return yes_if(ioctls & MOVE_BIT);
}

void scenario_register_reports(struct test *t)
{
	char *page = map_pages(t, 1);

	test_observe(t, "missing", "%s",
		     registering_lists_move(t, page, page_size(), 0,
					    UFFDIO_REGISTER_MODE_MISSING));
}

void scenario_register_reports_protection(struct test *t)
{
	char *page = map_pages(t, 1);
	uint64_t wp = UFFD_FEATURE_PAGEFAULT_FLAG_WP;

	test_observe(t, "protection", "%s",
		     registering_lists_move(t, page, page_size(), wp, UFFDIO_REGISTER_MODE_WP));
	test_observe(t, "both", "%s",
		     registering_lists_move(t, page, page_size(), wp,
					    UFFDIO_REGISTER_MODE_MISSING |
					    UFFDIO_REGISTER_MODE_WP));
}

void scenario_register_reports_access_protection(struct test *t)
{
	char *page = map_pages(t, 1);
	uint64_t rwp = UFFD_FEATURE_RWP;

	test_observe(t, "access", "%s",
		     registering_lists_move(t, page, page_size(), rwp, UFFDIO_REGISTER_MODE_RWP));
	test_observe(t, "both", "%s",
		     registering_lists_move(t, page, page_size(), rwp,
					    UFFDIO_REGISTER_MODE_MISSING |
					    UFFDIO_REGISTER_MODE_RWP));
}

void scenario_register_shmem(struct test *t)
{
	int fd = memfd_create("scenario", MFD_CLOEXEC);
	char *page;

	if (fd < 0 || ftruncate(fd, page_size()))
		machine_cannot(t, errno, "there is no memfd");
	page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		machine_cannot(t, errno, "the memfd cannot be mapped");
	test_observe(t, "shmem", "%s",
		     registering_lists_move(t, page, page_size(), UFFD_FEATURE_MISSING_SHMEM,
					    UFFDIO_REGISTER_MODE_MISSING));
}

/* The pages of a process that has just ended come free a little later. */
static char *map_hugetlb(struct test *t, size_t bytes)
{
	char *page = MAP_FAILED;

	for (int i = 0; i < HUGETLB_TRIES && page == MAP_FAILED; i++) {
		page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (page == MAP_FAILED && errno != ENOMEM)
			break;
		if (page == MAP_FAILED)
			let_others_run();
	}
	if (page == MAP_FAILED)
		machine_cannot(t, errno, "there is no hugetlb page");
	return page;
}

/* Unmaps a hugetlb page; it can be unmapped only whole, which tells its size in bytes. */
static size_t unmap_hugetlb(void *page)
{
	size_t size = page_size();

	while (munmap(page, size))
		size *= 2;
	return size;
}

void scenario_register_hugetlb(struct test *t)
{
	size_t size = unmap_hugetlb(map_hugetlb(t, 1));

	test_observe(t, "hugetlb", "%s",
		     registering_lists_move(t, map_hugetlb(t, size), size,
					    UFFD_FEATURE_MISSING_HUGETLBFS,
					    UFFDIO_REGISTER_MODE_MISSING));
}

struct outcome_of_child {
	int error;
	int64_t move;
	bool ready;
};

/* A descriptor as anybody may make it; the call is made by nobody. */
static _Noreturn void move_as_nobody(struct test *t, struct outcome_of_child *o)
{
	struct scene s = { .test = t, .pages = 1 };
	struct uffdio_api api = { .api = UFFD_API };

	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
			       setresuid(NOBODY, NOBODY, NOBODY)))
		_exit(1);
	s.uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (s.uffd < 0 || ioctl(s.uffd, UFFDIO_API, &api))
		_exit(2);
	s.source = map_pages(t, 1);
	s.destination = map_pages(t, 1);
	fill_page(s.source, scene_tag(0));
	if (uffd_register(s.uffd, s.destination, page_size(), UFFDIO_REGISTER_MODE_MISSING, NULL))
		_exit(3);
	o->error = scene_move(&s, s.destination, s.source, 1, 0, &o->move);
	o->ready = true;
	_exit(0);
}

void scenario_user_mode_only(struct test *t)
{
	struct outcome_of_child *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	if (o == MAP_FAILED)
		test_broken(t, "no memory: %s", strerror(errno));
	child = machine_fork(t);
	if (child == 0)
		move_as_nobody(t, o);
	test_wait(t, child);
	if (!o->ready)
		test_broken(t, "a user without privilege got no answer");
	test_observe_result(t, "", o->error, o->move);
}

void scenario_nonblock(struct test *t)
{
	struct scene s;
	int flags;

	scene_build(&s, t, 1, 0);
	flags = fcntl(s.uffd, F_GETFL);
	fcntl(s.uffd, F_SETFL, flags & ~O_NONBLOCK);
	scene_observe_move(&s, ".blocking", 1, 0);
	scene_end(&s);

	scene_build(&s, t, 1, 0);
	fcntl(s.uffd, F_SETFL, flags | O_NONBLOCK);
	scene_observe_move(&s, ".nonblocking", 1, 0);
	scene_end(&s);
}

static int move_with_mode(struct scene *s, uint64_t mode, unsigned int *accepted)
{
	int error = scene_move(s, s->destination, s->source, 1, mode, NULL);

	if (page_is_there(s->test, s->destination)) {
		++*accepted;
		scene_move(s, s->source, s->destination, 1, 0, NULL);
	}
	return error;
}

/* Each alone, and beside every set of those that are known. */
void scenario_unknown_bits(struct test *t)
{
	const struct contract *c = &uffdio_move_contract;
	const uint64_t known = contract_mode(c, contract_n_modes(c) - 1);
	unsigned int accepted = 0, refused = 0;
	int answer = EINVAL;
	struct scene s;

	scene_build(&s, t, 1, 0);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_MISSING);
	for (unsigned int bit = 0; bit < 64; bit++)
		for (uint64_t beside = 0; beside <= known && !(known >> bit & 1); beside++) {
			int error = move_with_mode(&s, 1ULL << bit | beside, &accepted);

			/* One that answers differently is the one to be told. */
			if (error != EINVAL)
				answer = error;
			refused += !!error;
		}
	test_observe(t, "refused", "%u", refused);
	test_observe(t, "accepted", "%u", accepted);
	test_observe(t, "errno", "%s", error_name(answer));
	scene_end(&s);
}
