#define _GNU_SOURCE
#include "sip.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void die(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("tlsload: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(2);
}

const char *header(const char *message, const char *name, int nth, int *length)
{
	size_t size = strlen(name);
	for (const char *line = strstr(message, "\r\n"); line && line[2] != '\r';
	     line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, size) || line[2 + size] != ':' || nth--)
			continue;
		const char *value = line + 3 + size;
		value += strspn(value, " \t");
		*length = (int)strcspn(value, "\r");
		return value;
	}
	return NULL;
}

int copy_header(const char *message, const char *name, char *into, size_t size)
{
	int length;
	const char *value = header(message, name, 0, &length);
	if (!value)
		return 0;
	snprintf(into, size, "%.*s", length, value);
	return 1;
}

void contact_uri(const char *contact, char *into, size_t size)
{
	const char *open = strchr(contact, '<');
	const char *uri = open ? open + 1 : contact;
	snprintf(into, size, "%.*s", (int)strcspn(uri, open ? ">" : ";"), uri);
}

void route_set(const char *message, char *into, size_t size)
{
	char one[2048], longer[2048];
	int length;
	const char *value;
	*into = 0;
	for (int nth = 0; (value = header(message, "Record-Route", nth, &length)); nth++) {
		char *rest = one;
		snprintf(one, sizeof one, "%.*s", length, value);
		for (char *uri; (uri = strsep(&rest, ","));) {
			uri += strspn(uri, " ");
			int n = snprintf(longer, sizeof longer, "Route: %s\r\n%s", uri, into);
			if (n >= (int)sizeof longer || (size_t)n >= size)
				die("the route set of a dialog is too long");
			strcpy(into, longer);
		}
	}
}

/* name="value" or name=value within a challenge. */
static int parameter(const char *challenge, const char *name, char *into, size_t size)
{
	size_t length = strlen(name);
	for (const char *at = challenge; (at = strcasestr(at, name)); at += length) {
		if (at[length] != '=' || (at != challenge && !strchr(" ,\t", at[-1])))
			continue;
		at += length + 1;
		int quoted = *at == '"';
		at += quoted;
		snprintf(into, size, "%.*s", (int)strcspn(at, quoted ? "\"" : ", \t\r"), at);
		return 1;
	}
	return 0;
}

__attribute__((format(printf, 3, 4))) static void hash(const EVP_MD *md, char *hex, const char *format, ...)
{
	char text[2048];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (n < 0 || n >= (int)sizeof text || !EVP_Digest(text, (size_t)n, digest, &size, md, NULL))
		die("cannot compute a digest");
	for (unsigned i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
}

void credentials(struct account *account, const char *message, int status, const char *method,
		 const char *uri, unsigned once, char *into, size_t size)
{
	static EVP_MD *md5, *sha256; /* fetched once: each fetch walks OpenSSL's providers */
	const char *name = status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
	char challenge[1024], realm[128] = "", nonce[256] = "", with[16] = "MD5", qop[32] = "";
	char ha2[65], response[65], protection[64] = "";
	if (!md5) {
		md5 = EVP_MD_fetch(NULL, "MD5", NULL);
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	}
	if (!copy_header(message, name, challenge, sizeof challenge))
		die("a %d without %s", status, name);
	parameter(challenge, "realm", realm, sizeof realm);
	parameter(challenge, "nonce", nonce, sizeof nonce);
	parameter(challenge, "algorithm", with, sizeof with);
	const EVP_MD *md = strcasecmp(with, "SHA-256") ? md5 : sha256;
	if (strcmp(account->realm, realm)) {
		strcpy(account->realm, realm);
		hash(md, account->ha1, "%s:%s:%s", account->user, realm, account->password);
	}
	hash(md, ha2, "%s:%s", method, uri);
	if (parameter(challenge, "qop", qop, sizeof qop)) {
		hash(md, response, "%s:%s:00000001:%08x:auth:%s", account->ha1, nonce, once, ha2);
		snprintf(protection, sizeof protection, ", qop=auth, nc=00000001, cnonce=\"%08x\"", once);
	} else
		hash(md, response, "%s:%s:%s", account->ha1, nonce, ha2);
	snprintf(into, size,
		 "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", algorithm=%s, "
		 "response=\"%s\"%s\r\n",
		 status == 401 ? "Authorization" : "Proxy-Authorization", account->user, realm, nonce, uri, with,
		 response, protection);
}
