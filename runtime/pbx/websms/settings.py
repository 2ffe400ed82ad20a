"""What websms.conf can say, and what is meant if it says nothing; settings_reader reads it."""

from dataclasses import dataclass, field

from pbx.websms.values import Network, Pair


@dataclass(frozen=True)
class SendSettings:
    """How an interface sends; section [websms].

    Attributes:
        url_host: Scheme and host.
        url_path: What follows it; {auth_user} in it stands for that.
        auth_method: none, plain, basic, bearer or zadarma.
        auth_user: Or key.
        auth_secret: Or password, or token.
        key_user: Field with auth_user, of plain.
        key_secret: Field with auth_secret, of plain.
        key_to: Field with the recipient.
        key_from: Field with the sender.
        key_body: Field with the text.
        resp_check: Field and value that the reply must have; None: any will do.
        resp_again: Field and value of a reply after which one may try again; None: there is none.
        val_numform: E164: numbers without the leading +; E123: with it; "": as they are.
        val_static: Fields and values of every request.
        val_unicode: UCS-2: characters above U+FFFF are replaced; `key=value`: a field for texts
            that have characters beyond the phones' basic set; "": neither.
        content_type: form or json.
        timeout: Seconds for the reply.
        expire: Seconds after which a text that could not be sent is given up.
        profile: Of the provider; "": none.
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
    """How an interface receives; section [websmsd].

    Attributes:
        key_to: Field with the recipient. Like those that follow it may be a path into JSON, such
            as `data.payload.to.0.phone_number`.
        key_from: Field with the sender.
        key_body: Field with the text.
        key_echo: A request with this field gets its value back; "": none does.
        key_id: Field with the provider's number of the message; "": there is none.
        remt_addr: Who may post; empty: anybody.
        req_check: Field and value of requests that bring messages. Others, such as reports of
            what became of sent ones, are taken and forgotten. None: all bring messages.
        resp_ack: Text of the reply to a message that was taken.
        url_path: Paths that are served; empty: all.
        verify: How requests are signed: none, basic, zadarma, twilio, telnyx, vonage, 46elks.
        verify_user: Of basic and 46elks.
        verify_secret: Password, token, secret or public key.
        verify_hash: Of vonage: md5hash, or a HMAC's.
        public_url: What is before the path in the address that the provider posts to, of twilio.
        profile: Of the provider; "": none.
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
    """A connection to a provider.

    Attributes:
        name: The index that its keys have; "" if they have none.
        send: How it sends; None if it does not.
        receive: How it receives; None if it does not.
    """

    name: str
    send: SendSettings | None
    receive: ReceiveSettings | None


@dataclass(frozen=True)
class ProxySettings:
    """Whose word is taken for where a request comes from.

    Attributes:
        prox_addr: The proxies; None: the container's neighbours (neighbours.py).
        prox_header: The header that names the address, in small letters.
    """

    prox_addr: tuple[Network, ...] | None = None
    prox_header: str = "x-forwarded-for"


@dataclass(frozen=True)
class QueueSettings:
    """How messages get to phones; section [astqueue].

    Attributes:
        outgoingdir: Not used: there are no call files.
        stagingdir: Not used, either.
        waittime: Seconds that a phone may take to answer whether it is there.
        maxretries: Not used: `expire` says when to give up.
        retrytime: Seconds between attempts, if nothing has changed meanwhile.
        archive: Whether texts are kept once they are delivered, as long as their ids.
        channel_context: Where the dialplan answers if a phone is there.
        context: Where it takes the message.
        priority: At which priority.
        message_encode: rfc3986: the dialplan finds the text percent-encoded.
        expire: Seconds after which a message is given up.
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
class Settings:
    """All that websms.conf says.

    Attributes:
        interfaces: In the order in which the file first names them. A section without an index
            makes one, whose name is "".
        queue: For messages that came in.
        proxies: Whom to believe.
    """

    interfaces: tuple[Interface, ...]
    queue: QueueSettings = QueueSettings()
    proxies: ProxySettings = ProxySettings()
