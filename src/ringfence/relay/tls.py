"""TLS as the relay speaks it: 1.2 or later, no resumption, certificates both ways."""

import ssl


def server_context(
    certificate: str, key: str, authority: str, *, certificates: bool
) -> ssl.SSLContext:
    """For those who come: with ``certificates`` each must show one of the authority's.

    There is no resumption: a resumed session would not be verified anew.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL")
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED if certificates else ssl.CERT_NONE
    return context


def client_context(authorities: tuple[str, ...]) -> ssl.SSLContext:
    """For the next server, whose certificate must name it and be of one of the authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for each in authorities:
        context.load_verify_locations(each)
    return context


def why_refused(error: BaseException) -> str:
    """The reason of a failed handshake, as one word for the log."""
    match error:
        case ssl.SSLCertVerificationError():
            return "certificate-not-believed"
        case ssl.SSLError() if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
            return "no-certificate"
        case ssl.SSLError():
            return (error.reason or "handshake").lower().replace("_", "-")
        case TimeoutError():
            return "handshake-timeout"
        case _:
            return "connection-lost"
