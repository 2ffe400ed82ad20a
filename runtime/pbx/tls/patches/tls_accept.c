/*
 * Restricts the TLS connections that Asterisk accepts, on SIP and on its web server.
 *
 * PJSIP names its ciphers itself (PJ_SSL_SOCK_OSSL_CIPHERS) and allows clients to renegotiate
 * (init_ossl_ctx() in pjlib/src/pj/ssl_sock_ossl.c), so that OpenSSL's configuration is without
 * effect, and a configuration of Asterisk's that names none leaves it at that. So this is a library
 * for LD_PRELOAD that stands between Asterisk and the two functions by which a connection becomes
 * that of a server:
 *
 * - A client cannot renegotiate.
 * - Of the ciphers that the configuration allows for TLS 1.2, only those remain that authenticate
 *   what they encrypt (no CBC), and whose keys the certificate's key does not reveal later (no RSA
 *   key exchange). If none would remain, or if TLS_COMPATIBILITY is `old`, all do.
 * - The server's order of ciphers counts.
 *
 * Connections that Asterisk makes are left alone, and so are other programs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIST_SIZE 4096

/* Programs that Asterisk starts inherit this library, and need not know OpenSSL. */
#pragma weak SSL_CIPHER_get_kx_nid
#pragma weak SSL_CIPHER_get_name
#pragma weak SSL_CIPHER_get_version
#pragma weak SSL_CIPHER_is_aead
#pragma weak SSL_clear_options
#pragma weak SSL_get_ciphers
#pragma weak SSL_in_before
#pragma weak SSL_set_cipher_list
#pragma weak SSL_set_options
#pragma weak OPENSSL_sk_num
#pragma weak OPENSSL_sk_value

static int is_strong(const SSL_CIPHER *cipher)
{
	/* Those of TLS 1.3 are all strong, and stand in a list of their own. */
	return strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") && SSL_CIPHER_is_aead(cipher)
		&& SSL_CIPHER_get_kx_nid(cipher) != NID_kx_rsa;
}

static void restrict_connection(SSL *ssl)
{
	const char *compatibility = getenv("TLS_COMPATIBILITY");
	STACK_OF(SSL_CIPHER) *allowed = SSL_get_ciphers(ssl);
	char list[LIST_SIZE] = "";
	size_t length = 0;
	int i;

	SSL_clear_options(ssl, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (compatibility && !strcasecmp(compatibility, "old")) {
		return;
	}
	for (i = 0; i < sk_SSL_CIPHER_num(allowed); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(allowed, i);
		const char *name = SSL_CIPHER_get_name(cipher);

		if (is_strong(cipher) && length + strlen(name) + 2 <= sizeof(list)) {
			length += strlen(strcat(strcpy(list + length, name), ":"));
		}
	}
	if (length) {
		list[length - 1] = '\0';
		SSL_set_cipher_list(ssl, list);
	}
}

/* PJSIP: a new connection becomes that of a server. */
void SSL_set_accept_state(SSL *ssl)
{
	void (*original)(SSL *) = dlsym(RTLD_NEXT, "SSL_set_accept_state");

	restrict_connection(ssl);
	original(ssl);
}

/* Asterisk's web server: the handshake of a new connection. */
int SSL_accept(SSL *ssl)
{
	int (*original)(SSL *) = dlsym(RTLD_NEXT, "SSL_accept");

	if (SSL_in_before(ssl)) {
		restrict_connection(ssl);
	}
	return original(ssl);
}
