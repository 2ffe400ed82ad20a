"""The settings of websms.conf, with their defaults."""

from dataclasses import dataclass, field

from pbx.websms.configuration.values import Network, Pair


@dataclass(frozen=True)
class SendSettings:
    """Sending through an interface; section [websms].

    Attributes:
        url_host: Scheme and host.
        url_path: Path; {auth_user} in it is replaced by auth_user.
        auth_method: none, plain, basic, bearer or zadarma.
        auth_user: User or key.
        auth_secret: Password, token or secret.
        key_user: Field for auth_user, with plain.
        key_secret: Field for auth_secret, with plain.
        key_to: Field with the recipient.
        key_from: Field with the sender.
        key_body: Field with the text.
        resp_check: Field and value that the reply must contain; None: any reply will do.
        resp_again: Field and value of a reply that asks for a retry; None: there is none.
        val_numform: Format of numbers. E164: without +; E123: with +; "": unchanged.
        val_static: Fields and values that are added to each request.
        val_unicode: UCS-2: characters above U+FFFF are replaced. `key=value`: this field is added
            if the text has characters outside the basic alphabet of SMS. "": neither.
        content_type: form or json.
        timeout: Seconds to wait for the reply.
        expire: Seconds to retry.
        profile: Name of a profile; "": none.
    """

    url_host: str = "http://localhost"
    url_path: str = "/"
    auth_method: str = "basic"
    auth_user: str = ""
    auth_secret: str = field(default="", repr=False)
    key_user: str = ""
    key_secret: str = ""
    key_to: str = "To"
    key_from: str = "From"
    key_body: str = "Body"
    resp_check: Pair | None = None
    resp_again: Pair | None = None
    val_numform: str = ""
    val_static: tuple[Pair, ...] = ()
    val_unicode: str = ""
    content_type: str = "form"
    timeout: int = 30
    expire: int = 3600
    profile: str = ""


@dataclass(frozen=True)
class ReceiveSettings:
    """Receiving through an interface; section [websmsd].

    Attributes:
        key_to: Field with the recipient. All fields may be paths into JSON, such as
            `data.payload.to.0.phone_number`.
        key_from: Field with the sender.
        key_body: Field with the text.
        key_echo: Field whose value is sent back; "": there is none.
        key_id: Field with the provider's message ID; "": there is none.
        remt_addr: Clients that may post; empty: all.
        req_check: Field and value of requests that contain messages. Other requests, such as
            delivery receipts, are acknowledged and discarded. None: all contain messages.
        resp_ack: Body of the reply to an accepted message.
        url_path: Paths that are served; empty: all.
        verify: Authentication: none, basic, zadarma, twilio, telnyx, vonage or 46elks.
        verify_user: For basic and 46elks.
        verify_secret: Password, token, secret or public key.
        verify_hash: For vonage: md5hash, or the hash of an HMAC.
        public_url: For twilio: the part before the path of the URL that Twilio posts to.
        profile: Name of a profile; "": none.
    """

    key_to: str = "To"
    key_from: str = "From"
    key_body: str = "Body"
    key_echo: str = ""
    key_id: str = ""
    remt_addr: tuple[Network, ...] = ()
    req_check: Pair | None = None
    resp_ack: str = ""
    url_path: tuple[str, ...] = ()
    verify: str = "none"
    verify_user: str = ""
    verify_secret: str = field(default="", repr=False)
    verify_hash: str = "md5hash"
    public_url: str = ""
    profile: str = ""


@dataclass(frozen=True)
class Interface:
    """An account at a provider.

    Attributes:
        name: The index of its keys; "" if they have none.
        send: None: it does not send.
        receive: None: it does not receive.
    """

    name: str
    send: SendSettings | None
    receive: ReceiveSettings | None


@dataclass(frozen=True)
class ProxySettings:
    """Proxies that are trusted to report the client's address; section [websmsd].

    Attributes:
        prox_addr: The proxies; None: the container's neighbours (neighbours.py).
        prox_header: The header with the client's address, in lower case.
    """

    prox_addr: tuple[Network, ...] | None = None
    prox_header: str = "x-forwarded-for"


@dataclass(frozen=True)
class QueueSettings:
    """Delivery to phones; section [astqueue].

    Attributes:
        outgoingdir: Not used: there are no call files.
        stagingdir: Not used.
        waittime: Seconds to wait for channel_context to answer.
        maxretries: Not used: `expire` limits the attempts.
        retrytime: Seconds between attempts while the registered phones do not change.
        archive: Whether delivered messages are kept as long as their IDs.
        channel_context: Context that answers if a phone is registered.
        context: Context that receives the message.
        priority: Priority in `context`.
        message_encode: rfc3986: the dialplan gets the text percent-encoded.
        expire: Seconds that a message waits for a phone.
    """

    outgoingdir: str = "/var/spool/asterisk/outgoing"
    stagingdir: str = "/var/spool/asterisk/staging"
    waittime: int = 45
    maxretries: int = 0
    retrytime: int = 300
    archive: bool = False
    channel_context: str = "default"
    context: str = "default"
    priority: int = 1
    message_encode: str = "rfc3986"
    expire: int = 7 * 86400


@dataclass(frozen=True)
class SmsSettings:
    """The settings of websms.conf.

    Attributes:
        interfaces: In the order in which the file first names them. A section without an index
            makes one, whose name is "".
        queue: Delivery of incoming messages.
        proxies: Trusted proxies.
    """

    interfaces: tuple[Interface, ...]
    queue: QueueSettings = QueueSettings()
    proxies: ProxySettings = ProxySettings()
