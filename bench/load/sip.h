/* The little SIP and digest that a load generator needs: reading headers, proving a password. */
#ifndef SIP_H
#define SIP_H
#include <openssl/evp.h>
#include <stddef.h>

struct account {
	char user[64], password[128];
	char realm[128], ha1[65]; /* kept from the last challenge: the realm does not change */
};

/* End the program with a message. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/* The value of the nth header of that name, or NULL; its length is put in *length. */
const char *header(const char *message, const char *name, int nth, int *length);

/* Copy the first header of that name; 0 when there is none. */
int copy_header(const char *message, const char *name, char *into, size_t size);

/* The URI of a Contact. */
void contact_uri(const char *contact, char *into, size_t size);

/* The Route headers of whoever called: the Record-Route in reverse order (RFC 3261, 12.1.2). */
void route_set(const char *message, char *into, size_t size);

/* The header that answers a 401 or 407 (RFC 3261, 22.4; SHA-256 as in RFC 8760). */
void credentials(struct account *account, const char *message, int status, const char *method,
		 const char *uri, unsigned once, char *into, size_t size);
#endif
