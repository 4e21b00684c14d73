from ipaddress import IPv4Address

import pytest

from ringfence.probe.sip_server import ServerError, TlsConnection, parse_tls_list

ONE = """{
	id: 4
	timeout: 591
	src_ip: 10.99.0.13
	src_port: 41228
	dst_ip: 10.99.0.10
	dst_port: 5061
	cipher: ECDHE-ECDSA-AES256-GCM-SHA384  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=AESGCM(256) Mac=AEAD
	state: established
}
"""


def test_established_connections_are_read() -> None:
    closing = ONE.replace("id: 4", "id: 5").replace("established", "closed")

    assert list(parse_tls_list(closing + ONE)) == [
        TlsConnection(4, IPv4Address("10.99.0.13"), "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    ]


@pytest.mark.parametrize("missing", ["id: 4", "src_ip: 10.99.0.13", "cipher: ECDHE"])
def test_a_record_that_lacks_something_is_refused(missing: str) -> None:
    with pytest.raises(ServerError):
        list(parse_tls_list(ONE.replace(missing, "other: ")))
