/*
 * Limits how many TCP connections Asterisk keeps, so that descriptors are left for everything else.
 *
 * PJSIP accepts connections until it has no descriptor left, or none of the 1,024 places that its
 * event queue was compiled with (PJ_IOQUEUE_MAX_HANDLES). A TLS connection without a handshake is
 * kept forever, and after 50 failures of accept() a listener stops for good (ioqueue_on_accept_
 * complete() in pjlib/src/pj/activesock.c). pjproject has no setting against that, and it is no
 * module but a library in which everything depends on everything. So this is a library for
 * LD_PRELOAD that stands between Asterisk and listen(), accept() and close():
 *
 * - At most half of the descriptors, and no more than MOST, are connections that were accepted.
 * - Above that, connections are shut down, and Asterisk closes them as if the other side had ended
 *   them. Silent ones go first, then those that have hardly sent anything, then others; of these,
 *   those of the address that has most of them, and of these the oldest.
 * - A connection on which nothing has come for SILENT_SECONDS is shut down, too.
 * - Listeners have a longer queue than PJSIP's five places, which a flood fills for all others.
 * - A listener that accepts one connection after another pauses for other work: PJSIP's one thread
 *   for events would do nothing else while connections come faster than it accepts them.
 * - If there is no descriptor for a connection, it is closed instead of left in the queue.
 *
 * In other programs, such as those that Asterisk starts, it does nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 768           /* of the 1,024 places of pjproject's event queue */
#define FEW_PLACES_LEFT 896
#define NO_PLACE_LEFT 992
#define PLACE_KEPT 600     /* milliseconds; a place is free 500 after its connection was closed */
#define MANY 8             /* connections of one address that make it wait if few places are left */
#define IN_A_ROW 32        /* connections that a listener accepts before other work is done */
#define SILENT_AFTER 2000  /* milliseconds in which every client has sent something */
#define HARDLY_ANYTHING 4096 /* bytes; a TLS handshake has up to 2,000, a registration 1,000 */
#define REPORT_EVERY 60000 /* milliseconds */
#define SILENT_SECONDS 20  /* less than the 32 after which Asterisk ends them with a line each */
#define SWEEP_SECONDS 5
#define QUEUE 128          /* connections that wait for accept() */
#define DESCRIPTORS 65536  /* higher ones are not counted; the lowest free one is used first */

enum rank { SILENT, HARDLY_HEARD, HEARD };

struct connection {
	int fd;
	int ended; /* shut down, and not closed yet */
	long long since; /* milliseconds */
	unsigned char source[16]; /* the IPv4 address, mapped, or the /64 network of the IPv6 address */
	enum rank rank;
};

struct source {
	int first, count; /* of the candidates, in order */
};

/* Asterisk's own; levels are those of its logger.h. */
extern void ast_log(int level, const char *file, int line, const char *function,
	const char *format, ...) __attribute__((weak, format(printf, 5, 6)));
#define LEVEL_WARNING 3

static int (*next_accept)(int, struct sockaddr *, socklen_t *);
static int (*next_close)(int);
static int (*next_listen)(int, int);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* for all that follows */
static struct connection connections[MOST + MOST / 4 + 1];
static int connection_count, ended_count;
static unsigned short places[DESCRIPTORS]; /* index into connections plus one, by descriptor */
static int reserve = -1; /* a descriptor for accept() when there is no other */
static long long closings[1024]; /* when connections were closed, the last of them */
static unsigned closing_count;
static int shed_since_report;
static long long last_report = -REPORT_EVERY;
static __thread int accepted_in_a_row;
static __thread unsigned failures;

static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }

static void resolve(void)
{
	if (!next_listen) {
		next_accept = (int (*)(int, struct sockaddr *, socklen_t *)) dlsym(RTLD_NEXT, "accept");
		next_close = (int (*)(int)) dlsym(RTLD_NEXT, "close");
		next_listen = (int (*)(int, int)) dlsym(RTLD_NEXT, "listen");
	}
}

static int active(void)
{
	static int known;

	if (!known) {
		known = strcmp(program_invocation_short_name, "asterisk") ? -1 : 1;
	}
	return known > 0;
}

static void open_reserve(void)
{
	if (reserve < 0) {
		reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
}

static __attribute__((constructor)) void start(void)
{
	resolve();
	if (active()) {
		pthread_atfork(lock, unlock, unlock);
	}
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static int limit(void)
{
	struct rlimit descriptors;

	if (getrlimit(RLIMIT_NOFILE, &descriptors) || descriptors.rlim_cur / 2 > MOST) {
		return MOST;
	}
	return descriptors.rlim_cur / 2;
}

/* Whether a socket's other end has an IP address, which is written to source. */
static int read_source(const struct sockaddr_storage *address, unsigned char source[16])
{
	memset(source, 0, 16);
	if (address->ss_family == AF_INET) {
		memset(source + 10, 0xff, 2);
		memcpy(source + 12, &((const struct sockaddr_in *) address)->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		const struct in6_addr *ip = &((const struct sockaddr_in6 *) address)->sin6_addr;
		memcpy(source, ip, IN6_IS_ADDR_V4MAPPED(ip) ? 16 : 8);
	} else {
		return 0;
	}
	return 1;
}

static void forget(int fd)
{
	int place = places[fd] - 1;

	ended_count -= connections[place].ended;
	connections[place] = connections[--connection_count];
	places[connections[place].fd] = place + 1;
	places[fd] = 0;
	closings[closing_count++ % 1024] = now();
}

/* How many places of the event queue are taken. */
static int places_taken(long long time)
{
	int taken = connection_count;

	for (int i = 0; i < 1024; i++) {
		taken += closings[i] && time - closings[i] < PLACE_KEPT;
	}
	return taken;
}

static int connections_of(const unsigned char source[16])
{
	int count = 0;

	for (int i = 0; i < connection_count; i++) {
		count += !memcmp(connections[i].source, source, 16);
	}
	return count;
}

static enum rank rank_of(const struct connection *connection, long long time)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info)); /* an older kernel knows fewer of its fields */
	if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size)) {
		return HARDLY_HEARD;
	}
	if (!info.tcpi_bytes_received && time - connection->since > SILENT_AFTER) {
		return SILENT;
	}
	return info.tcpi_bytes_received < HARDLY_ANYTHING ? HARDLY_HEARD : HEARD;
}

static int by_source_and_age(const void *left, const void *right)
{
	const struct connection *a = &connections[*(const int *) left];
	const struct connection *b = &connections[*(const int *) right];
	int order = memcmp(a->source, b->source, sizeof(a->source));

	return order ? order : (a->since > b->since) - (a->since < b->since);
}

/* Asterisk then reads the end of the connection. It is not closed yet: close() takes the mutex. */
static void end(struct connection *connection)
{
	shutdown(connection->fd, SHUT_RDWR);
	connection->ended = 1;
	ended_count++;
}

static void *sweep(void *unused)
{
	for (;;) {
		sleep(SWEEP_SECONDS);
		lock();
		long long time = now();
		for (int i = 0; i < connection_count; i++) {
			struct connection *each = &connections[i];
			if (!each->ended && time - each->since > SILENT_SECONDS * 1000
				&& rank_of(each, time) == SILENT) {
				end(each);
			}
		}
		unlock();
	}
	return unused;
}

static void start_sweeping(void)
{
	static int begun;
	sigset_t all, before;
	pthread_t thread;

	if (!begun) {
		begun = 1;
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for Asterisk's threads */
		if (!pthread_create(&thread, NULL, sweep, NULL)) {
			pthread_detach(thread);
		}
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
}

/*
 * Shuts down connections until fewer are left than there may be: some more than needed where one
 * address has many, since looking at all of them for each new one would take long.
 * Returns how many, and a source that had most.
 */
static int shed(int most, unsigned char worst[16])
{
	static int candidates[sizeof(connections) / sizeof(connections[0])];
	static struct source sources[sizeof(connections) / sizeof(connections[0])];
	enum rank lowest = HEARD;
	long long time = now();
	int candidate_count = 0, source_count = 0, wanted = 1, shut = 0;

	for (int i = 0; i < connection_count; i++) {
		if (!connections[i].ended) {
			connections[i].rank = rank_of(&connections[i], time);
			if (connections[i].rank < lowest) {
				lowest = connections[i].rank;
			}
		}
	}
	for (int i = 0; i < connection_count; i++) {
		if (!connections[i].ended && connections[i].rank == lowest) {
			candidates[candidate_count++] = i;
		}
	}
	qsort(candidates, candidate_count, sizeof(candidates[0]), by_source_and_age);
	for (int i = 0; i < candidate_count; i++) {
		if (!i || memcmp(connections[candidates[i]].source, connections[candidates[i - 1]].source, 16)) {
			sources[source_count++] = (struct source) { .first = i };
		}
		sources[source_count - 1].count++;
	}
	while (shut < wanted) {
		struct source *heaviest = sources;

		for (int i = 1; i < source_count; i++) {
			if (sources[i].count > heaviest->count) {
				heaviest = &sources[i];
			}
		}
		if (!source_count || !heaviest->count) {
			break;
		}
		struct connection *victim = &connections[candidates[heaviest->first]];
		if (!shut) {
			wanted = lowest == SILENT ? most / 16 : heaviest->count / 16;
			memcpy(worst, victim->source, 16);
		}
		end(victim);
		heaviest->first++;
		heaviest->count--;
		shut++;
	}
	return shut;
}

static void report(int count, int most, const unsigned char source[16])
{
	char text[INET6_ADDRSTRLEN] = "";

	if (!memcmp(source, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) {
		inet_ntop(AF_INET, source + 12, text, sizeof(text));
	} else {
		inet_ntop(AF_INET6, source, text, sizeof(text));
	}
	if (ast_log) {
		ast_log(LEVEL_WARNING, "connection_limit.c", __LINE__, __func__, "%d TCP connections were "
			"ended: no more than %d are kept (half of the file descriptors, at most %d); "
			"most were from %s\n", count, most, MOST, text);
	}
}

/* Counts a new connection, and makes room for it; returns 0 if there is none. */
static int admit(int fd, const struct sockaddr_storage *address)
{
	struct connection new = { .fd = fd, .since = now() };
	unsigned char worst[16];
	int most = limit(), reported = 0, taken, room;

	if (fd >= DESCRIPTORS || !read_source(address, new.source)) {
		return 1;
	}
	lock();
	open_reserve();
	start_sweeping();
	if (connection_count - ended_count >= most) {
		shed_since_report += shed(most, worst);
		if (shed_since_report && new.since - last_report >= REPORT_EVERY) {
			last_report = new.since;
			reported = shed_since_report;
			shed_since_report = 0;
		}
	}
	if (places[fd]) { /* it was closed by other means than close() */
		forget(fd);
	}
	taken = places_taken(new.since);
	room = connection_count < most + most / 4 && taken < NO_PLACE_LEFT
		&& (taken < FEW_PLACES_LEFT || connections_of(new.source) < MANY);
	if (room) {
		connections[connection_count++] = new;
		places[fd] = connection_count;
	}
	unlock();
	if (reported) {
		report(reported, most, worst);
	}
	return room;
}

/* Takes a connection for which there is no descriptor from the queue, and closes it. */
static void refuse(int listener)
{
	int fd;

	lock();
	if (reserve >= 0) {
		next_close(reserve);
		reserve = -1;
		fd = next_accept(listener, NULL, NULL);
		if (fd >= 0) {
			next_close(fd);
		}
	}
	open_reserve();
	unlock();
}

/*
 * PJSIP gives up a listener that fails with the same error 50 times in a row. EAGAIN, where it asks
 * for one more connection, sends it to other work.
 */
static int fail(void)
{
	static const int errors[] = { ECONNABORTED, EINTR, EAGAIN };

	accepted_in_a_row = 0;
	errno = errors[failures++ % 3];
	return -1;
}

int accept(int listener, struct sockaddr *address, socklen_t *size)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t peer_size = sizeof(peer);
	int fd, error;
	int waits = !active() || !(fcntl(listener, F_GETFL) & O_NONBLOCK);

	resolve();
	if (!waits && accepted_in_a_row >= IN_A_ROW) {
		accepted_in_a_row = 0;
		errno = EAGAIN;
		return -1;
	}
	fd = next_accept(listener, (struct sockaddr *) &peer, &peer_size);
	if (fd < 0) {
		error = errno;
		if (!waits && (error == EMFILE || error == ENFILE)) {
			refuse(listener);
			return fail();
		}
		accepted_in_a_row = 0;
		errno = error;
		return -1;
	}
	accepted_in_a_row++;
	if (!waits && !admit(fd, &peer)) {
		next_close(fd);
		return fail();
	}
	if (address && size) {
		memcpy(address, &peer, *size < peer_size ? *size : peer_size);
		*size = peer_size;
	}
	return fd;
}

int listen(int fd, int queue)
{
	resolve();
	return next_listen(fd, active() && queue < QUEUE ? QUEUE : queue);
}

int close(int fd)
{
	resolve();
	if (fd >= 0 && fd < DESCRIPTORS && places[fd]) {
		lock();
		if (places[fd]) {
			forget(fd);
		}
		unlock();
	}
	return next_close(fd);
}
