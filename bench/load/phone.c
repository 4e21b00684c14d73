#define _GNU_SOURCE
#include "phone.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct load load;

double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int is_handshake(void)
{
	return load.operation == FULL || load.operation == RESUMED;
}

/* ---- the connection ---------------------------------------------------------------- */

static void hang_up(struct phone *p)
{
	if (p->link == CLOSED)
		return;
	SSL_set_shutdown(p->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* keeps the session good */
	SSL_free(p->ssl);
	close(p->fd);
	p->link = CLOSED;
}

void finish(struct phone *p, int status)
{
	if (!p->busy)
		return;
	p->busy = 0;
	load.running--;
	if (status == 200) {
		if (load.done == load.room) {
			load.room = 2 * load.room + 4096;
			load.latency = realloc(load.latency, load.room * sizeof *load.latency);
			if (!load.latency)
				die("out of memory");
		}
		load.latency[load.done++] = now() - p->begun;
	} else {
		load.failed++;
		load.statuses[status >= 0 && status < 700 ? status : LOST]++;
	}
	if (is_handshake())
		hang_up(p);
	if (now() < load.deadline && (p->link == OPEN || is_handshake()))
		begin(p);
}

static void lose(struct phone *p)
{
	ERR_clear_error();
	hang_up(p);
	finish(p, LOST);
}

static void watch(struct phone *p, int change)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
	if (p->link == CONNECTING || p->out_length || (p->link == SHAKING && SSL_want_write(p->ssl)))
		event.events |= EPOLLOUT;
	if (epoll_ctl(load.epoll, change, p->fd, &event))
		die("epoll: %s", strerror(errno));
}

void dial(struct phone *p)
{
	int one = 1;
	p->in_length = p->out_length = 0;
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	p->ssl = SSL_new(load.context);
	if (!p->ssl || SSL_use_certificate(p->ssl, p->certificate) != 1 ||
	    SSL_use_PrivateKey(p->ssl, p->key) != 1 || SSL_set1_host(p->ssl, load.tls_name) != 1)
		die("cannot prepare TLS for %s", p->account.user);
	if (load.operation == RESUMED && p->session)
		SSL_set_session(p->ssl, p->session);
	SSL_set_app_data(p->ssl, p);
	SSL_set_fd(p->ssl, p->fd);
	SSL_set_connect_state(p->ssl);
	p->link = CONNECTING;
	if (connect(p->fd, (struct sockaddr *)&load.server, sizeof load.server) && errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	watch(p, EPOLL_CTL_ADD);
}

int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct phone *p = SSL_get_app_data(ssl);
	SSL_SESSION_free(p->session);
	p->session = session;
	return 1;
}

static void flush(struct phone *p)
{
	while (p->link == OPEN && p->out_length) {
		int n = SSL_write(p->ssl, p->out, (int)p->out_length);
		if (n <= 0) {
			if (SSL_get_error(p->ssl, n) == SSL_ERROR_WANT_WRITE)
				watch(p, EPOLL_CTL_MOD);
			else
				lose(p);
			return;
		}
		p->out_length -= (size_t)n;
		memmove(p->out, p->out + n, p->out_length);
	}
}

__attribute__((format(printf, 2, 3))) static void say(struct phone *p, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	size_t left = ROOM - p->out_length;
	int n = vsnprintf(p->out + p->out_length, left, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= left)
		die("a message of %s is too long", p->account.user);
	p->out_length += (size_t)n;
}

/* ---- writing SIP ------------------------------------------------------------------- */

/* SRTP keyed by SDES (RFC 4568): the key is the RFC's own example and protects nothing. */
static const char offered_key[] =
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

static void body(struct phone *p, const char *key, int length)
{
	char sdp[1024];
	int n = snprintf(sdp, sizeof sdp,
			 "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
			 "m=audio 40000 RTP/SAVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
			 "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n%.*s\r\n",
			 p->address, p->address, length, key);
	say(p, "Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", n, sdp);
}

static void request(struct phone *p, const char *method, const char *more)
{
	int within = !strcmp(method, "BYE") || (!strcmp(method, "ACK") && p->final == 200);
	/* The ACK of a refusal belongs to the INVITE's own transaction (17.1.1.3). */
	const char *transaction = !strcmp(method, "ACK") && !within ? "INVITE" : method;
	say(p,
	    "%s %s SIP/2.0\r\nVia: SIP/2.0/TLS %s:%d;rport;branch=z9hG4bK%s%x.%x.%s\r\n"
	    "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=f%x\r\nTo: %s\r\nCall-ID: %x-%s@bench\r\n"
	    "CSeq: %u %s\r\nContact: <sip:%s@%s:%d;transport=tls>\r\nUser-Agent: ringfence-bench\r\n"
	    "%s%s",
	    method, p->uri, p->address, p->port, within ? "d" : "", p->serial, p->cseq, transaction, p->account.user,
	    load.domain, p->serial, p->to, p->serial, p->account.user, p->cseq, method, p->account.user, p->address, p->port,
	    within ? p->route : "", more);
	if (!strcmp(method, "INVITE"))
		body(p, offered_key, sizeof offered_key - 1);
	else
		say(p, "%sContent-Length: 0\r\n\r\n", strcmp(method, "REGISTER") ? "" : "Expires: 600\r\n");
}

static void start_request(struct phone *p, const char *method)
{
	p->challenged = 0;
	p->cseq++;
	strcpy(p->method, method);
	request(p, method, "");
	flush(p);
}

void begin(struct phone *p)
{
	static unsigned serial;
	p->busy = 1;
	load.running++;
	p->begun = now();
	p->serial = ++serial;
	p->cseq = 0;
	p->final = 0;
	if (is_handshake()) {
		dial(p);
		return;
	}
	if (load.operation == REGISTER) {
		snprintf(p->uri, sizeof p->uri, "sip:%s", load.domain);
		snprintf(p->to, sizeof p->to, "<sip:%s@%s>", p->account.user, load.domain);
		start_request(p, "REGISTER");
		return;
	}
	snprintf(p->uri, sizeof p->uri, "sip:%s@%s", p[1].account.user, load.domain);
	snprintf(p->to, sizeof p->to, "<%s>", p->uri);
	start_request(p, "INVITE");
}

/* ---- what a phone does with a message ---------------------------------------------- */

static void on_response(struct phone *p, const char *message)
{
	char value[512], proof[1024];
	unsigned serial = 0, cseq = 0;
	int status = atoi(message + 8);
	if (!copy_header(message, "Call-ID", value, sizeof value) || sscanf(value, "%x-", &serial) != 1 ||
	    !p->busy || serial != p->serial || !copy_header(message, "CSeq", value, sizeof value) ||
	    sscanf(value, "%u", &cseq) != 1 || cseq != p->cseq || status < 200)
		return;
	if (is_handshake()) {
		/* Setting a resumed run up takes one full handshake of each phone. */
		int as_asked = load.deadline <= 0 || SSL_session_reused(p->ssl) == (load.operation == RESUMED);
		finish(p, status != 401 ? status : as_asked ? 200 : NOT_RESUMED);
		return;
	}
	p->final = status;
	if (!strcmp(p->method, "INVITE")) {
		copy_header(message, "To", p->to, sizeof p->to);
		if (status == 200) {
			route_set(message, p->route, sizeof p->route);
			if (copy_header(message, "Contact", value, sizeof value))
				contact_uri(value, p->uri, sizeof p->uri);
		}
		request(p, "ACK", "");
		flush(p);
		if (status == 200) {
			start_request(p, "BYE");
			return;
		}
		snprintf(p->to, sizeof p->to, "<%s>", p->uri);
	}
	if ((status == 401 || status == 407) && !p->challenged) {
		p->challenged = 1;
		p->cseq++;
		credentials(&p->account, message, status, p->method, p->uri, p->serial, proof, sizeof proof);
		request(p, p->method, proof);
		flush(p);
		return;
	}
	finish(p, status);
}

static void answer(struct phone *p, const char *message, const char *status, int with_body)
{
	static const char *const names[] = {"Via", "Record-Route", "From", "Call-ID", "CSeq"};
	char to[512];
	int length;
	const char *value;
	say(p, "SIP/2.0 %s\r\n", status);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (int nth = 0; (value = header(message, names[i], nth, &length)); nth++)
			say(p, "%s: %.*s\r\n", names[i], length, value);
	if (copy_header(message, "To", to, sizeof to))
		say(p, "To: %s%s\r\n", to, strstr(to, "tag=") ? "" : ";tag=callee");
	say(p, "Contact: <sip:%s@%s:%d;transport=tls>\r\n", p->account.user, p->address, p->port);
	/* Whatever suite the offer holds is taken, with the offer's own key: nobody speaks here. */
	const char *key = with_body ? strstr(message, "a=crypto:") : NULL;
	if (key)
		body(p, key, (int)strcspn(key, "\r\n"));
	else
		say(p, "Content-Length: 0\r\n\r\n");
}

static void on_message(struct phone *p, const char *message)
{
	if (!strncmp(message, "SIP/2.0 ", 8)) {
		on_response(p, message);
		return;
	}
	if (!strncmp(message, "INVITE ", 7)) {
		answer(p, message, "180 Ringing", 0);
		answer(p, message, "200 OK", 1);
	} else if (strncmp(message, "ACK ", 4))
		answer(p, message, "200 OK", 0);
	flush(p);
}

static void take_messages(struct phone *p)
{
	for (;;) {
		size_t blank = 0;
		while (blank < p->in_length && (p->in[blank] == '\r' || p->in[blank] == '\n'))
			blank++; /* keep-alives (RFC 5626) */
		memmove(p->in, p->in + blank, p->in_length -= blank);
		p->in[p->in_length] = 0;
		const char *end = strstr(p->in, "\r\n\r\n");
		int length, content = 0;
		if (!end)
			return;
		const char *value = header(p->in, "Content-Length", 0, &length);
		if (value)
			content = atoi(value);
		size_t whole = (size_t)(end + 4 - p->in) + (size_t)content;
		if (whole >= ROOM)
			die("a message to %s is too long", p->account.user);
		if (p->in_length < whole)
			return;
		char message[ROOM];
		memcpy(message, p->in, whole);
		message[whole] = 0;
		memmove(p->in, p->in + whole, p->in_length -= whole);
		on_message(p, message);
		if (p->link != OPEN)
			return;
	}
}

static void on_open(struct phone *p)
{
	struct sockaddr_in own;
	socklen_t size = sizeof own;
	getsockname(p->fd, (struct sockaddr *)&own, &size);
	inet_ntop(AF_INET, &own.sin_addr, p->address, sizeof p->address);
	p->port = ntohs(own.sin_port);
	p->link = OPEN;
	if (p->busy) {
		snprintf(p->uri, sizeof p->uri, "sip:%s", load.domain);
		snprintf(p->to, sizeof p->to, "<sip:%s@%s>", p->account.user, load.domain);
		start_request(p, "REGISTER");
	}
}

void on_event(struct phone *p, unsigned events)
{
	if (p->link == CLOSED)
		return;
	if (p->link == CONNECTING && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		p->link = SHAKING;
	if (p->link == SHAKING) {
		int n = SSL_do_handshake(p->ssl);
		int why = SSL_get_error(p->ssl, n);
		if (n != 1 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
			lose(p);
			return;
		}
		if (n == 1)
			on_open(p);
		if (p->link != CLOSED)
			watch(p, EPOLL_CTL_MOD);
		return;
	}
	if (p->link == OPEN && p->out_length) {
		flush(p);
		if (p->link == OPEN && !p->out_length)
			watch(p, EPOLL_CTL_MOD);
	}
	while (p->link == OPEN) {
		int n = SSL_read(p->ssl, p->in + p->in_length, (int)(ROOM - 1 - p->in_length));
		if (n <= 0) {
			if (SSL_get_error(p->ssl, n) != SSL_ERROR_WANT_READ)
				lose(p);
			return;
		}
		p->in_length += (size_t)n;
		take_messages(p);
	}
}
