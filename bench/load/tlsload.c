/* tlsload: telephones over mutual TLS, in a closed loop against one SIP server.
 *
 *   tlsload OPERATION --server ADDRESS:PORT --name TLSNAME --domain DOMAIN --users FILE
 *           --ca FILE --phones N --seconds S [--first N] [--warmup S] [--tls 1.2|1.3]
 *
 * OPERATION is register (REGISTER, 401, REGISTER, 200), call (INVITE, 407, ACK, INVITE, 200, ACK,
 * BYE, 200 between two phones of a pair; both are here), full or resumed (a TLS handshake, proved
 * by the 401 that answers a first REGISTER; then the connection is closed).
 * The phones are N users of FILE from the --first on. A line of FILE is "user password pem", and
 * pem holds the user's certificate and private key.
 *
 * It connects and registers N phones, runs the warm-up, prints {"ready":true} and waits for a
 * line on standard input; runs for S seconds, lets every begun operation end, and prints one JSON
 * line. So whoever reads the server's counters at "ready" and at the end counts exactly these
 * operations. With 0 seconds it only holds the phones' registrations until that line (or the end
 * of input) comes. Loopback only, unless the server lies in the same network namespace.
 */
#define _GNU_SOURCE
#include "phone.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum { PATIENCE = 4 /* seconds */ };

static struct phone *phones;
static int count;

static void turn(void)
{
	struct epoll_event events[64];
	static double swept;
	int n = epoll_wait(load.epoll, events, 64, 100);
	for (int i = 0; i < n; i++)
		on_event(events[i].data.ptr, events[i].events);
	if (now() - swept < 0.2)
		return;
	swept = now();
	for (struct phone *p = phones; p < phones + count; p++)
		if (p->busy && swept - p->begun > PATIENCE)
			finish(p, TIMED_OUT);
}

/* One phone after the other: a storm of handshakes is an operation of its own. */
static void open_all(void)
{
	for (struct phone *p = phones; p < phones + count; p++) {
		double until = now() + PATIENCE;
		for (dial(p); p->link != OPEN; turn()) {
			if (p->link == CLOSED)
				die("the server refused the connection of %s", p->account.user);
			if (now() > until)
				die("the server does not answer the connection of %s", p->account.user);
		}
	}
}

static void each_once(void)
{
	for (struct phone *p = phones; p < phones + count; p++)
		for (begin(p); load.running;)
			turn();
}

static double run(double seconds)
{
	double from = now();
	load.done = load.failed = 0;
	memset(load.statuses, 0, sizeof load.statuses);
	load.deadline = from + seconds;
	for (int i = 0; i < count; i += load.operation == CALL ? 2 : 1)
		if (phones[i].link == OPEN || is_handshake())
			begin(phones + i);
	while (load.running)
		turn();
	return now() - from;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void print_result(double seconds)
{
	static const char *const names[] = {"connection lost", "no answer", "not resumed"};
	const char *separator = "";
	qsort(load.latency, load.done, sizeof *load.latency, ascending);
	printf("{\"done\":%zu,\"failed\":%u,\"seconds\":%.6f,\"latency_ms\":{", load.done, load.failed, seconds);
	for (int i = 0; i < 3; i++) {
		static const int percent[] = {50, 90, 99};
		printf("%s\"p%d\":%.3f", i ? "," : "", percent[i],
		       load.done ? load.latency[(load.done - 1) * (size_t)percent[i] / 100] * 1e3 : 0);
	}
	printf("},\"failures\":{");
	for (int i = 0; i < 700; i++) {
		if (!load.statuses[i])
			continue;
		if (i <= NOT_RESUMED)
			printf("%s\"%s\":%u", separator, names[i], load.statuses[i]);
		else
			printf("%s\"%d\":%u", separator, i, load.statuses[i]);
		separator = ",";
	}
	printf("}}\n");
	fflush(stdout);
}

static void read_users(const char *path, int first)
{
	FILE *file = fopen(path, "r");
	char pem[512];
	if (!file)
		die("%s: %s", path, strerror(errno));
	while (first--)
		if (fscanf(file, "%*[^\n]\n"))
			die("%s has too few users", path);
	for (struct phone *p = phones; p < phones + count; p++) {
		if (fscanf(file, "%63s %127s %511s", p->account.user, p->account.password, pem) != 3)
			die("%s has fewer than %d users", path, count);
		BIO *bio = BIO_new_file(pem, "r");
		p->certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
		p->key = bio && !BIO_reset(bio) ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
		BIO_free(bio);
		if (!p->certificate || !p->key)
			die("%s holds no certificate with its key", pem);
	}
	fclose(file);
}

static void prepare_tls(const char *ca, const char *version)
{
	int number = version && !strcmp(version, "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
	load.context = SSL_CTX_new(TLS_client_method());
	if (!load.context || SSL_CTX_load_verify_file(load.context, ca) != 1)
		die("%s holds no trust anchor", ca);
	SSL_CTX_set_min_proto_version(load.context, number);
	SSL_CTX_set_max_proto_version(load.context, number);
	SSL_CTX_set_verify(load.context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(load.context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(load.context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(load.context, keep_session);
}

int main(int argc, char **argv)
{
	static const char *const operations[] = {"register", "call", "full", "resumed"};
	static const struct option options[] = {
	    {"server", 1, 0, 's'}, {"name", 1, 0, 'n'},	   {"domain", 1, 0, 'd'}, {"users", 1, 0, 'u'},
	    {"ca", 1, 0, 'a'},	   {"phones", 1, 0, 'p'},  {"seconds", 1, 0, 't'}, {"warmup", 1, 0, 'w'},
	    {"tls", 1, 0, 'v'},	   {"first", 1, 0, 'f'},  {0, 0, 0, 0}};
	const char *at = NULL, *users = NULL, *ca = NULL, *version = NULL;
	double seconds = -1, warmup = 0;
	char host[64], line[16];
	int port, chosen, first = 0, found = -1;
	while ((chosen = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (chosen) {
		case 's': at = optarg; break;
		case 'n': load.tls_name = optarg; break;
		case 'd': load.domain = optarg; break;
		case 'u': users = optarg; break;
		case 'a': ca = optarg; break;
		case 'p': count = atoi(optarg); break;
		case 't': seconds = atof(optarg); break;
		case 'w': warmup = atof(optarg); break;
		case 'v': version = optarg; break;
		case 'f': first = atoi(optarg); break;
		default: return 2;
		}
	for (int i = 0; i < 4 && optind < argc; i++)
		if (!strcmp(argv[optind], operations[i]))
			found = i;
	if (found < 0 || !at || !load.tls_name || !load.domain || !users || !ca || count < 2 || count % 2 || count > 20000 ||
	    seconds < 0 || seconds > 60 || warmup < 0 || warmup > 60)
		die("see the head of tlsload.c for the arguments");
	if (sscanf(at, "%63[^:]:%d", host, &port) != 2 || inet_pton(AF_INET, host, &load.server.sin_addr) != 1)
		die("%s is not ADDRESS:PORT", at);
	load.server.sin_family = AF_INET;
	load.server.sin_port = htons((unsigned short)port);
	struct rlimit files = {(rlim_t)count + 64, (rlim_t)count + 64};
	setrlimit(RLIMIT_NOFILE, &files);
	phones = calloc((size_t)count, sizeof *phones);
	if (!phones || (load.epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("out of memory");
	signal(SIGPIPE, SIG_IGN); /* a server that hangs up is a failed operation, not our end */
	prepare_tls(ca, version);
	read_users(users, first);

	load.operation = found == RESUMED || found == FULL ? found : REGISTER;
	if (load.operation == REGISTER)
		open_all();
	each_once();
	if (load.failed) {
		print_result(0);
		die("%u of %d phones could not be set up", load.failed, count);
	}
	load.operation = found;
	run(warmup);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	int go = fgets(line, sizeof line, stdin) != NULL;
	print_result(go && seconds > 0 ? run(seconds) : 0);
	return 0;
}
