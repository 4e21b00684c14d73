/* One telephone: its TLS connection, the SIP it speaks, and the operation it has under way. */
#ifndef PHONE_H
#define PHONE_H
#include "sip.h"
#include <netinet/in.h>
#include <openssl/ssl.h>

enum { ROOM = 16384, LOST = 0, TIMED_OUT = 1, NOT_RESUMED = 2, STATUSES = 700 };
enum operation { REGISTER, CALL, FULL, RESUMED };
enum link { CLOSED, CONNECTING, SHAKING, OPEN };

struct phone {
	struct account account;
	char address[64];
	X509 *certificate;
	EVP_PKEY *key;
	SSL_SESSION *session;
	SSL *ssl;
	int fd;
	enum link link;
	char in[ROOM], out[ROOM];
	size_t in_length, out_length;
	/* the one operation under way */
	int busy, challenged, final, port;
	unsigned serial, cseq;
	char method[12], uri[256], to[512], route[2048];
	double begun;
};

/* What all phones share, and what they have done so far. */
struct load {
	enum operation operation;
	const char *domain, *tls_name;
	struct sockaddr_in server;
	SSL_CTX *context;
	int epoll, running;
	double deadline; /* operations begin until then; 0 while setting up */
	double *latency; /* of each operation that was done, in seconds */
	size_t done, room;
	unsigned failed, statuses[STATUSES];
};

extern struct load load;

double now(void);
int is_handshake(void);
void dial(struct phone *p);
void begin(struct phone *p);
void finish(struct phone *p, int status);
void on_event(struct phone *p, unsigned events);
int keep_session(SSL *ssl, SSL_SESSION *session);
#endif
