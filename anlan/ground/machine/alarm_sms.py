"""An alarm of the machine as an SMS by a way of its own: the second channel of the watchdog (R14).

It binds anew for every message and shares nothing with the county's gateway: another SMS centre
(another operator's, or a modem's), or, with none named, the county's own, for when it is our rounds
that stand still and not the centre.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from anlan.ground.machine.site import Site

SEND_S_MAX = 8
TO_MAX = 10
TEXT_CHARS_MAX = 67
LOOPBACK = ("127.0.0.1", "localhost", "::1")
UCS2 = 8


@dataclass(frozen=True, slots=True)
class Way:
    """Where the second channel is, who we are there, whom it tells."""

    host: str
    port: int
    system_id: str
    password: str
    source: str
    to: tuple[str, ...]


def way(own: Site) -> Way | None:
    """ANLAN_ALARM_TO=numbers (comma), ANLAN_ALARM_SMPP=host:port, …_ID, …_PASSWORD; None: unset.

    Without ANLAN_ALARM_SMPP it is the county's own centre. A demonstration county sends to this
    machine only.
    """
    to = tuple(n.strip() for n in os.environ.get("ANLAN_ALARM_TO", "").split(",") if n.strip())
    if not to:
        return None
    named = os.environ.get("ANLAN_ALARM_SMPP", "") or os.environ.get("ANLAN_SMPP", "")
    host, _colon, port = named.rpartition(":")
    if own.demo and (host or "127.0.0.1") not in LOOPBACK:
        return None
    return Way(
        host or "127.0.0.1",
        int(port or own.ports["smpp"]),
        os.environ.get("ANLAN_ALARM_SMPP_ID", "") or os.environ.get("ANLAN_SMPP_ID", "anlan"),
        os.environ.get("ANLAN_ALARM_SMPP_PASSWORD", "")
        or os.environ.get("ANLAN_SMPP_PASSWORD", "anlan"),
        os.environ.get("ANLAN_SMPP_SOURCE", "12379"),
        to[:TO_MAX],
    )


def tell(found: Way, text: str) -> str:
    """Send the text to everybody of the way; why that failed, else an empty string."""
    import smpplib.client
    import smpplib.exceptions

    client = smpplib.client.Client(
        found.host, found.port, timeout=SEND_S_MAX, allow_unknown_opt_params=True
    )
    accepted: list[str] = []
    client.set_message_sent_handler(lambda pdu: accepted.append(str(pdu.status)))
    try:
        client.connect()
        client.bind_transmitter(system_id=found.system_id, password=found.password)
        for number in found.to:
            client.send_message(
                source_addr_ton=5, source_addr_npi=0, source_addr=found.source, dest_addr_ton=1,
                dest_addr_npi=1, destination_addr=number, data_coding=UCS2,
                short_message=text[:TEXT_CHARS_MAX].encode("utf-16-be"),
            )  # fmt: skip
            client.read_once(auto_send_enquire_link=False)
        client.unbind()
    except (OSError, smpplib.exceptions.ConnectionError, smpplib.exceptions.PDUError) as error:
        return f"ANLAN_ALARM_SMPP: {error or type(error).__name__}"
    finally:
        client.disconnect()
    return "" if len(accepted) == len(found.to) else "ANLAN_ALARM_SMPP: not accepted"
